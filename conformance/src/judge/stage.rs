//! Hand-built observations for the tests of the judge.
//!
//! A [`Stage`] plays the script of a small case honestly: every step succeeds, every `get` gives its canary back, every
//! condition is proved, every observer is complete. A test then says what was different.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcome, judge};
use crate::{
    case::{CanaryRole, Case, Platform, Step, load},
    observation::{
        BusCall, Encoding, EntryKind, Evidence, EvidenceId, Fact, Grant, Instant, IssuedBy, KeyringItem,
        Observation, ObservationVersion, Observer, ObserverState, ReplyFact, Role, SessionEnd, SessionIndex,
        SightingPlace, Snapshot, SystemCall, SystemCallKind, TokenRequest, TreeEntry, ValueFact, WorldFacts,
    },
    protocol::{
        DeclaredItem, ErrorCategory, Fallback, Level, Limits, Location, LocationRole, NativeError,
        OnProtectorRefusal, Phase, Protector, ReplyError, RequestKind, SelfReport, Statement,
    },
};

/// A case and what differs from an honest run of it.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) case: Case,
    statement: Option<Statement>,
    answers: BTreeMap<(usize, usize), Option<ReplyFact>>,
    late: BTreeSet<(usize, usize)>,
    facts: BTreeMap<usize, Vec<Fact>>,
    trees: BTreeMap<usize, Vec<TreeEntry>>,
    ends: BTreeMap<usize, SessionEnd>,
    observers: BTreeMap<Observer, ObserverState>,
    proves: bool,
}

impl Stage {
    /// A store-level implementation that puts in one session and gets in the next; `world` is TOML of the case's head.
    pub(super) fn new(world: &str, check: &str) -> Self {
        Self::with_sessions(world, SESSIONS, check)
    }

    /// The same with other sessions. The twin's round trip is the step `read`.
    pub(super) fn with_sessions(world: &str, sessions: &str, check: &str) -> Self {
        let check = if check.contains("judge") { check.to_owned() } else { format!("judge = {{ {check} }}") };
        let text = format!("{HEAD}\n{world}\n{sessions}\n{CHECK}\n{check}\n");
        let case = load("fallback/example.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        Self {
            case,
            statement: Some(statement()),
            answers: BTreeMap::new(),
            late: BTreeSet::new(),
            facts: BTreeMap::new(),
            trees: BTreeMap::new(),
            ends: BTreeMap::new(),
            observers: BTreeMap::new(),
            proves: true,
        }
    }

    /// Answers a labelled step otherwise.
    pub(super) fn answer(mut self, label: &str, reply: ReplyFact) -> Self {
        let at = self.find(label);
        self.answers.insert(at, Some(reply));
        self
    }

    /// Answers the `open` of a session otherwise; the steps after it are not asked.
    pub(super) fn open(mut self, session: usize, reply: ReplyFact) -> Self {
        self.answers.insert((session, 0), Some(reply));
        for step in 1..self.case.script.sessions[session].steps.len() {
            self.answers.insert((session, step), None);
        }
        self
    }

    /// Leaves a labelled step and those after it in its session without an answer.
    pub(super) fn silent(mut self, label: &str) -> Self {
        let (session, first) = self.find(label);
        for step in first..self.case.script.sessions[session].steps.len() {
            self.answers.insert((session, step), None);
        }
        self
    }

    /// Lets a labelled step miss its deadline.
    pub(super) fn late(mut self, label: &str) -> Self {
        self = self.silent(label);
        self.late.insert(self.find(label));
        self
    }

    /// Records a fact during a session, before its answers.
    pub(super) fn fact(mut self, session: usize, fact: Fact) -> Self {
        self.facts.entry(session).or_default().push(fact);
        self
    }

    /// Sees a canary during a session.
    pub(super) fn seen(self, session: usize, role: &str, place: SightingPlace) -> Self {
        self.fact(session, Fact::CanarySeen { role: canary(role), encoding: Encoding::Raw, place })
    }

    /// Leaves these entries behind after a session, and for those that follow.
    pub(super) fn tree(mut self, session: usize, entries: Vec<TreeEntry>) -> Self {
        self.trees.insert(session, entries);
        self
    }

    /// Ends a session otherwise.
    pub(super) fn end(mut self, session: usize, end: SessionEnd) -> Self {
        self.ends.insert(session, end);
        self
    }

    /// Takes an observer away.
    pub(super) fn without(mut self, observer: Observer) -> Self {
        let reason = "it is switched off".into();
        self.observers.insert(observer, ObserverState::Unavailable { reason });
        self
    }

    /// Lets an observer lose something.
    pub(super) fn losing(mut self, observer: Observer) -> Self {
        self.observers.insert(observer, ObserverState::Lost { reason: "its buffer was full".into() });
        self
    }

    /// Proves no condition.
    pub(super) fn unproved(mut self) -> Self {
        self.proves = false;
        self
    }

    /// Changes what the implementation declares.
    pub(super) fn declaring(mut self, change: impl FnOnce(&mut Statement)) -> Self {
        if let Some(statement) = &mut self.statement {
            change(statement);
        }
        self
    }

    /// Asks a credential for tokens instead of handing over values.
    pub(super) fn credential(self) -> Self {
        self.declaring(|statement| statement.level = Level::Credential)
    }

    /// Never gets as far as a statement.
    pub(super) fn undeclared(mut self) -> Self {
        self.statement = None;
        self
    }

    /// What comes of the check, with an honest twin.
    pub(super) fn judge(&self) -> Outcome {
        self.judge_beside(&self.honest())
    }

    /// What comes of the check beside a twin.
    pub(super) fn judge_beside(&self, twin: &Self) -> Outcome {
        let (run, twin) = (self.observe(Role::Case), twin.observe(Role::Twin));
        judge(&self.case, &self.case.checks[0], &run, &twin)
    }

    /// The same case, played honestly.
    pub(super) fn honest(&self) -> Self {
        Self {
            answers: BTreeMap::new(),
            late: BTreeSet::new(),
            facts: BTreeMap::new(),
            trees: BTreeMap::new(),
            ends: BTreeMap::new(),
            observers: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The observation.
    pub(super) fn observe(&self, role: Role) -> Observation {
        let mut record = Record::default();
        let mut observers = BTreeMap::new();
        for observer in Observer::ALL {
            let place = SightingPlace::StandardOutput { offset: 0 };
            let liveness = record.push(None, Fact::LivenessSeen { observer, place });
            observers.insert(observer, ObserverState::Complete { liveness });
        }
        observers.extend(self.observers.clone());
        let mut left = Vec::new();
        for (number, session) in self.case.script.sessions.iter().enumerate() {
            let index = SessionIndex(number);
            if self.proves {
                let condition = self.case.condition(session);
                record.push(None, Fact::ConditionProved { session: index, condition, detail: "x".into() });
            }
            for _plant in self.case.plants.iter().filter(|plant| plant.before_session == number) {
                let (path, what) = ("/w/home/.store/x".into(), "a file".into());
                record.push(None, Fact::Planted { session: index, path, what });
            }
            let faults = self.case.faults.iter().enumerate();
            for (fault, _) in faults.filter(|(_, fault)| self.proves && fault.during_session == number) {
                record.push(Some(index), Fact::FaultHit { fault, detail: "x".into() });
            }
            let meetings = self.case.rendezvous.iter().enumerate();
            for (rendezvous, _) in meetings.filter(|(_, met)| self.proves && met.hold.session == number) {
                record.push(Some(index), Fact::RendezvousMet { rendezvous, held_ms: 1 });
            }
            record.push(None, Fact::Tree { snapshot: Snapshot::Before(index), entries: left.clone() });
            self.play(&mut record, number, &session.steps);
            left = self.trees.get(&number).cloned().unwrap_or(left);
            record.push(None, Fact::Tree { snapshot: Snapshot::After(index), entries: left.clone() });
            let how = self.ends.get(&number).cloned().unwrap_or(SessionEnd::Exited { code: 0 });
            record.push(Some(index), Fact::SessionEnded { how, effective_capabilities: None });
        }
        Observation {
            format: ObservationVersion::CURRENT,
            case: self.case.id.clone(),
            rev: self.case.rev,
            role,
            world: WorldFacts {
                platform: Platform::Linux,
                emulator: None,
                provider: "scripted".into(),
                broker: "busd".into(),
                uid: Some(1000),
                umask: Some(0o022),
                home: "/w/home".into(),
                root: "/w".into(),
            },
            implementation: None,
            adapter: None,
            statement: self.statement.clone(),
            observers,
            evidence: record.0,
        }
    }

    fn play(&self, record: &mut Record, number: usize, steps: &[Step]) {
        let session = Some(SessionIndex(number));
        for (step, asked) in steps.iter().enumerate() {
            let answer = self.answers.get(&(number, step));
            let by_authority = self.is_credential() && matches!(answer, Some(Some(ReplyFact::Error(_))));
            if let Step::Put { canary, .. } = asked
                && answer != Some(&None)
                && !by_authority
            {
                record.push(session, Fact::CanaryIssued { role: canary.clone(), by: IssuedBy::Put });
            }
            // After what is asked of the first step, so that an open comes before what happens.
            if step == 1 {
                for fact in self.facts.get(&number).into_iter().flatten() {
                    record.push(session, fact.clone());
                }
            }
            let label = asked.label().cloned();
            if self.late.contains(&(number, step)) {
                record.push(session, Fact::DeadlinePassed { step: Some(step), label, waited_ms: 5_000 });
                continue;
            }
            let reply = match answer {
                Some(None) => continue,
                Some(Some(reply)) => reply.clone(),
                None => honest_reply(asked),
            };
            let (step, request) = (Some(step), kind(asked));
            record.push(session, Fact::Replied { step, label, request, reply, elapsed_ms: 10 });
        }
    }

    fn is_credential(&self) -> bool {
        self.statement.as_ref().is_some_and(|statement| statement.level == Level::Credential)
    }

    fn find(&self, label: &str) -> (usize, usize) {
        let label = crate::case::StepLabel(label.into());
        let (session, step, _) = self.case.script.find(&label).expect("the test names a step of its case");
        (session, step)
    }
}

#[derive(Default)]
struct Record(Vec<Evidence>);

impl Record {
    fn push(&mut self, session: Option<SessionIndex>, fact: Fact) -> EvidenceId {
        let number = u32::try_from(self.0.len()).expect("tests are small");
        let (id, at) = (EvidenceId(number), Instant(u64::from(number) * 1_000));
        self.0.push(Evidence { id, at, session, observer: Observer::Harness, fact });
        id
    }
}

pub(super) fn canary(role: &str) -> CanaryRole {
    CanaryRole(role.into())
}

pub(super) fn ok() -> ReplyFact {
    ReplyFact::Ok { value: None, self_report: None }
}

pub(super) fn says_encrypted() -> ReplyFact {
    let report = SelfReport { encrypted: Some(true), location: None };
    ReplyFact::Ok { value: None, self_report: Some(report) }
}

pub(super) fn nothing() -> ReplyFact {
    ReplyFact::Ok { value: Some(ValueFact::Null), self_report: None }
}

pub(super) fn value(role: &str) -> ReplyFact {
    let value = ValueFact::Some { bytes: 42, canaries: vec![canary(role)], exactly: Some(canary(role)) };
    ReplyFact::Ok { value: Some(value), self_report: None }
}

pub(super) fn decoy() -> ReplyFact {
    let value = ValueFact::Some { bytes: 42, canaries: Vec::new(), exactly: None };
    ReplyFact::Ok { value: Some(value), self_report: None }
}

pub(super) fn error(category: ErrorCategory) -> ReplyFact {
    let native =
        NativeError { type_name: "StorageError".into(), code: None, message: "x".into(), chain: Vec::new() };
    ReplyFact::Error(ReplyError { category, phase: Phase::Save, native })
}

pub(super) fn file(session: usize, path: &str) -> SightingPlace {
    SightingPlace::File { snapshot: Snapshot::After(SessionIndex(session)), path: path.into(), offset: 7 }
}

pub(super) fn written(path: &str, mode: u32) -> SightingPlace {
    SightingPlace::Write { path: path.into(), pid: 7, mode }
}

pub(super) fn secret_of(session: usize, item: &str) -> SightingPlace {
    SightingPlace::KeyringSecret { snapshot: Snapshot::After(SessionIndex(session)), item: item.into() }
}

pub(super) fn entry(path: &str, kind: EntryKind, mode: u32) -> TreeEntry {
    TreeEntry {
        path: path.into(),
        kind,
        mode: Some(mode),
        uid: Some(1000),
        gid: Some(1000),
        size: 3,
        links: 1,
        inode: 9,
        modified: 0,
        sha256: None,
        target: None,
        attributes: BTreeMap::new(),
    }
}

pub(super) fn call(kind: SystemCallKind, path: &str) -> SystemCall {
    SystemCall {
        call: kind,
        pid: 7,
        path: Some(path.into()),
        second_path: None,
        mode: None,
        flags: None,
        address: None,
        refused: None,
    }
}

pub(super) fn asks_secrets() -> Fact {
    Fact::BusCall(BusCall {
        connection: 1,
        destination: "org.freedesktop.secrets".into(),
        path: "/org/freedesktop/secrets".into(),
        interface: "org.freedesktop.Secret.Service".into(),
        member: "OpenSession".into(),
        names_secrets: false,
        answer: "org.freedesktop.DBus.Error.ServiceUnknown".into(),
    })
}

/// The question to the bus who owns the name of the Secret Service, or another name.
pub(super) fn asks_owner(names_secrets: bool) -> Fact {
    Fact::BusCall(BusCall {
        connection: 1,
        destination: "org.freedesktop.DBus".into(),
        path: "/org/freedesktop/DBus".into(),
        interface: "org.freedesktop.DBus".into(),
        member: "GetNameOwner".into(),
        names_secrets,
        answer: "org.freedesktop.DBus.Error.NameHasNoOwner".into(),
    })
}

pub(super) fn token_request(role: &str) -> Fact {
    let scope = format!("https://{}.sealcheck.test/.default", canary(role).alias());
    Fact::TokenRequest(TokenRequest { grant: Grant::ClientCredentials, scope, issued: None, refused: None })
}

pub(super) fn keyring(session: usize, item: &str, attributes: &[(&str, &str)]) -> Fact {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let item = KeyringItem {
        collection: "/collection/login".into(),
        path: item.into(),
        label: "label".into(),
        attributes,
        content_type: "text/plain".into(),
        bytes: 42,
    };
    Fact::Keyring { snapshot: Snapshot::After(SessionIndex(session)), items: vec![item] }
}

fn honest_reply(step: &Step) -> ReplyFact {
    match step {
        Step::Get { canary, .. } => value(&canary.0),
        Step::Open { .. }
        | Step::Put { .. }
        | Step::Remove { .. }
        | Step::Render { .. }
        | Step::Close { .. } => ok(),
    }
}

fn kind(step: &Step) -> RequestKind {
    match step {
        Step::Open { .. } => RequestKind::Open,
        Step::Put { .. } => RequestKind::Put,
        Step::Get { .. } => RequestKind::Get,
        Step::Remove { .. } => RequestKind::Remove,
        Step::Render { .. } => RequestKind::Render,
        Step::Close { .. } => RequestKind::Close,
    }
}

fn statement() -> Statement {
    let location = |role, path: &str| Location { role, path: path.into() };
    Statement {
        level: Level::Store,
        credentials: Vec::new(),
        protectors: BTreeMap::from([(Platform::Linux, vec![Protector::SecretService])]),
        default_name: "msal.cache".into(),
        partitions: BTreeMap::from([
            (crate::case::Partition::Nocae, ".nocae".into()),
            (crate::case::Partition::Cae, ".cae".into()),
        ]),
        fallback: Fallback::OptIn,
        on_locked: OnProtectorRefusal::Refuse,
        on_dismissed: OnProtectorRefusal::Refuse,
        locations: vec![
            location(LocationRole::Directory, "{home}/.store"),
            location(LocationRole::Plaintext, "{home}/.store/{name}{suffix}"),
            location(LocationRole::Lock, "{home}/.store/{name}{suffix}.lockfile"),
        ],
        item: Some(DeclaredItem {
            attributes: BTreeMap::from([("schema".into(), "{name}{suffix}".into())]),
            label: "label".into(),
        }),
        limits: Limits::default(),
        error_map: Vec::new(),
    }
}

const HEAD: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["CLO-01"]
cwe = [636]
severity = "high"
twin = { round_trip = "read" }
"#;

const SESSIONS: &str = r#"
[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "put", label = "write", store = "cache", canary = "token" },
]
[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]
"#;

const CHECK: &str = r#"
[[check]]
id = "check"
sentence = "x"
requirement = { level = "must", sentences = ["S5"] }
"#;

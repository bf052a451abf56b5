//! The sessions of an examination, in order, and what they have in common.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Checkup, Finding, Point,
    interview::{Came, Exchange, Interview, Question},
};
use crate::{
    adapter::AdapterCommand,
    canary::{CanarySet, Scanner},
    case::{CanaryRole, Condition, Interaction, Partition},
    observation::{SessionEnd, SessionIndex},
    protocol::{
        Base64Bytes, Get, Hello, HelloReply, Level, LogLevel, Open, OpenOptions, ProtocolVersion, Put, Reply,
        ReplyBody, ReplyError, Request, Statement, StoreHandle,
    },
    run::{Closed, RunOptions, Stage, StageError},
    supervisor::Kill,
    world::authority,
};

/// Examines the adapter of the options in a world of its own.
///
/// # Errors
///
/// [`StageError`] where the harness cannot set up the world; whatever the adapter does is a finding instead.
pub fn examine(options: &Arc<RunOptions>) -> Result<Checkup, StageError> {
    let seed = options.seed.world(&["examination"]);
    let stage = Stage::build(options.clone(), &seed, ROLES.map(role), 0o022)?;
    let mut examination = Examination {
        adapter: options.adapter.clone(),
        scanner: stage.canaries().scanner(),
        stage,
        sessions: 0,
        hello: None,
        errors: Vec::new(),
        loud: None,
        first_open: None,
        opens: false,
        findings: BTreeMap::new(),
        cannot_run_here: false,
    };
    examination.greet()?;
    // The sessions so far had nothing for the library.
    examination.first_open = Some(SessionIndex(examination.sessions));
    if !examination.cannot_run_here && examination.hello.is_some() {
        examination.carry_values()?;
        // Now that there are secrets, what is said in answer could hold one.
        examination.speak_oddly()?;
        examination.look_around();
    }
    Ok(examination.conclude())
}

/// An examination that goes on.
pub(super) struct Examination {
    pub(super) adapter: AdapterCommand,
    pub(super) scanner: Scanner,
    pub(super) stage: Stage,
    sessions: usize,
    /// The first answer to `hello`.
    pub(super) hello: Option<HelloReply>,
    /// Every error that the library returned.
    pub(super) errors: Vec<(String, ReplyError)>,
    /// The session whose library logs all that it can: what it prints is not the adapter's affair.
    pub(super) loud: Option<SessionIndex>,
    /// The first session in which a store was opened, so that the library may have done what was seen.
    pub(super) first_open: Option<SessionIndex>,
    /// Whether a store was opened at all.
    pub(super) opens: bool,
    findings: BTreeMap<Point, Finding>,
    pub(super) cannot_run_here: bool,
}

/// How a session is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Farewell {
    /// By `bye`.
    Bye,
    /// By the end of its input.
    EndOfInput,
    /// By SIGKILL, as cases do.
    Kill,
    /// By SIGKILL, because nothing more can be expected of it.
    Abandon,
}

impl Examination {
    /// Starts a session in a condition; nothing is said yet.
    pub(super) fn begin(&mut self, condition: Condition) -> Result<Interview, StageError> {
        let session = SessionIndex(self.sessions);
        self.sessions += 1;
        let live = self.stage.start(&self.adapter, condition, session)?;
        Ok(Interview::new(live, &self.adapter, self.stage.log(), self.scanner.clone()))
    }

    /// Starts a session in a condition and says `hello` as the harness does; `None` if that is not answered well.
    pub(super) fn greeted(
        &mut self,
        condition: Condition,
        log: LogLevel,
    ) -> Result<Option<Interview>, StageError> {
        let mut interview = self.begin(condition)?;
        let exchange = interview.ask(hello(vec![ProtocolVersion::CURRENT], log));
        let Came::Reply(Reply::Ok(ReplyBody::Hello(reply))) = &exchange.came else {
            self.break_by(Point::Greeting, &exchange);
            self.finish(interview, Farewell::Abandon);
            return Ok(None);
        };
        if self.statement().is_some_and(|declared| *declared != reply.statement) {
            let sent = format!("{} in {condition}", exchange.sent);
            self.break_with(
                Point::SameStatement,
                sent,
                "a statement that is not the one of the first session",
            );
        }
        Ok(Some(interview))
    }

    /// Ends a session. What comes after its last reply, and what runs on, is found here.
    pub(super) fn finish(&mut self, mut interview: Interview, farewell: Farewell) -> Closed {
        if farewell == Farewell::Bye {
            let exchange = interview.ask(Question::plain(&Request::Bye));
            match &exchange.came {
                Came::Reply(Reply::Ok(_)) => {}
                Came::Extra(_) => self.break_by(Point::OneReply, &exchange),
                Came::Reply(_) | Came::Misshapen(_) | Came::OtherSequence(_) | Came::Lost(_) => {
                    self.break_by(Point::Bye, &exchange);
                }
            }
        }
        let is_lost = interview.is_lost;
        let mut live = interview.live;
        let session = live.session;
        match farewell {
            Farewell::Bye | Farewell::EndOfInput => live.driver.close_input(),
            Farewell::Kill => live.process.kill(Kill::Script),
            Farewell::Abandon => live.process.kill(Kill::Harness { reason: "it was given up".into() }),
        }
        let closed = live.end(Instant::now() + FAREWELL);
        self.stage.note(session, &closed);
        // What follows the loss of a session is its consequence.
        if let Some(violation) = closed.violation.as_ref().filter(|_| !is_lost) {
            let came = self.scanner.redact(&violation.to_string());
            self.break_with(Point::OneReply, format!("nothing more in {session}"), came);
        }
        if matches!(closed.end, SessionEnd::Exited { .. }) && !closed.left_running.is_empty() {
            let left = self.scanner.redact(&closed.left_running.join(", "));
            self.break_with(
                Point::Leftovers,
                format!("the end of {session}"),
                format!("its first process exited, and this still ran: {left}"),
            );
        }
        closed
    }

    /// Notes that a point is kept, unless it is known to be broken.
    pub(super) fn keep(&mut self, point: Point) {
        let finding = self.findings.entry(point).or_insert(Finding::Kept);
        if matches!(finding, Finding::Unchecked { .. }) {
            *finding = Finding::Kept;
        }
    }

    /// Notes that a point is kept, unless something is known about it.
    pub(super) fn keep_unless_open(&mut self, point: Point) {
        self.findings.entry(point).or_insert(Finding::Kept);
    }

    /// Notes that a point is broken; the first time is kept.
    pub(super) fn break_with(&mut self, point: Point, sent: impl Into<String>, came: impl Into<String>) {
        let finding = self.findings.entry(point).or_insert(Finding::Kept);
        if !matches!(finding, Finding::Broken { .. }) {
            *finding = Finding::Broken { sent: sent.into(), came: came.into() };
        }
    }

    /// Notes that a point is broken by what came of a request, or which point that breaks instead.
    pub(super) fn break_by(&mut self, point: Point, exchange: &Exchange) {
        let came = exchange.came(&self.scanner);
        let broken = match &exchange.came {
            Came::Extra(_) => Point::OneReply,
            Came::OtherSequence(_) => Point::Sequence,
            Came::Reply(_) | Came::Misshapen(_) | Came::Lost(_) => point,
        };
        self.break_with(broken, exchange.sent.clone(), came);
        if broken != point {
            self.skip(point, format!("point {} is broken", broken.number()));
        }
    }

    /// Notes that a point could not be looked at, unless it was.
    pub(super) fn skip(&mut self, point: Point, reason: impl Into<String>) {
        self.findings.entry(point).or_insert_with(|| Finding::Unchecked { reason: reason.into() });
    }

    /// Notes that a point needs an open store, and that there was none.
    pub(super) fn skip_without_store(&mut self, point: Point) {
        self.skip(point, format!("no store could be opened; see point {}", Point::Works.number()));
    }

    /// Keeps the library's error, whose category is looked at in the end.
    pub(super) fn note_error(&mut self, exchange: &Exchange) {
        if let Came::Reply(Reply::Error(error)) = &exchange.came {
            self.errors.push((exchange.sent.clone(), error.clone()));
        }
    }

    /// What the adapter declared first.
    pub(super) fn statement(&self) -> Option<&Statement> {
        self.hello.as_ref().map(|hello| &hello.statement)
    }

    pub(super) fn level(&self) -> Level {
        self.statement().map_or(Level::Store, |statement| statement.level)
    }

    pub(super) fn canaries(&self) -> &CanarySet {
        self.stage.canaries()
    }

    /// The partition that every script uses, or the only one that there is.
    pub(super) fn partition(&self) -> Partition {
        let partitions = self.statement().map(|statement| &statement.partitions);
        let first = partitions.and_then(|partitions| partitions.keys().next());
        first.copied().unwrap_or_default()
    }

    /// An `open`.
    pub(super) fn open(&self, store: &str, name: Option<&str>) -> Question {
        let authority = match self.level() {
            Level::Store => None,
            Level::Credential => Some(self.stage.authority().parameters()),
        };
        Question::plain(&Request::Open(Open {
            store: StoreHandle(store.to_owned()),
            options: Some(OpenOptions { name: name.map(str::to_owned), allow_unencrypted_storage: None }),
            interaction: Interaction::Never,
            credential: None,
            authority,
            state: None,
            deadline_ms: u64::try_from(self.adapter.operation.as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// A `put` of a secret, which at credential level the authority issues.
    pub(super) fn put(&self, store: &str, secret: &str, value: Vec<u8>) -> Question {
        let (scope, value) = match self.level() {
            Level::Store => (None, Some(Base64Bytes(value))),
            Level::Credential => {
                self.stage.authority().arm(&role(secret));
                (Some(authority::scope_of(&role(secret))), None)
            }
        };
        let (store, partition) = (StoreHandle(store.to_owned()), self.partition());
        Question::plain(&Request::Put(Put { store, partition, scope, value }))
    }

    /// A `get` of a secret, which at credential level only the cache has.
    pub(super) fn get(&self, store: &str, secret: &str) -> Question {
        self.stage.authority().withhold();
        let scope = match self.level() {
            Level::Store => None,
            Level::Credential => Some(authority::scope_of(&role(secret))),
        };
        let (store, partition) = (StoreHandle(store.to_owned()), self.partition());
        Question::plain(&Request::Get(Get { store, partition, scope }))
    }

    fn conclude(self) -> Checkup {
        let mut findings = self.findings;
        let unchecked = |point: Point| {
            let reason = match findings.get(&Point::Greeting) {
                Some(Finding::Broken { .. }) => format!("point {} is broken", Point::Greeting.number()),
                _ if self.cannot_run_here => "the adapter cannot run here".into(),
                _ => "nothing came that would show it".into(),
            };
            (point, Finding::Unchecked { reason })
        };
        let missing: Vec<_> =
            Point::ALL.into_iter().filter(|point| !findings.contains_key(point)).map(unchecked).collect();
        findings.extend(missing);
        Checkup {
            adapter: self.adapter.name,
            implementation: self.hello.map(|hello| hello.implementation),
            findings: findings.into_iter().collect(),
            cannot_run_here: self.cannot_run_here,
        }
    }
}

/// A `hello` that offers versions.
pub(super) fn hello(protocol: Vec<ProtocolVersion>, log: LogLevel) -> Question {
    let harness = concat!("sealcheck ", env!("CARGO_PKG_VERSION")).to_owned();
    Question::plain(&Request::Hello(Hello { protocol, harness, log }))
}

pub(super) fn role(name: &str) -> CanaryRole {
    CanaryRole(name.to_owned())
}

/// The secrets of an examination.
pub(super) const FIRST: &str = "first";
pub(super) const SECOND: &str = "second";
pub(super) const NEVER: &str = "never";
const ROLES: [&str; 3] = [FIRST, SECOND, NEVER];

/// How long a session has to exit: what `bye` allows.
const FAREWELL: Duration = Duration::from_secs(5);

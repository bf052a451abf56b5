//! One session's conversation: steps become requests, replies become facts.
//!
//! Two fifths of the file are its tests; a conversation is one sequence, whose steps share its state.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, Instant},
};

use super::{
    kept::KeptStates,
    meeting::{Meetings, Reached},
};
use crate::{
    adapter::{Driver, DriverError},
    canary::{CanarySet, cache_document},
    case::{CanaryRole, End, Options, Step, StepLabel},
    observation::{EvidenceLog, Fact, IssuedBy, Observer, SessionIndex},
    observe::{Lost, reply},
    protocol::{
        Authority, Base64Bytes, Get, Hello, HelloReply, Level, LogLevel, Open, OpenOptions, ProtocolVersion,
        Put, Remove, Render, Reply, ReplyBody, Request, Statement, Store, StoreHandle,
    },
    world::authority,
};

/// How long an adapter may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// From its start to the reply to `hello`.
    pub startup: Duration,
    /// For one operation.
    pub operation: Duration,
}

/// What a conversation needs to know about the world around it.
pub(super) struct Conversation<'a> {
    /// The evidence.
    pub log: &'a EvidenceLog,
    /// Which session this is.
    pub session: SessionIndex,
    /// The canaries of the world.
    pub canaries: &'a CanarySet,
    /// What an earlier session declared, of this world or of the twin's: this one must declare the same.
    pub declared: Option<&'a Statement>,
    /// The token authority, for adapters at credential level.
    pub authority: &'a authority::Authority,
    /// Where the session meets others.
    pub meetings: &'a Meetings,
    /// What earlier sessions gave back for this one.
    pub kept: &'a KeptStates,
    /// Whether replies are scanned: they are part of what the output observer watches.
    pub scans_replies: bool,
    /// How much the library is to log.
    pub log_level: LogLevel,
    /// How long to wait.
    pub patience: Patience,
}

/// How a conversation went, beyond its evidence.
pub(super) struct Outcome {
    /// Who said hello.
    pub hello: Option<HelloReply>,
    /// Why it ended early, if it did.
    pub interrupted: Option<Interrupted>,
    /// What the leak scan of the replies lost.
    pub scanned: Result<(), Lost>,
}

/// Why a conversation ended early; the facts are already recorded, but for [`Interrupted::Silence`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Interrupted {
    /// No reply came in time.
    Deadline,
    /// The adapter did not keep to the protocol, or said that it could not carry out an instruction.
    Adapter {
        /// What happened.
        detail: String,
    },
    /// The adapter was gone before it had answered. Whether that is its fault, only its end can tell.
    Silence {
        /// Which step of the session, from 0.
        step: Option<usize>,
        /// What happened.
        detail: String,
    },
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("a reply did not come before its deadline"),
            Self::Adapter { detail } | Self::Silence { detail, .. } => f.write_str(detail),
        }
    }
}

impl Conversation<'_> {
    /// Says hello, plays the steps in order, and says goodbye unless the session ends by a kill.
    ///
    /// A library's error does not stop the steps, but a store that did not open has none: what the script asks of it is
    /// left out. An adapter that left the protocol ends the session.
    pub(super) fn hold(&self, driver: &mut Driver, steps: &[Step], end: End) -> Outcome {
        let mut scanned = Ok(());
        let (hello, interrupted) = match self.hello(driver, &mut scanned) {
            Ok(hello) => {
                let played = self
                    .play(driver, &hello.statement, steps, &mut scanned)
                    .and_then(|()| self.goodbye(driver, end, &mut scanned));
                (Some(hello), played.err())
            }
            Err(interrupted) => (None, Some(interrupted)),
        };
        Outcome { hello, interrupted, scanned }
    }

    fn hello(&self, driver: &mut Driver, scanned: &mut Result<(), Lost>) -> Result<HelloReply, Interrupted> {
        let request = Request::Hello(Hello {
            protocol: vec![ProtocolVersion::CURRENT],
            harness: concat!("sealcheck ", env!("CARGO_PKG_VERSION")).into(),
            log: self.log_level,
        });
        let reply = self.ask(driver, None, None, &request, self.patience.startup, scanned)?;
        match reply {
            Reply::Ok(ReplyBody::Hello(hello)) if hello.protocol == ProtocolVersion::CURRENT => {
                self.without_secrets(*hello).and_then(|hello| self.unchanged(hello))
            }
            Reply::Ok(ReplyBody::Hello(hello)) => {
                let (chosen, offered) = (hello.protocol, ProtocolVersion::CURRENT);
                Err(self
                    .failed(None, format!("the adapter chose protocol {chosen}; only {offered} was offered")))
            }
            Reply::Ok(_) | Reply::Error(_) | Reply::Unsupported(_) | Reply::AdapterError(_) => {
                Err(self.failed(None, "hello was not answered with ok".into()))
            }
        }
    }

    /// Refuses a declaration with a canary in it: reports quote declarations, and a later session may know a secret.
    fn without_secrets(&self, hello: HelloReply) -> Result<HelloReply, Interrupted> {
        let text = serde_json::to_vec(&hello).expect("a reply is plain data");
        if self.canaries.scanner().scan(&text).is_empty() {
            Ok(hello)
        } else {
            Err(self.failed(None, "the reply to hello holds a secret of the world".into()))
        }
    }

    /// Refuses a declaration that is not the one of the sessions before: what applies must not depend on the world.
    fn unchanged(&self, hello: HelloReply) -> Result<HelloReply, Interrupted> {
        if self.declared.is_none_or(|declared| *declared == hello.statement) {
            Ok(hello)
        } else {
            Err(self.failed(None, "the statement is not the one that an earlier session gave".into()))
        }
    }

    fn play(
        &self,
        driver: &mut Driver,
        statement: &Statement,
        steps: &[Step],
        scanned: &mut Result<(), Lost>,
    ) -> Result<(), Interrupted> {
        let level = statement.level;
        let mut unopened: BTreeSet<&str> = BTreeSet::new();
        for (index, step) in steps.iter().enumerate() {
            // The judge takes what `open` answered as the answer of every later step on a store that did not open.
            let is_open = matches!(step, Step::Open { .. });
            if !is_open && step.store().is_some_and(|store| unopened.contains(store)) {
                continue;
            }
            if let Step::Open { store, credential: Some(kind), .. } = step
                && !statement.credentials.contains(kind)
            {
                // Nothing of the case applies, and another kind in its place would be another case.
                unopened.insert(store);
                continue;
            }
            let request = self.request(level, step);
            if let Some(label) = step.label() {
                self.meetings.before(self.session, Reached::Step(label));
            }
            self.prepare(level, step);
            let asked =
                self.ask(driver, Some(index), step.label(), &request, self.patience.operation, scanned);
            self.settle(step);
            let reply = asked?;
            self.keep(step, &reply);
            if let Some(label) = step.label() {
                self.meetings.after(self.session, Reached::Step(label));
            }
            let opened = match reply {
                Reply::Ok(_) => true,
                Reply::Error(_) | Reply::Unsupported(_) => false,
                Reply::AdapterError(error) => return Err(self.failed(Some(index), error.message)),
            };
            if let Step::Open { store, .. } = step {
                if opened {
                    unopened.remove(store.as_str())
                } else {
                    unopened.insert(store)
                };
            }
        }
        Ok(())
    }

    fn goodbye(
        &self,
        driver: &mut Driver,
        end: End,
        scanned: &mut Result<(), Lost>,
    ) -> Result<(), Interrupted> {
        match end {
            End::Kill => Ok(()),
            End::Bye => self.ask(driver, None, None, &Request::Bye, GOODBYE, scanned).map(|_| ()),
        }
    }

    fn request(&self, level: Level, step: &Step) -> Request {
        let scope = |canary: &CanaryRole| (level == Level::Credential).then(|| authority::scope_of(canary));
        let handle = |store: &str| StoreHandle(store.to_owned());
        match step {
            Step::Open {
                store, name, allow_unencrypted_storage, interaction, credential, options, ..
            } => Request::Open(Open {
                store: handle(store),
                options: match options {
                    Options::Given => Some(OpenOptions {
                        name: name.clone(),
                        allow_unencrypted_storage: *allow_unencrypted_storage,
                    }),
                    Options::None => None,
                },
                interaction: *interaction,
                credential: *credential,
                authority: self.parameters(level),
                state: self.kept.of(store),
                deadline_ms: u64::try_from(self.patience.operation.as_millis()).unwrap_or(u64::MAX),
            }),
            Step::Put { store, partition, canary, padding, .. } => Request::Put(Put {
                store: handle(store),
                partition: *partition,
                scope: scope(canary),
                value: (level == Level::Store).then(|| Base64Bytes(self.document(canary, *padding))),
            }),
            Step::Get { store, partition, canary, .. } => {
                Request::Get(Get { store: handle(store), partition: *partition, scope: scope(canary) })
            }
            Step::Remove { store, partition, .. } => {
                Request::Remove(Remove { store: handle(store), partition: *partition })
            }
            Step::Render { store, what, .. } => {
                Request::Render(Render { store: store.as_deref().map(handle), what: *what })
            }
            Step::Close { store } => Request::Close(Store { store: handle(store) }),
        }
    }

    fn parameters(&self, level: Level) -> Option<Authority> {
        match level {
            Level::Store => None,
            Level::Credential => Some(self.authority.parameters()),
        }
    }

    fn document(&self, canary: &CanaryRole, padding: usize) -> Vec<u8> {
        let text = self.canaries.text(canary).expect("the world has a canary for every role of its script");
        cache_document(text, padding)
    }

    /// Gets the world ready for a step: the canary comes in the value, or from the authority during a put only.
    fn prepare(&self, level: Level, step: &Step) {
        if let Step::Put { canary, .. } | Step::Get { canary, .. } = step {
            self.authority.want(self.session, canary);
        }
        match (level, step) {
            (Level::Store, Step::Put { canary, .. }) => {
                self.record(Fact::CanaryIssued { role: canary.clone(), by: IssuedBy::Put });
            }
            (Level::Credential, Step::Put { canary, .. }) => self.authority.arm(canary),
            (
                Level::Store | Level::Credential,
                Step::Open { .. }
                | Step::Get { .. }
                | Step::Remove { .. }
                | Step::Render { .. }
                | Step::Close { .. },
            ) => {}
        }
    }

    /// Takes back what [`prepare`](Self::prepare) did: whoever asks for the canary from now on gets another token.
    fn settle(&self, step: &Step) {
        match step {
            Step::Put { canary, .. } => self.authority.disarm(canary),
            Step::Open { .. }
            | Step::Get { .. }
            | Step::Remove { .. }
            | Step::Render { .. }
            | Step::Close { .. } => {}
        }
    }

    /// Keeps what a step gave back for later sessions.
    ///
    /// State with a secret of the world in it is not handed on: a later session must find secrets in the cache alone.
    fn keep(&self, step: &Step, reply: &Reply) {
        let (
            Reply::Ok(ReplyBody::Put { state: Some(state) } | ReplyBody::Get { state: Some(state), .. }),
            Some(store),
        ) = (reply, step.store())
        else {
            return;
        };
        let search = self.canaries.scanner().search(state.as_bytes());
        if search.hits.is_empty() && !search.exhausted {
            self.kept.keep(store, state.clone());
        }
    }

    fn ask(
        &self,
        driver: &mut Driver,
        step: Option<usize>,
        label: Option<&StepLabel>,
        request: &Request,
        patience: Duration,
        scanned: &mut Result<(), Lost>,
    ) -> Result<Reply, Interrupted> {
        let asked = Instant::now();
        let answer = driver.call(request, asked + patience);
        let elapsed_ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(answer) => {
                let scanner = self.canaries.scanner();
                if self.scans_replies {
                    let scan =
                        reply::record(&answer, step.unwrap_or(0), &scanner, self.log, Some(self.session));
                    if scanned.is_ok() {
                        *scanned = scan;
                    }
                }
                // What an adapter says of its own failures is recorded as such, not as an answer.
                if let Some(fact) = reply::fact(&answer, self.canaries, &scanner) {
                    let label = label.cloned();
                    self.record(Fact::Replied {
                        step,
                        label,
                        request: request.kind(),
                        reply: fact,
                        elapsed_ms,
                    });
                }
                Ok(answer)
            }
            Err(DriverError::Deadline { .. }) => {
                self.record(Fact::DeadlinePassed { step, label: label.cloned(), waited_ms: elapsed_ms });
                Err(Interrupted::Deadline)
            }
            Err(
                error @ (DriverError::Exited { .. } | DriverError::ClosedInput { .. } | DriverError::CutOff),
            ) => {
                let detail = self.canaries.scanner().redact(&error.to_string());
                Err(Interrupted::Silence { step, detail })
            }
            Err(error) => Err(self.failed(step, error.to_string())),
        }
    }

    fn failed(&self, step: Option<usize>, detail: String) -> Interrupted {
        let detail = self.canaries.scanner().redact(&detail);
        self.record(Fact::AdapterFailed { step, detail: detail.clone() });
        Interrupted::Adapter { detail }
    }

    fn record(&self, fact: Fact) {
        self.log.record(Observer::Harness, Some(self.session), fact);
    }
}

/// How long an adapter has for its reply to `bye`; how long for its exit after that is the stage's affair.
const GOODBYE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _, pipe},
        thread,
    };

    use super::*;
    use crate::{
        adapter::reference::Session,
        case::Interaction,
        observation::Clock,
        protocol::{
            AdapterError, CredentialKind, ErrorCategory, NativeError, Phase, ReplyError, RequestKind, Tag,
            decode_request,
        },
        world::authority::{AuthoritySettings, CLIENT_SECRET_ROLE},
    };

    #[test]
    fn every_step_of_a_store_that_opened_is_asked() {
        let held = hold(&[open("a"), put("a"), get("a")], |request| match request {
            Request::Open(_) => Reply::Ok(ReplyBody::Open { self_report: None }),
            Request::Put(_) => Reply::Ok(ReplyBody::Put { state: None }),
            _ => Reply::Ok(ReplyBody::Get { value: None, state: None }),
        });
        assert_eq!(held.asked, [RequestKind::Open, RequestKind::Put, RequestKind::Get, RequestKind::Bye]);
        assert_eq!(held.interrupted, None);
        assert!(held.issued);
    }

    #[test]
    fn steps_on_a_store_that_did_not_open_are_left_out_until_it_opens() {
        let mut opens = 0;
        let steps = [open("a"), put("a"), open("b"), get("b"), open("a"), get("a")];
        let held = hold(&steps, move |request| match request {
            Request::Open(_) => {
                opens += 1;
                if opens == 1 { refusal() } else { Reply::Ok(ReplyBody::Open { self_report: None }) }
            }
            _ => Reply::Ok(ReplyBody::Get { value: None, state: None }),
        });
        let (open, get) = (RequestKind::Open, RequestKind::Get);
        assert_eq!(held.asked, [open, open, get, open, get, RequestKind::Bye]);
        assert_eq!(held.interrupted, None);
        // What was never asked to be stored was never issued.
        assert!(!held.issued);
    }

    #[test]
    fn an_error_of_another_step_than_open_leaves_nothing_out() {
        let held = hold(&[open("a"), put("a"), get("a")], |request| match request {
            Request::Open(_) => Reply::Ok(ReplyBody::Open { self_report: None }),
            Request::Put(_) => refusal(),
            _ => Reply::Ok(ReplyBody::Get { value: None, state: None }),
        });
        assert_eq!(held.asked, [RequestKind::Open, RequestKind::Put, RequestKind::Get, RequestKind::Bye]);
    }

    #[test]
    fn what_a_step_gives_back_is_for_later_opens_of_its_handle() {
        assert_eq!(given(|_| "who signed in".into()), [None, None, Some("who signed in".into())]);
    }

    #[test]
    fn state_with_a_secret_of_the_world_is_not_handed_on() {
        let smuggled = |put: &Put| {
            let Base64Bytes(value) = put.value.as_ref().expect("a put at store level has a value");
            String::from_utf8_lossy(value).into_owned()
        };
        assert_eq!(given(smuggled), [None, None, None]);
    }

    /// The states that opens are given: of a handle, of another one after a put of the first, of the first again.
    fn given(state: impl Fn(&Put) -> String + Send + 'static) -> Vec<Option<String>> {
        let (sender, states) = std::sync::mpsc::channel();
        let held = hold(&[open("a"), put("a"), open("b"), open("a")], move |request| match request {
            Request::Open(open) => {
                sender.send(open.state.clone()).expect("the test listens");
                Reply::Ok(ReplyBody::Open { self_report: None })
            }
            Request::Put(put) => Reply::Ok(ReplyBody::Put { state: Some(state(put)) }),
            _ => Reply::Ok(ReplyBody::Done),
        });
        assert_eq!(held.interrupted, None);
        states.into_iter().collect()
    }

    #[test]
    fn a_credential_that_is_not_declared_is_neither_opened_nor_used() {
        let mut undeclared = open("a");
        if let Step::Open { credential, .. } = &mut undeclared {
            *credential = Some(CredentialKind::DeviceCode);
        }
        let held = hold(&[undeclared, put("a"), open("b"), put("b")], |request| match request {
            Request::Open(_) => Reply::Ok(ReplyBody::Open { self_report: None }),
            _ => Reply::Ok(ReplyBody::Put { state: None }),
        });
        assert_eq!(held.asked, [RequestKind::Open, RequestKind::Put, RequestKind::Bye]);
        assert_eq!(held.interrupted, None);
    }

    #[test]
    fn what_an_adapter_says_of_its_failure_is_redacted() {
        let held = hold(&[open("a"), put("a"), get("a")], |request| match request {
            Request::Open(_) => Reply::Ok(ReplyBody::Open { self_report: None }),
            Request::Put(put) => {
                let Base64Bytes(value) = put.value.as_ref().expect("a put at store level has a value");
                let message = format!("cannot store {}", String::from_utf8_lossy(value));
                Reply::AdapterError(AdapterError { message, trace: None })
            }
            _ => refusal(),
        });
        let Some(Interrupted::Adapter { detail }) = held.interrupted else {
            panic!("{:?}", held.interrupted)
        };
        assert!(detail.starts_with("cannot store ") && detail.contains("{token}"), "{detail}");
        assert_eq!(held.asked, [RequestKind::Open, RequestKind::Put]);
    }

    #[test]
    fn a_session_that_is_to_be_killed_is_not_told_goodbye() {
        let held = hold_to(&[open("a")], End::Kill, |_| Reply::Ok(ReplyBody::Open { self_report: None }));
        assert_eq!(held.asked, [RequestKind::Open]);
    }

    #[test]
    fn a_statement_that_changes_between_sessions_ends_the_session() {
        let says_ok = |_: &Request| Reply::Ok(ReplyBody::Open { self_report: None });
        let same = reference_statement();
        let other = Statement { locations: Vec::new(), ..same.clone() };
        let held = hold_after(Some(same), &[open("a")], End::Bye, says_ok);
        assert_eq!((held.asked, held.interrupted), (vec![RequestKind::Open, RequestKind::Bye], None));
        let held = hold_after(Some(other), &[open("a")], End::Bye, says_ok);
        assert_eq!((held.asked, held.declares), (vec![], false));
        let Some(Interrupted::Adapter { detail }) = held.interrupted else {
            panic!("{:?}", held.interrupted)
        };
        assert!(detail.contains("statement"), "{detail}");
    }

    fn reference_statement() -> Statement {
        let hello =
            Hello { protocol: vec![ProtocolVersion::CURRENT], harness: "x".into(), log: LogLevel::Default };
        let mut reference = Session::new(Box::new(token_cache::seams::Seams::real));
        match reference.answer(Request::Hello(hello)) {
            Ok(Reply::Ok(ReplyBody::Hello(hello))) => hello.statement,
            other => panic!("{other:?} is no declaration"),
        }
    }

    /// What came of a conversation.
    struct Held {
        asked: Vec<RequestKind>,
        interrupted: Option<Interrupted>,
        issued: bool,
        declares: bool,
    }

    fn hold(steps: &[Step], answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Held {
        hold_to(steps, End::Bye, answer)
    }

    /// Converses with an adapter that says the reference's hello; everything else is answered as the test says.
    fn hold_to(steps: &[Step], end: End, answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Held {
        let held = hold_after(None, steps, end, answer);
        assert!(held.declares);
        held
    }

    /// The same after a session that declared something.
    fn hold_after(
        declared: Option<Statement>,
        steps: &[Step],
        end: End,
        mut answer: impl FnMut(&Request) -> Reply + Send + 'static,
    ) -> Held {
        let tag = Tag::from_text("0123456789abcdef");
        let (input, stdin) = pipe().expect("a pipe");
        let (stdout, mut output) = pipe().expect("a pipe");
        let (stderr, error) = pipe().expect("a pipe");
        let own = tag.clone();
        let adapter = thread::spawn(move || {
            let _open = error;
            let mut asked = Vec::new();
            for line in BufReader::new(input).split(b'\n') {
                let line = line.expect("the driver writes");
                let body = own.strip(&line).expect("the driver writes protocol lines");
                let (seq, request) = decode_request(body).expect("the driver keeps to the protocol");
                let reply = match &request {
                    Request::Hello(_) => {
                        let mut reference = Session::new(Box::new(token_cache::seams::Seams::real));
                        reference.answer(request).expect("the reference says hello")
                    }
                    Request::Bye => {
                        asked.push(request.kind());
                        Reply::Ok(ReplyBody::Done)
                    }
                    asking => {
                        asked.push(asking.kind());
                        answer(asking)
                    }
                };
                writeln!(output, "{}", own.encode_reply(&seq, &reply)).expect("the driver reads");
            }
            asked
        });

        let folder = tempfile::tempdir().expect("a folder can be made");
        let roles = ["token", CLIENT_SECRET_ROLE].map(|role| CanaryRole(role.into()));
        let canaries = CanarySet::generate(roles);
        let log = EvidenceLog::new(Clock::start());
        let settings = AuthoritySettings {
            ca_file: folder.path().join("authority.pem"),
            log: log.clone(),
            canaries: [(CanaryRole(CLIENT_SECRET_ROLE.into()), "a client secret".to_owned())].into(),
        };
        let authority = authority::Authority::start(settings, |_| {}).expect("the authority starts");
        let mut driver = Driver::new(stdin, stdout, stderr, tag).expect("threads start");
        let patience = Patience { startup: TIMEOUT, operation: TIMEOUT };
        let conversation = Conversation {
            log: &log,
            session: SessionIndex(0),
            canaries: &canaries,
            declared: declared.as_ref(),
            authority: &authority,
            meetings: &Meetings::new(&[], &log),
            kept: &KeptStates::default(),
            log_level: LogLevel::Default,
            scans_replies: true,
            patience,
        };
        let outcome = conversation.hold(&mut driver, steps, end);
        let declares = outcome.hello.is_some();
        driver.finish(Instant::now() + TIMEOUT);
        let asked = adapter.join().expect("the adapter does not panic");
        let issued = log.entries().iter().any(|entry| matches!(entry.fact, Fact::CanaryIssued { .. }));
        Held { asked, interrupted: outcome.interrupted, issued, declares }
    }

    fn refusal() -> Reply {
        Reply::Error(ReplyError {
            category: ErrorCategory::EncryptionUnavailable,
            phase: Phase::Open,
            native: NativeError {
                type_name: "E".into(),
                code: None,
                message: String::new(),
                chain: Vec::new(),
            },
        })
    }

    fn open(store: &str) -> Step {
        Step::Open {
            label: None,
            store: store.into(),
            name: None,
            allow_unencrypted_storage: None,
            interaction: Interaction::Never,
            credential: None,
            options: Options::Given,
        }
    }

    fn put(store: &str) -> Step {
        let canary = CanaryRole("token".into());
        Step::Put { label: None, store: store.into(), partition: <_>::default(), canary, padding: 0 }
    }

    fn get(store: &str) -> Step {
        let canary = CanaryRole("token".into());
        Step::Get { label: None, store: store.into(), partition: <_>::default(), canary }
    }

    const TIMEOUT: Duration = Duration::from_secs(10);
}

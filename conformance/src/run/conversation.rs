//! One session's conversation: steps become requests, replies become facts.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{
    adapter::{Driver, DriverError},
    canary::{CanarySet, cache_document},
    case::{CanaryRole, End, Step, StepLabel},
    observation::{EvidenceLog, Fact, IssuedBy, Observer, SessionIndex},
    observe::{Lost, reply},
    protocol::{
        Authority, Base64Bytes, Get, Hello, HelloReply, Level, LogLevel, Open, OpenOptions, ProtocolVersion,
        Put, Remove, Render, Reply, ReplyBody, Request, Store, StoreHandle,
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
    /// The token authority, for adapters at credential level.
    pub authority: &'a authority::Authority,
    /// Whether replies are scanned: they are part of what the output observer watches.
    pub scans_replies: bool,
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

/// Why a conversation ended early; the facts are already recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Interrupted {
    /// No reply came in time.
    Deadline,
    /// The adapter did not keep to the protocol, died, or said that it could not carry out an instruction.
    Adapter {
        /// What happened.
        detail: String,
    },
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("a reply did not come before its deadline"),
            Self::Adapter { detail } => f.write_str(detail),
        }
    }
}

impl Conversation<'_> {
    /// Says hello, plays the steps in order, and says goodbye unless the session ends by a kill.
    ///
    /// A library's error does not stop the steps; an adapter that left the protocol does.
    pub(super) fn hold(&self, driver: &mut Driver, steps: &[Step], end: End) -> Outcome {
        let mut scanned = Ok(());
        let (hello, interrupted) = match self.hello(driver, &mut scanned) {
            Ok(hello) => {
                let played = self
                    .play(driver, hello.statement.level, steps, &mut scanned)
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
            log: LogLevel::Default,
        });
        let reply = self.ask(driver, None, None, &request, self.patience.startup, scanned)?;
        match reply {
            Reply::Ok(ReplyBody::Hello(hello)) if hello.protocol == ProtocolVersion::CURRENT => {
                Ok(self.without_canaries(&hello))
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

    /// What an adapter says of itself goes into reports, and it may know a secret from an earlier session.
    fn without_canaries(&self, hello: &HelloReply) -> HelloReply {
        let text = serde_json::to_string(hello).expect("a greeting is plain data");
        let redacted = self.canaries.scanner().redact(&text);
        serde_json::from_str(&redacted).expect("a role fits wherever a canary stands")
    }

    fn play(
        &self,
        driver: &mut Driver,
        level: Level,
        steps: &[Step],
        scanned: &mut Result<(), Lost>,
    ) -> Result<(), Interrupted> {
        for (index, step) in steps.iter().enumerate() {
            let request = self.request(level, step);
            self.prepare(level, step);
            let reply =
                self.ask(driver, Some(index), step.label(), &request, self.patience.operation, scanned)?;
            if let Reply::AdapterError(error) = reply {
                return Err(self.failed(Some(index), error.message));
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
            Step::Open { store, name, allow_unencrypted_storage, interaction, .. } => Request::Open(Open {
                store: handle(store),
                options: OpenOptions {
                    name: name.clone(),
                    allow_unencrypted_storage: *allow_unencrypted_storage,
                },
                interaction: *interaction,
                credential: None,
                authority: self.parameters(level),
                state: None,
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
        match (level, step) {
            (Level::Store, Step::Put { canary, .. }) => {
                self.record(Fact::CanaryIssued { role: canary.clone(), by: IssuedBy::Put });
            }
            (Level::Credential, Step::Put { canary, .. }) => self.authority.issue(canary),
            (
                Level::Store | Level::Credential,
                Step::Open { .. }
                | Step::Get { .. }
                | Step::Remove { .. }
                | Step::Render { .. }
                | Step::Close { .. },
            ) => self.authority.withhold(),
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

/// How long an adapter has for its exit after `bye`.
const GOODBYE: Duration = Duration::from_secs(5);

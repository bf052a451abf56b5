//! One world with everyone who watches it, ready for sessions.

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    beacon::{self, BeaconError},
    conversation::{Conversation, Patience},
    options::RunOptions,
    plant::{PlantError, plant},
    premises::{Premises, PremisesError},
    tap::{ScannerTap, request_hook},
};
use crate::{
    adapter::{AdapterCommand, Driver},
    canary::CanarySet,
    case::{CanaryRole, Condition, End, Place, Plant, Step},
    observation::{
        Clock, EvidenceLog, Fact, IssuedBy, Observer, SessionEnd, SessionIndex, Snapshot, WorldFacts,
    },
    observe::{FileObserver, Lost, ObserverStates, OutputScanner, OutputStream, keyring},
    protocol::{HelloReply, LogLevel, Statement, Tag},
    supervisor::{Kill, SessionSpec, SpawnError, Supervised},
    world::{
        authority::{Authority, AuthorityError, AuthoritySettings, CLIENT_SECRET_ROLE},
        condition,
    },
};

/// A world, its observers and its evidence.
pub struct Stage {
    pub(super) options: Arc<RunOptions>,
    pub(super) log: EvidenceLog,
    pub(super) canaries: CanarySet,
    pub(super) states: ObserverStates,
    pub(super) home: Premises,
    pub(super) relocated: Option<Premises>,
    pub(super) authority: Authority,
    umask: u32,
    hello: Option<HelloReply>,
    /// What each adapter declared first; it is held to that.
    declared: BTreeMap<String, Statement>,
}

/// What a script asks of one session.
pub struct Performance<'a> {
    /// Which session of the script.
    pub index: SessionIndex,
    /// Who plays.
    pub adapter: &'a AdapterCommand,
    /// What the implementation declared in another world: where to plant, and what it must declare here as well. Without
    /// it, an earlier session of this one says so.
    pub statement: Option<&'a Statement>,
    /// The condition of the world.
    pub condition: Condition,
    /// Which home the session sees.
    pub place: Place,
    /// How it ends.
    pub end: End,
    /// How much the library is to log.
    pub log: LogLevel,
    /// What is planted before it.
    pub plants: Vec<&'a Plant>,
    /// What is asked.
    pub steps: &'a [Step],
}

impl Stage {
    /// Builds a world, has a process leak to every observer in it, and tidies up after that process.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the world cannot be set up on this machine.
    pub fn build(
        options: Arc<RunOptions>,
        roles: impl IntoIterator<Item = CanaryRole>,
        umask: u32,
    ) -> Result<Self, StageError> {
        let secret = CanaryRole(CLIENT_SECRET_ROLE.into());
        let canaries = CanarySet::generate(roles.into_iter().chain([secret]));
        let log = EvidenceLog::without(Clock::start(), options.without.iter().copied());
        let states = ObserverStates::new(options.without.iter().copied());
        let tap = Arc::new(ScannerTap::new(&canaries, &log, &options.without));
        let home = Premises::open(options.broker, &log, tap)?;
        let values = canaries.roles().map(|role| {
            let text = canaries.text(role).expect("every role of a set has a text");
            (role.clone(), text.to_owned())
        });
        let settings = AuthoritySettings {
            ca_file: home.sandbox().root().join("authority.pem"),
            log: log.clone(),
            canaries: values.collect(),
        };
        let authority = Authority::start(settings, request_hook(&canaries, &log, &options.without))?;
        let mut stage = Self {
            options,
            log,
            canaries,
            states,
            home,
            relocated: None,
            authority,
            umask,
            hello: None,
            declared: BTreeMap::new(),
        };
        beacon::light(&mut stage)?;
        Ok(stage)
    }

    /// The evidence so far.
    pub fn log(&self) -> &EvidenceLog {
        &self.log
    }

    /// The canaries of this world.
    pub fn canaries(&self) -> &CanarySet {
        &self.canaries
    }

    /// The authority of this world.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The premises that sessions see as their home.
    pub fn home(&self) -> &Premises {
        &self.home
    }

    /// Plays one session. Whatever the adapter does becomes evidence; only the harness's own trouble is an error.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the condition cannot be brought about or proved, a plant fails, or the session cannot be started.
    pub fn play(&mut self, performance: &Performance<'_>) -> Result<(), StageError> {
        let session = performance.index;
        if performance.place == Place::Relocated {
            self.relocate()?;
        }
        self.set_session(None);
        self.plant(performance)?;
        self.premises_mut(performance.place).set(performance.condition)?;
        self.prove(performance)?;
        self.look(performance.place, None, Snapshot::Before(session));
        self.set_session(Some(session));
        let ended = self.converse(performance);
        self.set_session(None);
        ended?;
        self.look(performance.place, Some(session), Snapshot::After(session));
        Ok(())
    }

    /// Ends the world and gives what was seen of it.
    pub fn finish(mut self) -> Seen {
        let sandbox = self.home.sandbox();
        let world = WorldFacts {
            platform: crate::case::Platform::CURRENT,
            provider: "scripted".into(),
            broker: self.options.broker.as_str().into(),
            uid: nix::unistd::Uid::effective().as_raw(),
            umask: self.umask,
            home: sandbox.home().to_string_lossy().into_owned(),
            root: sandbox.root().to_string_lossy().into_owned(),
        };
        if let Err(reason) = self.authority.finish() {
            self.states.lose(Lost { observer: Observer::Network, reason });
        }
        for premises in [Some(self.home), self.relocated].into_iter().flatten() {
            let (_sandbox, finished) = premises.close();
            if let Err(reason) = finished {
                self.states.lose(Lost { observer: Observer::Bus, reason });
            }
        }
        let observers = self.states.conclude(&self.log);
        Seen { world, hello: self.hello, observers, evidence: self.log.entries() }
    }

    /// Carries all files to a fresh home with a fresh, empty, usable keyring.
    pub(super) fn relocate(&mut self) -> Result<(), StageError> {
        let tap = Arc::new(ScannerTap::new(&self.canaries, &self.log, &self.options.without));
        let fresh = Premises::open(self.options.broker, &self.log, tap)?;
        self.home.sandbox().relocate_to(fresh.sandbox()).map_err(StageError::Relocation)?;
        if let Some(earlier) = self.relocated.replace(fresh) {
            let (_sandbox, finished) = earlier.close();
            if let Err(reason) = finished {
                self.states.lose(Lost { observer: Observer::Bus, reason });
            }
        }
        Ok(())
    }

    /// The premises of a place.
    pub(super) fn premises(&self, place: Place) -> &Premises {
        match (place, &self.relocated) {
            (Place::Relocated, Some(premises)) => premises,
            (Place::Relocated | Place::Home, _) => &self.home,
        }
    }

    fn premises_mut(&mut self, place: Place) -> &mut Premises {
        match (place, &mut self.relocated) {
            (Place::Relocated, Some(premises)) => premises,
            (Place::Relocated | Place::Home, _) => &mut self.home,
        }
    }

    fn set_session(&self, session: Option<SessionIndex>) {
        self.home.set_session(session);
        if let Some(relocated) = &self.relocated {
            relocated.set_session(session);
        }
        self.authority.set_session(session);
    }

    fn plant(&self, performance: &Performance<'_>) -> Result<(), StageError> {
        if performance.plants.is_empty() {
            return Ok(());
        }
        let own = self.hello.as_ref().map(|hello| &hello.statement);
        // An adapter that never declared anything is at fault; the judge is told by its sessions, not by a failed plant.
        let Some(statement) = performance.statement.or(own) else { return Ok(()) };
        for wanted in &performance.plants {
            let home = self.home.sandbox().home();
            let planted = match plant(wanted, statement, &home, &self.canaries) {
                Ok(Some(planted)) => planted,
                Ok(None) => continue,
                Err(error @ PlantError::Outside { .. }) => {
                    let detail = self.canaries.scanner().redact(&error.to_string());
                    let fact = Fact::AdapterFailed { step: None, detail };
                    self.log.record(Observer::Harness, Some(performance.index), fact);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(role) = planted.canary {
                let fact = Fact::CanaryIssued { role, by: IssuedBy::Plant };
                self.log.record(Observer::Harness, None, fact);
            }
            let fact = Fact::Planted {
                session: performance.index,
                path: planted.path.to_string_lossy().into_owned(),
                what: planted.what,
            };
            self.log.record(Observer::Harness, None, fact);
        }
        Ok(())
    }

    /// The environment of a session, but for its tag.
    fn environment(&self, performance: &Performance<'_>) -> Vec<(String, String)> {
        self.premises(performance.place).environment(performance.adapter.environment.clone())
    }

    /// Has the harness's own client find the condition, in the environment that the session will have.
    fn prove(&self, performance: &Performance<'_>) -> Result<(), StageError> {
        let condition = performance.condition;
        let environment = self.environment(performance);
        let detail = condition::prove(condition, &environment)
            .map_err(|found| StageError::ConditionNotMet { condition, found })?;
        let fact = Fact::ConditionProved { session: performance.index, condition, detail };
        self.log.record(Observer::Harness, None, fact);
        Ok(())
    }

    /// Looks at files and keyring. A relocated home holds copies; what it holds says nothing new.
    fn look(&mut self, place: Place, session: Option<SessionIndex>, snapshot: Snapshot) {
        if place == Place::Relocated {
            return;
        }
        let scanner = self.canaries.scanner();
        if !self.states.is_unavailable(Observer::Files) {
            let looked = self.file_observer().snapshot(&self.log, session, snapshot);
            self.states.note(looked);
        }
        if !self.states.is_unavailable(Observer::Keyring) {
            let looked = keyring::record(self.home.items(), &scanner, &self.log, session, snapshot);
            self.states.note(looked);
        }
    }

    /// The observer of home, temporary and runtime folder; what else is in the root is the harness's own.
    pub(super) fn file_observer(&self) -> FileObserver {
        let sandbox = self.home.sandbox();
        FileObserver::new([sandbox.home(), sandbox.temporary(), sandbox.runtime()], self.canaries.scanner())
    }

    /// What a supervisor is to start in a place.
    pub(super) fn spec(
        &self,
        place: Place,
        program: &std::path::Path,
        arguments: Vec<String>,
        environment: Vec<(String, String)>,
    ) -> SessionSpec {
        let sandbox = self.premises(place).sandbox();
        SessionSpec {
            program: program.to_owned(),
            arguments,
            environment,
            working_directory: sandbox.home(),
            umask: self.umask,
            writable_roots: vec![sandbox.root().to_owned()],
            clock_began: self.log.clock().began(),
            canaries: self.canaries.clone(),
            disabled: self.options.without.iter().copied().collect(),
        }
    }

    fn converse(&mut self, performance: &Performance<'_>) -> Result<(), StageError> {
        let session = performance.index;
        let adapter = performance.adapter;
        let tag = Tag::fresh();
        let mut environment = self.environment(performance);
        environment.push(("SEALCHECK_TAG".to_owned(), tag.as_str().to_owned()));
        let spec = self.spec(performance.place, &adapter.program, adapter.arguments.clone(), environment);
        let mut process = Supervised::spawn(&self.options.harness, &spec, &self.log, Some(session))?;
        let streams = (process.take_stdin(), process.take_stdout(), process.take_stderr());
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            unreachable!("the streams of a new session were not taken yet");
        };
        let mut driver = Driver::new(
            std::fs::File::from(stdin),
            std::fs::File::from(stdout),
            std::fs::File::from(stderr),
            tag,
        )
        .map_err(StageError::Threads)?;
        let conversation = Conversation {
            log: &self.log,
            session,
            canaries: &self.canaries,
            declared: self.declared.get(&adapter.name).or(performance.statement),
            authority: &self.authority,
            scans_replies: !self.states.is_unavailable(Observer::Output),
            log_level: performance.log,
            patience: Patience { startup: adapter.startup, operation: adapter.operation },
        };
        let outcome = conversation.hold(&mut driver, performance.steps, performance.end);
        self.states.note(outcome.scanned);
        match (&outcome.interrupted, performance.end) {
            (Some(reason), _) => process.kill(Kill::Harness { reason: reason.to_string() }),
            (None, End::Kill) => process.kill(Kill::Script),
            // Who reads to the end of its input rather than to `bye` gets that end.
            (None, End::Bye) => driver.close_input(),
        }
        let ended = process.wait(Instant::now() + ENDING);
        if let Err(reason) = ended.witness {
            for observer in [Observer::SystemCalls, Observer::Processes] {
                self.states.lose(Lost { observer, reason: reason.clone() });
            }
        }
        if !matches!(ended.end, SessionEnd::NotStarted { .. }) {
            self.states.note_start(session, &self.log.entries());
        }
        let cannot_run = ended.end == SessionEnd::CannotRunHere;
        let fact =
            Fact::SessionEnded { how: ended.end, effective_capabilities: ended.effective_capabilities };
        self.log.record(Observer::Harness, Some(session), fact);
        let output = driver.finish(Instant::now() + ENDING);
        if let Some(violation) = output.violation.filter(|_| !cannot_run) {
            let detail = self.canaries.scanner().redact(&violation.to_string());
            let fact = Fact::AdapterFailed { step: None, detail };
            self.log.record(Observer::Harness, Some(session), fact);
        }
        if !self.states.is_unavailable(Observer::Output) {
            self.scan_output(session, &output.stdout_untagged, OutputStream::Output);
            self.scan_output(session, &output.stderr, OutputStream::Error);
        }
        if let Some(hello) = &outcome.hello {
            self.declared.entry(adapter.name.clone()).or_insert_with(|| hello.statement.clone());
        }
        self.hello = outcome.hello.or(self.hello.take());
        Ok(())
    }

    fn scan_output(
        &mut self,
        session: SessionIndex,
        captured: &crate::adapter::Captured,
        stream: OutputStream,
    ) {
        let mut scanner = OutputScanner::new(stream, self.canaries.scanner(), &self.log, Some(session));
        scanner.push(captured.bytes());
        let scanned = scanner.finish();
        self.states.note(scanned);
        if captured.is_truncated() {
            let reason = "an adapter printed more than is kept for the leak scan".into();
            self.states.lose(Lost { observer: Observer::Output, reason });
        }
    }

    /// Who said hello so far.
    pub fn hello(&self) -> Option<&HelloReply> {
        self.hello.as_ref()
    }
}

/// What was seen of a world, to become an [`Observation`](crate::observation::Observation).
pub struct Seen {
    /// What the world was.
    pub world: WorldFacts,
    /// Who said hello.
    pub hello: Option<HelloReply>,
    /// How each observer ended.
    pub observers: BTreeMap<Observer, crate::observation::ObserverState>,
    /// Everything that was recorded.
    pub evidence: Vec<crate::observation::Evidence>,
}

/// Why a world could not be set up or kept up. These are the harness's troubles, never a verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// Folders, bus or provider.
    #[error(transparent)]
    Premises(#[from] PremisesError),
    /// The token authority did not start.
    #[error("the fake token authority did not start")]
    Authority(#[from] AuthorityError),
    /// The leaks that prove the observers could not be planted.
    #[error("the leaks that prove the observers could not be planted")]
    Beacon(#[from] BeaconError),
    /// The files could not be carried to another home.
    #[error("the files of the home could not be copied to a fresh one")]
    Relocation(#[source] io::Error),
    /// Something could not be planted.
    #[error(transparent)]
    Plant(#[from] PlantError),
    /// The harness's own client found another condition than the case asks for.
    #[error("the world is not in the condition {condition}: {found}")]
    ConditionNotMet {
        /// The condition that was wanted.
        condition: Condition,
        /// What was found instead.
        found: String,
    },
    /// The session could not be started under its supervisor.
    #[error("a session could not be started")]
    Spawn(#[from] SpawnError),
    /// The threads that read an adapter's output could not be started.
    #[error("the threads that read an adapter's output could not be started")]
    Threads(#[source] io::Error),
}

/// How long a session's processes have to be gone, and its output to end.
const ENDING: Duration = Duration::from_secs(10);

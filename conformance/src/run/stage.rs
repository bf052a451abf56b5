//! One world with everyone who watches it, ready for sessions.

use std::{collections::BTreeMap, io, sync::Arc, thread};

use super::{
    beacon::{self, BeaconError},
    kept::KeptStates,
    live::{Closed, Live},
    meeting::Meetings,
    options::RunOptions,
    performance::Performance,
    plant::{PlantError, plant},
    premises::{Door, ForeignItemError, Premises, PremisesError, UNWATCHED},
    session::{Played, Session},
    tap::request_hook,
};
use crate::{
    adapter::AdapterCommand,
    canary::{CanarySet, WorldSeed},
    case::{CanaryRole, Condition, Place, Rendezvous},
    interruption::Interrupt,
    observation::{
        Clock, EvidenceLog, Fact, IssuedBy, Observer, ObserverState, SessionIndex, Snapshot, WorldFacts,
        path_text,
    },
    observe::{FileObserver, Lost, ObserverStates, keyring},
    protocol::{HelloReply, Statement, Tag},
    supervisor::{Attachment, OpenGate, SessionSpec, SpawnError},
    world::{
        authority::{Authority, AuthorityError, AuthoritySettings, CLIENT_SECRET_ROLE, Face},
        emulator, sandbox,
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
    /// What sessions gave back for later ones.
    kept: KeptStates,
    umask: u32,
    hello: Option<HelloReply>,
    /// What each adapter declared first; it is held to that.
    declared: BTreeMap<String, Statement>,
}

impl Stage {
    /// Builds a world, has a process leak to every observer in it, and tidies up after that process.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the world cannot be set up on this machine.
    pub fn build(
        options: Arc<RunOptions>,
        seed: &WorldSeed,
        roles: impl IntoIterator<Item = CanaryRole>,
        umask: u32,
    ) -> Result<Self, StageError> {
        options.interruption.check()?;
        let secret = CanaryRole(CLIENT_SECRET_ROLE.into());
        let canaries = CanarySet::of(seed, roles.into_iter().chain([secret]));
        let log = EvidenceLog::without(Clock::start(), options.without.iter().copied());
        let mut states = ObserverStates::new(options.without.iter().copied());
        UNWATCHED.into_iter().for_each(|(observer, reason)| states.withdraw(observer, reason));
        let home = Premises::furnish(&options, &canaries, &log)?;
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
            kept: KeptStates::default(),
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

    /// From now on sessions meet the authority under the public one's name, behind a proxy.
    pub fn use_public_authority(&mut self) {
        self.authority.show(Face::Public);
    }

    /// Plays one session. Whatever the adapter does becomes evidence; only the harness's own trouble is an error.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the condition cannot be brought about or proved, a plant fails, or the session cannot be started.
    pub fn play(&mut self, performance: &Performance<'_>) -> Result<(), StageError> {
        self.play_together(std::slice::from_ref(performance), &[])
    }

    /// Plays sessions that overlap: all begin in the condition and the place of the first one, and meet where they are
    /// told to.
    ///
    /// # Errors
    ///
    /// Those of [`Stage::play`]; the first one, after every session has ended.
    pub fn play_together(
        &mut self,
        performances: &[Performance<'_>],
        rendezvous: &[Rendezvous],
    ) -> Result<(), StageError> {
        let Some(first) = performances.first() else { return Ok(()) };
        self.options.interruption.check()?;
        if first.place == Place::Relocated {
            self.relocate()?;
        }
        self.plant(first)?;
        self.premises_mut(first.place).set(first.condition)?;
        let foreign_item = self.store_foreign_item(performances)?;
        for performance in performances {
            self.prove(performance)?;
            self.look(first.place, None, Snapshot::Before(performance.index));
        }
        let meetings = Arc::new(Meetings::new(rendezvous, &self.log));
        self.authority.set_session(Some(first.index));
        let played = self.perform(performances, foreign_item.as_deref(), &meetings);
        self.authority.set_session(None);
        for (performance, played) in performances.iter().zip(played?) {
            self.conclude(performance, played?);
        }
        for performance in performances {
            self.look(first.place, Some(performance.index), Snapshot::After(performance.index));
        }
        Ok(())
    }

    fn perform(
        &self,
        performances: &[Performance<'_>],
        foreign_item: Option<&str>,
        meetings: &Arc<Meetings>,
    ) -> Result<Vec<Result<Played, StageError>>, StageError> {
        let sessions =
            performances.iter().map(|performance| self.session(performance, foreign_item, meetings));
        let sessions = sessions.collect::<Result<Vec<_>, StageError>>()?;
        thread::scope(|scope| {
            let playing: Vec<_> =
                sessions.into_iter().map(|session| scope.spawn(move || session.play())).collect();
            let ended = playing
                .into_iter()
                .map(|playing| playing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            Ok(ended.collect())
        })
    }

    fn session<'a>(
        &'a self,
        performance: &'a Performance<'a>,
        foreign_item: Option<&str>,
        meetings: &'a Arc<Meetings>,
    ) -> Result<Session<'a>, StageError> {
        let adapter = performance.adapter;
        let door = self.premises(performance.place).admit(performance, Some(meetings), foreign_item)?;
        let (spec, tag) = self.session_spec(adapter, performance.place, &door);
        let points = meetings.call_points(performance.index).collect();
        let spec = SessionSpec { faults: performance.call_faults(), points, ..spec };
        Ok(Session {
            harness: &self.options.harness,
            spec,
            tag,
            performance,
            declared: self.declared.get(&adapter.name).or(performance.statement),
            log: &self.log,
            canaries: &self.canaries,
            authority: &self.authority,
            kept: &self.kept,
            meetings,
            interruption: self.options.interruption,
            scans_output: !self.states.is_unavailable(Observer::Output),
            door,
        })
    }

    fn conclude(&mut self, performance: &Performance<'_>, played: Played) {
        let Played { hello, started, lost } = played;
        lost.into_iter().for_each(|lost| self.states.lose(lost));
        if started {
            self.states.note_start(performance.index, &self.log.entries());
        }
        if let Some(hello) = &hello {
            let name = performance.adapter.name.clone();
            self.declared.entry(name).or_insert_with(|| hello.statement.clone());
        }
        self.hello = hello.or(self.hello.take());
    }

    /// Ends the world and gives what was seen of it.
    pub fn finish(mut self) -> Seen {
        let world = self.world();
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

    /// What the world is.
    pub(crate) fn world(&self) -> WorldFacts {
        let sandbox = self.home.sandbox();
        WorldFacts {
            platform: crate::case::Platform::CURRENT,
            emulator: emulator(),
            provider: self.options.provider.as_str().into(),
            broker: self.options.broker.as_str().into(),
            uid: sandbox::user(),
            umask: sandbox::mask(self.umask),
            home: path_text(&sandbox.home()),
            root: path_text(sandbox.root()),
        }
    }

    /// Why observers saw less than everything so far; those that are not named saw it.
    pub(crate) fn blind(&self) -> BTreeMap<Observer, String> {
        let states = self.states.conclude(&self.log).into_iter();
        let blind = states.filter_map(|(observer, state)| match state {
            ObserverState::Complete { .. } => None,
            ObserverState::Lost { reason } | ObserverState::Unavailable { reason } => {
                Some((observer, reason))
            }
        });
        blind.collect()
    }

    /// Brings the home into a condition, proves it, and starts a session of an adapter in it; what is said in the session
    /// is the caller's affair, and so is its end.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the condition cannot be brought about or is not found, or the session cannot be started.
    pub(crate) fn start(
        &mut self,
        adapter: &AdapterCommand,
        condition: Condition,
        session: SessionIndex,
    ) -> Result<Live, StageError> {
        self.options.interruption.check()?;
        self.premises_mut(Place::Home).set(condition)?;
        let performance = Performance { condition, ..Performance::new(session, adapter, &[]) };
        self.prove(&performance)?;
        self.authority.set_session(Some(session));
        let door = self.home.admit(&performance, None, None)?;
        let (spec, tag) = self.session_spec(adapter, Place::Home, &door);
        let scans_output = !self.states.is_unavailable(Observer::Output);
        let gate = OpenGate::shared();
        let live = Live::start(&self.options.harness, &spec, tag, session, &self.log, scans_output, &gate)?;
        Ok(live.behind(door).heeding(self.options.interruption))
    }

    /// Takes note of the end of a session that [`Stage::start`] began.
    pub(crate) fn note(&mut self, session: SessionIndex, closed: &Closed) {
        self.authority.set_session(None);
        closed.lost.iter().cloned().for_each(|lost| self.states.lose(lost));
        if closed.was_started() {
            self.states.note_start(session, &self.log.entries());
        }
    }

    /// Carries all files to a fresh home with a fresh, empty, usable keyring.
    pub(super) fn relocate(&mut self) -> Result<(), StageError> {
        let fresh = Premises::furnish(&self.options, &self.canaries, &self.log)?;
        self.home.relocate(&fresh).map_err(StageError::Relocation)?;
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
                path: path_text(&planted.path),
                what: planted.what,
            };
            self.log.record(Observer::Harness, None, fact);
        }
        Ok(())
    }

    /// Stores an item of somebody else where a fault of a session gives its secret; gives its path.
    fn store_foreign_item(&self, performances: &[Performance<'_>]) -> Result<Option<String>, StageError> {
        let gives_foreign = |performance: &&Performance<'_>| {
            performance.faults.iter().any(|(_, fault)| fault.gives_foreign())
        };
        let Some(performance) = performances.iter().find(gives_foreign) else { return Ok(None) };
        let role = CanaryRole(CanaryRole::FOREIGN.into());
        let canary = self.canaries.text(&role).ok_or(StageError::NoForeignCanary)?;
        let item = self.premises(performance.place).store_foreign(canary)?;
        let fact = Fact::CanaryIssued { role, by: IssuedBy::Plant };
        self.log.record(Observer::Harness, None, fact);
        Ok(Some(item))
    }

    /// Has the harness's own client find the condition, in the environment that the session will have but for its door.
    fn prove(&self, performance: &Performance<'_>) -> Result<(), StageError> {
        let condition = performance.condition;
        let own = performance.adapter.environment.clone();
        let detail = self
            .premises(performance.place)
            .prove(condition, own)
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
            let items = keyring::all(self.home.items());
            let looked =
                items.and_then(|items| keyring::record(items, &scanner, &self.log, session, snapshot));
            self.states.note(looked);
        }
    }

    /// The observer of home, temporary and runtime folder; what else is in the root is the harness's own.
    pub(super) fn file_observer(&self) -> FileObserver {
        let sandbox = self.home.sandbox();
        FileObserver::new([sandbox.home(), sandbox.temporary(), sandbox.runtime()], self.canaries.scanner())
    }

    /// What a session of an adapter is, and the tag that its environment says.
    fn session_spec(&self, adapter: &AdapterCommand, place: Place, door: &Door) -> (SessionSpec, Tag) {
        let tag = Tag::fresh();
        let own = adapter.environment.clone();
        let mut environment = self.premises(place).environment_behind(door, own);
        environment.push(("SEALCHECK_TAG".to_owned(), tag.as_str().to_owned()));
        (self.spec(place, &adapter.program, adapter.arguments.clone(), environment), tag)
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
            attachment: Attachment::Detached,
            disabled: self.options.without.iter().copied().collect(),
            faults: Vec::new(),
            points: Vec::new(),
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
    pub observers: BTreeMap<Observer, ObserverState>,
    /// Everything that was recorded.
    pub evidence: Vec<crate::observation::Evidence>,
}

/// Why a world could not be set up or kept up. These are the harness's troubles, never a verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// All of it is to end early.
    #[error(transparent)]
    Interrupted(#[from] Interrupt),
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
    /// The item whose secret a fault gives could not be stored.
    #[error(transparent)]
    ForeignItem(#[from] ForeignItemError),
    /// A fault gives a foreign secret, and the world has none.
    #[error(
        "a fault gives the secret of another item, and no canary of the role `{}` was made",
        CanaryRole::FOREIGN
    )]
    NoForeignCanary,
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

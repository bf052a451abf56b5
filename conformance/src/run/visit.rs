//! A command of a person's in a world: no adapter, no script, no verdict.

use std::{
    env,
    ffi::CString,
    io, mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use nix::{
    errno::Errno,
    spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn},
    sys::{
        signal::{SigSet, Signal, kill},
        signalfd::SignalFd,
        stat::{Mode, umask},
        wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
    },
    unistd::{AccessFlags, Pid, access},
};

use super::premises::{Premises, PremisesError};
use crate::{
    canary::CanarySet,
    case::{Condition, Platform},
    observation::{Clock, Evidence, EvidenceLog, Observer, SessionEnd, SessionIndex, Snapshot, WorldFacts},
    observe::{FileObserver, Lost, keyring},
    supervisor::{self, Attachment, OpenGate, SessionSpec, Signaller, SpawnError, Supervised},
    world::{
        BrokerKind, ProviderKind,
        bus::{Guest, WireTap},
        condition, emulator,
        sandbox::{self, Sandbox},
    },
};

/// What is to run, and in which world.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The broker.
    pub broker: BrokerKind,
    /// Who plays the keyring.
    pub provider: ProviderKind,
    /// The condition.
    pub condition: Condition,
    /// The file mode creation mask; that of the caller if absent.
    pub umask: Option<u32>,
    /// Variables beside those of the world; `PATH` is one of them.
    pub environment: Vec<(String, String)>,
    /// The program; without a slash it is looked for in the `PATH` above.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How it is watched, if it is.
    pub watch: Option<Watch>,
    /// Whether the folder of the world stays.
    pub keeps_folder: bool,
}

/// How a command is watched.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The program of this harness, which serves as supervisor.
    pub harness: PathBuf,
    /// Where it may change files, beside the world's own folder.
    pub writable: Vec<PathBuf>,
}

/// What came of a visit.
#[derive(Debug)]
pub struct Visited {
    /// How the command ended.
    pub end: VisitEnd,
    /// How the condition was found before it began.
    pub proof: String,
    /// The programs of what still ran when it had ended, and was killed.
    pub left_running: Vec<String>,
    /// What was seen; nothing unless it was watched.
    pub evidence: Vec<Evidence>,
    /// What could not be seen although it was watched.
    pub lost: Vec<Lost>,
    /// What the world was.
    pub world: WorldFacts,
    /// The folder of the world, if it stays.
    pub kept: Option<PathBuf>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VisitEnd {
    /// It exited.
    Exited(i32),
    /// It died by a signal.
    Signalled(i32),
}

/// Makes a world, proves its condition, runs a command in it with the caller's own streams, and removes the world.
///
/// Signals that are meant for the command reach it, and only it: those of the terminal by themselves, others because
/// they are passed on. Call this before any thread is started, for signals are blocked in all of them.
///
/// # Errors
///
/// [`VisitError`]: there is no such program, or no such world can be made.
pub fn visit(visit: &Visit) -> Result<Visited, VisitError> {
    let forwarder = Forwarder::install().map_err(VisitError::Signals)?;
    let log = EvidenceLog::new(Clock::start());
    let mut premises = Premises::open(visit.broker, visit.provider, &log, Arc::new(Deaf))?;
    premises.set(visit.condition)?;
    let own = premises.environment(&premises.bus().client_address(), visit.environment.clone());
    let door = premises.open_door(Guest::session(SESSION))?;
    let environment = premises.environment(&door.client_address(), visit.environment.clone());
    let program = locate(&visit.program, &environment)?;
    let proof = condition::prove(visit.condition, &own)
        .map_err(|found| VisitError::ConditionNotMet { condition: visit.condition, found })?;
    let stay = Stay { visit, program: &program, environment, premises: &premises, log: &log };
    let mut left = match &visit.watch {
        None => stay.alone(&forwarder)?,
        Some(watch) => stay.watched(watch, &forwarder)?,
    };
    drop(door);
    let world = facts(visit, premises.sandbox());
    if visit.watch.is_some() {
        left.lost.extend(look(&premises, &log));
    }
    let (sandbox, finished) = premises.close();
    match visit.watch {
        Some(_) => left.lost.extend(finished.err().map(|reason| Lost { observer: Observer::Bus, reason })),
        // Now that the broker is gone, all that is below this process is what the command left.
        None => {
            left.running = supervisor::running();
            supervisor::end_all();
        }
    }
    Ok(Visited {
        end: left.end,
        proof,
        left_running: left.running,
        evidence: if visit.watch.is_some() { log.entries() } else { Vec::new() },
        lost: left.lost,
        world,
        kept: visit.keeps_folder.then(|| sandbox.keep()),
    })
}

/// A command that is about to run.
struct Stay<'a> {
    visit: &'a Visit,
    program: &'a Path,
    environment: Vec<(String, String)>,
    premises: &'a Premises,
    log: &'a EvidenceLog,
}

/// What a command left.
struct Left {
    end: VisitEnd,
    running: Vec<String>,
    lost: Vec<Lost>,
}

impl Stay<'_> {
    /// Runs the command as a child of this process.
    fn alone(&self, forwarder: &Forwarder) -> Result<Left, VisitError> {
        // Orphans of the command become children of this process, so that none outlives the world.
        nix::sys::prctl::set_child_subreaper(true).map_err(|errno| VisitError::Signals(errno.into()))?;
        let child = self.spawn()?;
        let end = forwarder.wait(child).map_err(|errno| VisitError::Wait(errno.into()))?;
        Ok(Left { end, running: Vec::new(), lost: Vec::new() })
    }

    /// Starts it with the signals of a fresh process; `std` would hand on those that are blocked here.
    fn spawn(&self) -> Result<Pid, VisitError> {
        let failed = |errno: Errno| VisitError::Start { program: self.program.into(), source: errno.into() };
        let text = |text: &str| CString::new(text).map_err(|_zero| failed(Errno::EINVAL));
        let mut arguments = vec![text(&self.visit.program)?];
        for argument in &self.visit.arguments {
            arguments.push(text(argument)?);
        }
        let mut environment = Vec::new();
        for (name, value) in &self.environment {
            environment.push(text(&format!("{name}={value}"))?);
        }
        let mut fresh = PosixSpawnAttr::init().map_err(failed)?;
        fresh
            .set_flags(PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF)
            .map_err(failed)?;
        fresh.set_sigmask(&SigSet::empty()).map_err(failed)?;
        let mut ignored = SigSet::empty();
        // Rust programs ignore it.
        ignored.add(Signal::SIGPIPE);
        fresh.set_sigdefault(&ignored).map_err(failed)?;
        let streams = PosixSpawnFileActions::init().map_err(failed)?;
        let own = self.visit.umask.map(|mask| umask(Mode::from_bits_truncate(mask)));
        let spawned = posix_spawn(self.program, &streams, &fresh, &arguments, &environment);
        if let Some(own) = own {
            umask(own);
        }
        spawned.map_err(failed)
    }

    /// Runs the command under a supervisor.
    fn watched(&self, watch: &Watch, forwarder: &Forwarder) -> Result<Left, VisitError> {
        let mut writable_roots = vec![self.premises.sandbox().root().to_owned()];
        writable_roots.extend(watch.writable.iter().cloned());
        let spec = SessionSpec {
            program: self.program.to_owned(),
            arguments: self.visit.arguments.clone(),
            environment: self.environment.clone(),
            working_directory: env::current_dir().map_err(VisitError::Directory)?,
            umask: self.visit.umask.unwrap_or_else(own_umask),
            writable_roots,
            clock_began: self.log.clock().began(),
            canaries: CanarySet::generate([]),
            attachment: Attachment::Terminal,
            disabled: Vec::new(),
            faults: Vec::new(),
            points: Vec::new(),
        };
        let supervised =
            Supervised::spawn(&watch.harness, &spec, self.log, Some(SESSION), &OpenGate::shared())?;
        forwarder.aim(Target::Supervised(supervised.signaller()));
        let ended = supervised.wait_for_ever();
        let end = match ended.end {
            SessionEnd::Exited { code } => VisitEnd::Exited(code),
            SessionEnd::CannotRunHere => VisitEnd::Exited(CANNOT_RUN_HERE),
            SessionEnd::Signalled { signal } => VisitEnd::Signalled(signal),
            SessionEnd::NotStarted { reason } => return Err(VisitError::NotStarted { reason }),
            SessionEnd::KilledByScript | SessionEnd::KilledByFault | SessionEnd::KilledByHarness { .. } => {
                return Err(VisitError::NotStarted { reason: "its supervisor died".into() });
            }
        };
        let lost = ended.witness.err().map(|reason| Lost { observer: Observer::SystemCalls, reason });
        Ok(Left { end, running: ended.left_running, lost: lost.into_iter().collect() })
    }
}

/// Passes signals on to a command, and keeps this process from dying of them.
struct Forwarder {
    target: Arc<Mutex<Target>>,
}

/// Whom signals are passed on to.
enum Target {
    /// Nobody is there yet; these came already.
    Awaited(Vec<i32>),
    Child(Pid),
    Supervised(Signaller),
    Gone,
}

impl Forwarder {
    /// Blocks the signals in this thread and in all that it starts, and waits for them in one of those.
    fn install() -> io::Result<Self> {
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGTERM] {
            signals.add(signal);
        }
        signals.thread_block()?;
        let announced = SignalFd::new(&signals)?;
        let target = Arc::new(Mutex::new(Target::Awaited(Vec::new())));
        let aimed = Arc::clone(&target);
        thread::Builder::new().name("signals".into()).spawn(move || {
            while let Ok(Some(signal)) = announced.read_signal() {
                // The terminal sends its own to the whole process group, the command included.
                if signal.ssi_code != libc::SI_KERNEL {
                    held(&aimed).pass_on(signal.ssi_signo.cast_signed());
                }
            }
        })?;
        Ok(Self { target })
    }

    /// Says whom to pass signals on to, those included that came before: a command can be quicker than we are here.
    fn aim(&self, target: Target) {
        let mut held = held(&self.target);
        if let Target::Awaited(early) = mem::replace(&mut *held, target) {
            early.into_iter().for_each(|number| held.pass_on(number));
        }
    }

    /// Waits for a child, to whom signals are passed on meanwhile.
    fn wait(&self, child: Pid) -> nix::Result<VisitEnd> {
        self.aim(Target::Child(child));
        // Until it is reaped its number is nobody else's.
        uninterrupted(|| waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT))?;
        *held(&self.target) = Target::Gone;
        match uninterrupted(|| waitpid(child, None))? {
            WaitStatus::Exited(_, code) => Ok(VisitEnd::Exited(code)),
            WaitStatus::Signaled(_, signal, _) => Ok(VisitEnd::Signalled(signal as i32)),
            // Only dead children are waited for.
            _ => Err(Errno::ECHILD),
        }
    }
}

fn uninterrupted<T>(wait: impl Fn() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match wait() {
            Err(Errno::EINTR) => {}
            ended => return ended,
        }
    }
}

impl Target {
    fn pass_on(&mut self, number: i32) {
        match self {
            Self::Awaited(early) => early.push(number),
            Self::Child(pid) => {
                if let Ok(signal) = Signal::try_from(number) {
                    // It is not reaped, so it is there, or dead and about to be.
                    let _dead = kill(*pid, signal);
                }
            }
            Self::Supervised(signaller) => signaller.send(number),
            Self::Gone => {}
        }
    }
}

fn held(target: &Mutex<Target>) -> MutexGuard<'_, Target> {
    target.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path of a program, and that it can be executed.
fn locate(program: &str, environment: &[(String, String)]) -> Result<PathBuf, VisitError> {
    let executable = |path: &Path| path.is_file() && access(path, AccessFlags::X_OK).is_ok();
    if program.contains('/') {
        let path = PathBuf::from(program);
        return match (path.exists(), executable(&path)) {
            (_, true) => Ok(path),
            (true, false) => Err(VisitError::NotExecutable { path }),
            (false, false) => Err(VisitError::NoFile { path }),
        };
    }
    let path = environment.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value.as_str());
    let mut candidates = env::split_paths(path).map(|folder| folder.join(program));
    candidates
        .find(|candidate| executable(candidate))
        .ok_or_else(|| VisitError::NotInPath { program: program.into(), path: path.into() })
}

/// Looks at what is left in the folders and in the keyring.
fn look(premises: &Premises, log: &EvidenceLog) -> Vec<Lost> {
    let sandbox = premises.sandbox();
    let scanner = CanarySet::generate([]).scanner();
    let snapshot = Snapshot::After(SESSION);
    let folders = [sandbox.home(), sandbox.temporary(), sandbox.runtime()];
    let files = FileObserver::new(folders, scanner.clone()).snapshot(log, Some(SESSION), snapshot);
    let items = keyring::all(premises.items());
    let items = items.and_then(|items| keyring::record(items, &scanner, log, Some(SESSION), snapshot));
    [files, items].into_iter().filter_map(Result::err).collect()
}

fn facts(visit: &Visit, sandbox: &Sandbox) -> WorldFacts {
    WorldFacts {
        platform: Platform::CURRENT,
        emulator: emulator(),
        provider: visit.provider.as_str().into(),
        broker: visit.broker.as_str().into(),
        uid: sandbox::user(),
        umask: Some(visit.umask.unwrap_or_else(own_umask)),
        home: sandbox.home().to_string_lossy().into_owned(),
        root: sandbox.root().to_string_lossy().into_owned(),
    }
}

/// The mask of this process, which can only be read by setting it.
fn own_umask() -> u32 {
    let mask = umask(Mode::empty());
    umask(mask);
    mask.bits()
}

/// Nobody searches what crosses the bus: the secrets are the person's own, and nobody here knows them.
struct Deaf;

impl WireTap for Deaf {
    fn bytes(&self, _session: Option<SessionIndex>, _member: &str, _data: &[u8]) {}
}

/// Why there was no visit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError {
    /// There is no such program.
    #[error("there is no program {program:?} in PATH ({path})")]
    NotInPath {
        /// The program.
        program: String,
        /// Where was looked.
        path: String,
    },
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    NoFile {
        /// Which.
        path: PathBuf,
    },
    /// The file is no program.
    #[error("{} cannot be executed", path.display())]
    NotExecutable {
        /// Which.
        path: PathBuf,
    },
    /// The program could not be started.
    #[error("{} could not be started", program.display())]
    Start {
        /// Which.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The program could not be started under its supervisor, or the supervisor died.
    #[error("the command could not be watched: {reason}")]
    NotStarted {
        /// Why.
        reason: String,
    },
    /// The world could not be made.
    #[error(transparent)]
    Premises(#[from] PremisesError),
    /// The supervisor could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The harness's own client found another condition.
    #[error("the world is not in the condition {condition}: {found}")]
    ConditionNotMet {
        /// The condition that was wanted.
        condition: Condition,
        /// What was found instead.
        found: String,
    },
    /// The present folder is gone.
    #[error("the present folder cannot be found")]
    Directory(#[source] io::Error),
    /// Signals could not be passed on.
    #[error("signals cannot be passed on to the command")]
    Signals(#[source] io::Error),
    /// The command could not be waited for.
    #[error("the command could not be waited for")]
    Wait(#[source] io::Error),
}

/// A visit is one session.
const SESSION: SessionIndex = SessionIndex(0);
/// What adapters mean by it is nothing to a command.
const CANNOT_RUN_HERE: i32 = 89;

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt as _, process::Command};

    use super::*;

    #[test]
    fn a_signal_that_came_before_the_command_reaches_it() {
        let mut child = Command::new("sleep").arg("600").spawn().expect("it starts");
        let forwarder = Forwarder { target: Arc::new(Mutex::new(Target::Awaited(Vec::new()))) };
        held(&forwarder.target).pass_on(Signal::SIGTERM as i32);
        forwarder.aim(Target::Child(Pid::from_raw(child.id().cast_signed())));
        assert_eq!(child.wait().expect("it ends").signal(), Some(Signal::SIGTERM as i32));
    }
}

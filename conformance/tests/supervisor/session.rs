//! A world with one session at a time, and what was seen of it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sealcheck::{
    canary::CanarySet,
    case::CanaryRole,
    observation::{
        Clock, Evidence, EvidenceLog, Fact, SessionEnd, SightingPlace, SystemCall, SystemCallKind,
    },
    supervisor::{Attachment, CallGate, Ended, OpenGate, SessionSpec, Supervised},
    world::sandbox::Sandbox,
};

/// What every session is searched for.
pub(crate) const CANARY: &str = "scQ7dKz0vYb3nHxTgLmW5rJ8pE2cUaFs9iNoR4kVtB";

pub(crate) struct World {
    parent: tempfile::TempDir,
    sandbox: Sandbox,
    log: EvidenceLog,
}

pub(crate) struct Session {
    pub(crate) supervised: Supervised,
    pub(crate) stdin: File,
    stdout: Option<File>,
}

pub(crate) struct Run {
    pub(crate) ended: Ended,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) output: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::create(parent.path()).unwrap();
        Self { parent, sandbox, log: EvidenceLog::new(Clock::start()) }
    }

    pub(crate) fn home(&self, name: &str) -> String {
        let home = self.sandbox.home();
        if name == "." { text(&home) } else { text(&home.join(name)) }
    }

    pub(crate) fn outside(&self, name: &str) -> String {
        text(&self.parent.path().canonicalize().unwrap().join(name))
    }

    pub(crate) fn spec(&self, mode: &str, arguments: &[&str]) -> SessionSpec {
        let arguments = [mode].into_iter().chain(arguments.iter().copied()).map(str::to_owned).collect();
        SessionSpec {
            program: own_path().into(),
            arguments,
            environment: self.sandbox.environment([]),
            working_directory: self.sandbox.home(),
            umask: 0o022,
            writable_roots: vec![self.sandbox.root().to_owned()],
            clock_began: self.log.clock().began(),
            canaries: canaries(),
            attachment: Attachment::Detached,
            disabled: vec![],
            faults: vec![],
            points: vec![],
        }
    }

    pub(crate) fn spawn(&self, mode: &str, arguments: &[&str]) -> Session {
        self.spawn_at(&self.spec(mode, arguments), OpenGate::shared())
    }

    pub(crate) fn spawn_at(&self, spec: &SessionSpec, gate: Arc<dyn CallGate>) -> Session {
        let mut supervised = Supervised::spawn(Path::new(&own_path()), spec, &self.log, None, &gate).unwrap();
        let stdin = supervised.take_stdin().unwrap();
        let stdout = Some(supervised.take_stdout().unwrap());
        Session { supervised, stdin, stdout }
    }

    pub(crate) fn run(&self, mode: &str, arguments: &[&str]) -> Run {
        self.run_spec(&self.spec(mode, arguments))
    }

    pub(crate) fn run_spec(&self, spec: &SessionSpec) -> Run {
        let before = self.log.entries().len();
        let mut session = self.spawn_at(spec, OpenGate::shared());
        let mut stderr = session.supervised.take_stderr().unwrap();
        let mut stdout = session.stdout.take().unwrap();
        let ended = session.wait();
        let mut output = String::new();
        // Every process of the session is gone, so both end.
        stdout.read_to_string(&mut output).unwrap();
        let mut errors = String::new();
        stderr.read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "");
        Run { ended, evidence: self.log.entries().split_off(before), output }
    }
}

impl Session {
    /// The process of the session and its supervisor, as the program says.
    pub(crate) fn first_line_of_ids(&mut self) -> (u32, i32, File) {
        let mut reader = BufReader::new(self.stdout.take().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let (own, parent) = line.trim().split_once(' ').unwrap();
        (own.parse().unwrap(), parent.parse().unwrap(), reader.into_inner())
    }

    pub(crate) fn take_stdout(&mut self) -> File {
        self.stdout.take().unwrap()
    }

    pub(crate) fn wait(self) -> Ended {
        self.supervised.wait(Instant::now() + Duration::from_secs(30))
    }
}

impl Run {
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.ended.end, SessionEnd::Exited { code: 0 });
        assert_eq!(self.ended.witness, Ok(()));
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &SystemCall> {
        self.evidence.iter().filter_map(|entry| match &entry.fact {
            Fact::SystemCall(call) => Some(call),
            _ => None,
        })
    }

    pub(crate) fn paths(&self, kind: SystemCallKind) -> Vec<String> {
        self.calls().filter(|call| call.call == kind).map(|call| call.path.clone().unwrap()).collect()
    }

    pub(crate) fn sightings(&self) -> impl Iterator<Item = &SightingPlace> {
        self.evidence.iter().filter_map(|entry| match &entry.fact {
            Fact::CanarySeen { place, .. } => Some(place),
            _ => None,
        })
    }

    pub(crate) fn writes_of_the_canary(&self) -> Vec<(String, u32)> {
        self.sightings()
            .filter_map(|place| match place {
                SightingPlace::Write { path, mode, .. } => Some((path.clone(), *mode)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn assert_canary_is_not_spelled_out(&self) {
        let evidence = serde_json::to_string(&self.evidence).unwrap();
        assert!(!evidence.contains(CANARY));
    }
}

/// Whether a process is gone; one that nobody has reaped yet counts.
pub(crate) fn has_ended(process: u32) -> bool {
    match fs::read_to_string(format!("/proc/{process}/stat")) {
        Ok(status) => status.rsplit(')').next().unwrap().trim_start().starts_with('Z'),
        Err(_) => true,
    }
}

pub(crate) fn own_path() -> String {
    text(&std::env::current_exe().unwrap().canonicalize().unwrap())
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A set whose canary of the role `token` is [`CANARY`].
fn canaries() -> CanarySet {
    let role = CanaryRole("token".into());
    let mut set = serde_json::to_value(CanarySet::generate([role.clone()])).unwrap();
    set["roles"][role.0] = CANARY.into();
    serde_json::from_value(set).unwrap()
}

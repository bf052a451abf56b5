//! Signals that come before a command is done: nothing of it is left, and nothing passes for a whole run.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        stat::Mode,
    },
    unistd::{Pid, mkfifo},
};
use sealcheck::{record::read_results, supervisor};
use tempfile::TempDir;

use crate::program::{Test, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = tests![
        an_interrupt_ends_what_waits_for_a_session_and_leaves_nothing,
        an_interrupt_ends_a_matrix_of_mutants_and_leaves_nothing,
        a_run_that_is_interrupted_leaves_results_that_are_refused,
        a_second_interrupt_ends_it_at_once,
    ]
    .into();
    let lacks = match (supervisor::probe(), is_ignored(Signal::SIGINT)) {
        (Err(_), _) => Some("sessions cannot be supervised here"),
        (Ok(_), true) => Some("interrupts are ignored here"),
        (Ok(_), false) => None,
    };
    let lacks = lacks.or((!runs("dbus-daemon")).then_some("dbus-daemon is not installed"));
    tests.iter_mut().for_each(|test| test.lacks = lacks);
    tests
}

fn an_interrupt_ends_what_waits_for_a_session_and_leaves_nothing() {
    let recording = format!(
        "{}/../fixtures/recordings/reference--fail-closed--no-bus.rec.json",
        env!("CARGO_MANIFEST_DIR")
    );
    for arguments in [
        &["run", "--jobs", "2", "--broker", "dbus-daemon", "--select", "naming/*", "--no-baseline"][..],
        &["sweep", "--jobs", "2", "--broker", "dbus-daemon", "--script", "save", "--format", "json"],
        &["adapter", "check", "--broker", "dbus-daemon", "--format", "json"],
        &["replay", &recording, "--format", "json"],
    ] {
        let scene = Scene::set();
        let (results, report, kept) = (scene.path("results"), scene.path("junit.xml"), scene.path("kept"));
        let mut command = scene.sealcheck(arguments);
        command.arg("--adapter-dir").arg(scene.waiting_adapter());
        if arguments[0] == "run" {
            command.arg("--results").arg(&results).arg("--record").arg(&kept).arg("--record-all");
            command.arg("--report").arg(format!("junit={}", report.display()));
        }
        let running = command.spawn().expect("the program can be started");
        // An adapter reads it: this session has begun, and never goes on.
        let _held = File::options().write(true).open(scene.gate()).expect("it can be opened");
        assert!(!scene.is_empty() && !scene.processes().is_empty(), "nothing is there to be left");
        let interrupted = Instant::now();
        let ended = Ended::by(Signal::SIGINT, running);
        assert!(interrupted.elapsed() < LESS_THAN_ANY_DEADLINE, "{arguments:?} waited for the session");
        ended.assert(130, "SIGINT");
        scene.assert_empty();
        if arguments[0] == "run" {
            assert_cut_off(&fs::read(&results).expect("it was made before the run"));
            assert_eq!(fs::read(&report).expect("it was made before the run"), b"");
            assert_eq!(fs::read_dir(&kept).expect("it was made before the run").count(), 0);
        }
    }
}

fn an_interrupt_ends_a_matrix_of_mutants_and_leaves_nothing() {
    let scene = Scene::set();
    let mut command = scene.sealcheck(&["mutants", "--jobs", "2", "-v"]);
    let mut running = command.spawn().expect("the program can be started");
    let mut said = BufReader::new(running.stderr.take().expect("it is a pipe"));
    let mut line = String::new();
    while !line.contains(" begins") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("it is text"), 0, "no case began");
    }
    kill(pid(&running), Signal::SIGHUP).expect("it runs");
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("it is text");
    assert_eq!(running.wait().expect("it is a child").code(), Some(129), "{rest}");
    assert!(rest.ends_with(&complaint("SIGHUP")), "{rest}");
    scene.assert_empty();
}

fn a_run_that_is_interrupted_leaves_results_that_are_refused() {
    let scene = Scene::set();
    let pipe = scene.path("results");
    mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe can be made");
    let mut command = scene.sealcheck(&["run", "--jobs", "2", "--broker", "dbus-daemon"]);
    let running = command.arg("--results").arg(&pipe).spawn().expect("the program can be started");
    let mut results = BufReader::new(File::open(&pipe).expect("it can be opened"));
    // The header comes with the first result.
    let mut text = Vec::new();
    results.read_until(b'\n', &mut text).expect("it can be read");
    assert!(!text.is_empty(), "the run did not begin");
    kill(pid(&running), Signal::SIGTERM).expect("it runs");
    results.read_to_end(&mut text).expect("it can be read");
    Ended::of(running).assert(143, "SIGTERM");
    assert_cut_off(&text);
    scene.assert_empty();
}

/// It waits for a reader of its results, which never comes, so that the first signal does not end it.
fn a_second_interrupt_ends_it_at_once() {
    let scene = Scene::set();
    let pipe = scene.path("results");
    mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe can be made");
    let mut running =
        scene.sealcheck(&["run"]).arg("--results").arg(&pipe).spawn().expect("the program can be started");
    let began = Instant::now();
    while signals(running.id(), "SigCgt") & bit(Signal::SIGINT) == 0 {
        assert!(began.elapsed() < PATIENCE, "it does not heed interrupts");
        thread::yield_now();
    }
    let status = loop {
        if let Some(status) = running.try_wait().expect("it is a child") {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "it does not end");
        kill(pid(&running), Signal::SIGINT).expect("it is not reaped");
        thread::yield_now();
    };
    assert_eq!(status.code(), Some(130));
}

/// A folder for worlds, and one for everything else.
struct Scene {
    worlds: TempDir,
    folder: TempDir,
}

impl Scene {
    fn set() -> Self {
        let folder = || tempfile::Builder::new().prefix("sc").tempdir().expect("a folder can be made");
        Self { worlds: folder(), folder: folder() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sealcheck(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
        command.args(arguments).env("TMPDIR", self.worlds.path()).env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What the waiting adapter waits for.
    fn gate(&self) -> PathBuf {
        self.path("gate")
    }

    /// The folder of an adapter that waits for a line of a pipe before it answers.
    fn waiting_adapter(&self) -> PathBuf {
        mkfifo(&self.gate(), Mode::S_IRWXU).expect("a pipe can be made");
        let folder = self.path("sh-waiting");
        let script = format!("read -r line <'{}'", self.gate().display());
        let manifest = format!(
            "name = \"sh-waiting\"\nlanguage = \"sh\"\nlibrary = \"none\"\nsummary = \"Waits.\"\n\
             platforms = [\"linux\"]\nprogram = \"/bin/sh\"\narguments = [\"-c\", {script:?}]\n"
        );
        fs::create_dir(&folder).expect("a folder can be made");
        fs::write(folder.join("adapter.toml"), manifest).expect("a manifest can be written");
        folder
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.worlds.path()).expect("it is a folder").next().is_none()
    }

    /// The processes that know of the folder for worlds: by their environment, as the program and its daemons, or by
    /// their command line.
    fn processes(&self) -> Vec<String> {
        let text = self.worlds.path().to_str().expect("it is text").as_bytes();
        let processes = fs::read_dir("/proc").expect("there is a /proc").filter_map(Result::ok);
        let found = processes.filter(|process| {
            ["cmdline", "environ"].into_iter().any(|file| {
                fs::read(process.path().join(file))
                    .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text))
            })
        });
        found.map(|process| fs::read_to_string(process.path().join("comm")).unwrap_or_default()).collect()
    }

    fn assert_empty(&self) {
        let left = fs::read_dir(self.worlds.path()).expect("it is a folder");
        let left: Vec<_> = left.map(|entry| entry.expect("it can be read").path()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
        assert_eq!(self.processes(), Vec::<String>::new());
    }
}

/// A program that ended, and what it said.
struct Ended {
    status: ExitStatus,
    report: String,
    errors: String,
}

impl Ended {
    fn by(signal: Signal, running: Child) -> Self {
        kill(pid(&running), signal).expect("it runs");
        Self::of(running)
    }

    fn of(running: Child) -> Self {
        let output = running.wait_with_output().expect("it is a child");
        Self { status: output.status, report: text(&output.stdout), errors: text(&output.stderr) }
    }

    fn assert(&self, code: i32, signal: &str) {
        assert_eq!(self.status.code(), Some(code), "{}\n{}", self.report, self.errors);
        assert_eq!((self.report.as_str(), self.errors.as_str()), ("", complaint(signal).as_str()));
    }
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn assert_cut_off(results: &[u8]) {
    let refused = read_results(results, "run.jsonl").expect_err("half a run is no run").to_string();
    assert!(refused.contains("cut off") || results.is_empty(), "{refused}");
}

fn complaint(signal: &str) -> String {
    format!("error: interrupted by {signal}; nothing was judged completely\n")
}

fn pid(running: &Child) -> Pid {
    Pid::from_raw(running.id().try_into().expect("it is the number of a process"))
}

fn is_ignored(signal: Signal) -> bool {
    signals(std::process::id(), "SigIgn") & bit(signal) != 0
}

/// A set of signals of a process, by its name in `/proc`.
fn signals(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))
        .expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    u64::from_str_radix(line.expect("there is such a set").trim(), 16).expect("it is a number")
}

fn bit(signal: Signal) -> u64 {
    1 << (signal as i32 - 1)
}

/// A session may take longer to answer than that, and so may nothing else.
const LESS_THAN_ANY_DEADLINE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(60);

//! A folder for one test's caches, and the processes that use it.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::job;

/// The local application data of a user of the tests.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn data(&self) -> &Path {
        self.0.path()
    }

    /// The folder of the caches.
    pub(crate) fn directory(&self) -> PathBuf {
        self.data().join(".IdentityService")
    }

    /// A file of the cache: the protected one, or another with this at its end.
    pub(crate) fn file(&self, end: &str) -> PathBuf {
        self.directory().join(format!("test.nocae{end}"))
    }

    /// The other process, not started yet.
    pub(crate) fn command(&self, job: &str) -> Command {
        let mut command = Command::new(env::current_exe().expect("this program has a path"));
        command.env(job::VARIABLE, job).env("LOCALAPPDATA", self.data());
        command
    }

    pub(crate) fn start(&self, job: &str) -> Other {
        Other::start(self.command(job))
    }

    /// What the other process says of its job at its end.
    pub(crate) fn result(&self, job: &str) -> String {
        self.start(job).line()
    }
}

/// Another process; killed when dropped.
pub(crate) struct Other {
    child: Child,
    _input: ChildStdin,
    lines: Receiver<String>,
}

impl Other {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this program starts");
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Self { child, _input: input.expect("it is a pipe"), lines: lines(output.expect("it is a pipe")) }
    }

    /// Its next line.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(LONGEST).expect("it says something in time")
    }

    /// Kills it, and gives what it had said and nobody had read.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it was alive");
        self.child.wait().expect("it ended");
        self.lines.iter().collect()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (said, lines) = mpsc::channel();
    thread::spawn(move || {
        let read = BufReader::new(output).lines().map_while(Result::ok);
        // Whoever no longer listens has seen enough.
        read.map(|line| said.send(line)).take_while(Result::is_ok).count()
    });
    lines
}

const LONGEST: Duration = Duration::from_secs(120);

//! The harness's side of a supervised session.

use std::{
    io::{self, BufReader},
    net::Shutdown,
    os::{
        fd::{OwnedFd, RawFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use command_fds::{CommandFdExt, FdMapping};

use super::{
    SessionSpec,
    wire::{self, Command, Record, Report},
};
use crate::observation::{EvidenceLog, SessionEnd, SessionIndex};

/// A session under a supervisor.
///
/// Dropping it kills every process of the session and waits until they are gone.
#[derive(Debug)]
pub struct Supervised {
    supervisor: Child,
    control: UnixStream,
    stdin: Option<OwnedFd>,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    reader: Option<JoinHandle<()>>,
    report: Receiver<Result<Report, String>>,
    killed: Option<Kill>,
}

/// Why a session is killed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kill {
    /// The script says so.
    Script,
    /// The harness gives up on it.
    Harness {
        /// Why.
        reason: String,
    },
}

/// How a session ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// How its first process ended.
    pub end: SessionEnd,
    /// CapEff of its first process, hexadecimal; `None` if it never ran.
    pub effective_capabilities: Option<String>,
    /// Whether the witness saw everything; else what it lost.
    pub witness: Result<(), String>,
}

/// Why no supervisor could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The process could not be made.
    #[error("the supervisor {program:?} could not be started: {source}")]
    Start {
        /// The harness's own binary.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The process did not take its orders.
    #[error("the supervisor did not take its orders: {0}; is the binary the harness itself?")]
    Orders(#[source] io::Error),
}

impl Supervised {
    /// Starts a session; what is seen of it goes to the log.
    ///
    /// A program that cannot be executed is no error here but [`SessionEnd::NotStarted`] at the end.
    ///
    /// # Errors
    ///
    /// [`SpawnError`].
    pub fn spawn(
        harness_binary: &Path,
        spec: &SessionSpec,
        log: &EvidenceLog,
        session: Option<SessionIndex>,
    ) -> Result<Self, SpawnError> {
        let failed = |source| SpawnError::Start { program: harness_binary.to_owned(), source };
        let (control, theirs) = UnixStream::pair().map_err(failed)?;
        let reading = control.try_clone().map_err(failed)?;
        let mut process = Process::new(harness_binary);
        process.arg(SUBCOMMAND).env_clear().current_dir("/");
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mapping = FdMapping { parent_fd: theirs.into(), child_fd: CONTROL_DESCRIPTOR };
        process.fd_mappings(vec![mapping]).map_err(|collision| failed(io::Error::other(collision)))?;
        let mut supervisor = process.spawn().map_err(failed)?;
        // The command owns the other end of the socket: while it lives, the supervisor's end would go unnoticed.
        drop(process);
        let (sender, report) = mpsc::channel();
        let log = log.clone();
        let reader = std::thread::spawn(move || {
            // The receiver is gone only if nobody wants to know.
            let _unwanted = sender.send(read_records(reading, &log, session));
        });
        let supervised = Self {
            stdin: supervisor.stdin.take().map(OwnedFd::from),
            stdout: supervisor.stdout.take().map(OwnedFd::from),
            stderr: supervisor.stderr.take().map(OwnedFd::from),
            supervisor,
            control,
            reader: Some(reader),
            report,
            killed: None,
        };
        let orders = Command::Start(Box::new(spec.clone()));
        wire::send(&supervised.control, &orders).map_err(SpawnError::Orders)?;
        Ok(supervised)
    }

    /// The writing end of the adapter's standard input; once.
    pub fn take_stdin(&mut self) -> Option<OwnedFd> {
        self.stdin.take()
    }

    /// The reading end of the adapter's standard output; once.
    pub fn take_stdout(&mut self) -> Option<OwnedFd> {
        self.stdout.take()
    }

    /// The reading end of the adapter's standard error; once.
    pub fn take_stderr(&mut self) -> Option<OwnedFd> {
        self.stderr.take()
    }

    /// Kills every process of the session. The first reason is kept.
    pub fn kill(&mut self, why: Kill) {
        self.killed.get_or_insert(why);
        // A supervisor that is gone has no session left to kill.
        let _gone = wire::send(&self.control, &Command::Kill);
    }

    /// Waits until every process of the session is gone and everything that was seen is in the log.
    ///
    /// At the deadline the session is killed.
    pub fn wait(mut self, deadline: Instant) -> Ended {
        // An adapter that waits for the end of its input must get it.
        self.stdin = None;
        let until = deadline.saturating_duration_since(Instant::now());
        let report = match self.report.recv_timeout(until) {
            Ok(report) => report,
            Err(RecvTimeoutError::Timeout) => {
                self.kill(Kill::Harness { reason: "it did not end before the deadline".into() });
                self.report
                    .recv_timeout(KILL_TIME)
                    .unwrap_or_else(|_| Err("the supervisor did not end the session".into()))
            }
            Err(RecvTimeoutError::Disconnected) => Err("the supervisor ended without a report".into()),
        };
        self.end(report)
    }

    fn end(&mut self, report: Result<Report, String>) -> Ended {
        self.dispose();
        match report {
            Ok(Report { end, effective_capabilities, lost }) => {
                Ended { end: self.name(end), effective_capabilities, witness: lost.map_or(Ok(()), Err) }
            }
            Err(reason) => Ended {
                end: SessionEnd::KilledByHarness { reason: reason.clone() },
                effective_capabilities: None,
                witness: Err(reason),
            },
        }
    }

    /// What the end of the first process means, for the harness knows whether it was its own doing.
    fn name(&self, end: SessionEnd) -> SessionEnd {
        match (end, &self.killed) {
            (SessionEnd::Signalled { signal: libc::SIGKILL }, Some(Kill::Script)) => {
                SessionEnd::KilledByScript
            }
            (SessionEnd::Signalled { signal: libc::SIGKILL }, Some(Kill::Harness { reason })) => {
                SessionEnd::KilledByHarness { reason: reason.clone() }
            }
            (SessionEnd::Exited { code: EXIT_CANNOT_RUN_HERE }, _) => SessionEnd::CannotRunHere,
            (end, _) => end,
        }
    }

    /// Ends the supervisor, which has nothing left to do, and the thread that listens to it.
    fn dispose(&mut self) {
        let _closed = self.control.shutdown(Shutdown::Both);
        let _gone = self.supervisor.kill();
        let _reaped = self.supervisor.wait();
        if let Some(reader) = self.reader.take() {
            let _panicked = reader.join();
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if self.reader.is_none() {
            return;
        }
        // The supervisor reads the end of its commands, kills the session, and reports.
        let _closed = self.control.shutdown(Shutdown::Write);
        let _ended = self.report.recv_timeout(KILL_TIME);
        self.dispose();
    }
}

fn read_records(
    socket: UnixStream,
    log: &EvidenceLog,
    session: Option<SessionIndex>,
) -> Result<Report, String> {
    let mut reader = BufReader::new(socket);
    loop {
        match wire::receive(&mut reader) {
            Ok(Some(Record::Seen { at, observer, fact })) => {
                log.record_at(at, observer, session, fact);
            }
            Ok(Some(Record::Ended(report))) => return Ok(report),
            Ok(None) => return Err("the supervisor ended without a report".into()),
            Err(error) => return Err(format!("the supervisor's record could not be read: {error}")),
        }
    }
}

/// The number under which a supervisor inherits its end of the control socket.
pub(super) const CONTROL_DESCRIPTOR: RawFd = 3;

const SUBCOMMAND: &str = "supervise";
/// The adapter's way to say that it cannot run on this machine.
const EXIT_CANNOT_RUN_HERE: i32 = 89;
/// Killing takes milliseconds; a process in an uninterruptible wait takes longer.
const KILL_TIME: Duration = Duration::from_secs(10);

//! The harness's side of a supervised session.

use std::{
    fs::File,
    io::{self, BufReader},
    net::Shutdown,
    os::{
        fd::{OwnedFd, RawFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use command_fds::{CommandFdExt, FdMapping};
use nix::unistd::Pid;

use super::{
    super::{Attachment, CallGate, CallPoint, Ended, Kill, SessionSpec},
    descendants,
    wire::{self, Command, Record, Report},
};
use crate::observation::{EvidenceLog, SessionEnd, SessionIndex};

/// A session under a supervisor.
///
/// Dropping it kills every process of the session and waits until they are gone.
#[derive(Debug)]
pub struct Supervised {
    supervisor: Child,
    control: Control,
    stdin: Option<File>,
    stdout: Option<File>,
    stderr: Option<File>,
    reader: Option<JoinHandle<()>>,
    report: Receiver<Result<Report, String>>,
    killed: Option<Kill>,
}

/// Sends signals to the first process of a session.
#[derive(Debug)]
pub struct Signaller(Control);

impl Signaller {
    /// Sends a signal by its number.
    pub fn send(&self, number: i32) {
        // A supervisor that is gone has no session left.
        let _gone = self.0.send(&Command::Signal { number });
    }
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
    /// Starts a session; what is seen of it goes to the log, and where it has come to the gate.
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
        gate: &Arc<dyn CallGate>,
    ) -> Result<Self, SpawnError> {
        let failed = |source| SpawnError::Start { program: harness_binary.to_owned(), source };
        let (control, theirs) = UnixStream::pair().map_err(failed)?;
        let reading = control.try_clone().map_err(failed)?;
        let mut process = Process::new(harness_binary);
        process.arg(SUBCOMMAND).env_clear().current_dir("/");
        let stream = || match spec.attachment {
            Attachment::Detached => Stdio::piped(),
            Attachment::Terminal => Stdio::inherit(),
        };
        process.stdin(stream()).stdout(stream()).stderr(stream());
        let mapping = FdMapping { parent_fd: theirs.into(), child_fd: CONTROL_DESCRIPTOR };
        process.fd_mappings(vec![mapping]).map_err(|collision| failed(io::Error::other(collision)))?;
        let mut supervisor = process.spawn().map_err(failed)?;
        // The command owns the other end of the socket: while it lives, the supervisor's end would go unnoticed.
        drop(process);
        let (sender, report) = mpsc::channel();
        let control = Control(Arc::new(Mutex::new(control)));
        let visits = Visits { points: spec.points.clone(), gate: gate.clone(), control: control.clone() };
        let log = log.clone();
        let reader = std::thread::spawn(move || {
            // The receiver is gone only if nobody wants to know.
            let _unwanted = sender.send(read_records(reading, &log, session, &visits));
        });
        let supervised = Self {
            stdin: supervisor.stdin.take().map(file),
            stdout: supervisor.stdout.take().map(file),
            stderr: supervisor.stderr.take().map(file),
            supervisor,
            control,
            reader: Some(reader),
            report,
            killed: None,
        };
        let orders = Command::Start(Box::new(spec.clone()));
        supervised.control.send(&orders).map_err(SpawnError::Orders)?;
        Ok(supervised)
    }

    /// The writing end of the adapter's standard input; once, and only of a session that is detached.
    pub fn take_stdin(&mut self) -> Option<File> {
        self.stdin.take()
    }

    /// The reading end of the adapter's standard output; once, and only of a session that is detached.
    pub fn take_stdout(&mut self) -> Option<File> {
        self.stdout.take()
    }

    /// The reading end of the adapter's standard error; once, and only of a session that is detached.
    pub fn take_stderr(&mut self) -> Option<File> {
        self.stderr.take()
    }

    /// A handle for sending signals to the session from another thread.
    pub fn signaller(&self) -> Signaller {
        Signaller(self.control.clone())
    }

    /// Kills every process of the session. The first reason is kept.
    pub fn kill(&mut self, why: Kill) {
        self.killed.get_or_insert(why);
        // A supervisor that is gone has no session left to kill.
        let _gone = self.control.send(&Command::Kill);
    }

    /// The programs of what runs below the session's first process.
    pub(crate) fn running_beside(&self, first: u32) -> Vec<String> {
        i32::try_from(first)
            .map_or_else(|_no_process| Vec::new(), |first| descendants::running_below(Pid::from_raw(first)))
    }

    /// Waits for as long as the session lasts, whatever that is.
    ///
    /// Its standard input must be its own affair, as in a session that has the harness's.
    pub fn wait_for_ever(mut self) -> Ended {
        let report = self.report.recv();
        self.end(report.unwrap_or_else(|_gone| Err("the supervisor ended without a report".into())))
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
            Ok(Report { end, effective_capabilities, left_running, lost }) => Ended {
                end: self.name(end),
                effective_capabilities,
                left_running,
                witness: lost.map_or(Ok(()), Err),
            },
            Err(reason) => Ended {
                end: SessionEnd::KilledByHarness { reason: reason.clone() },
                effective_capabilities: None,
                left_running: Vec::new(),
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
        self.control.close(Shutdown::Both);
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
        self.control.close(Shutdown::Write);
        let _ended = self.report.recv_timeout(KILL_TIME);
        self.dispose();
    }
}

/// A pipe, as a file.
fn file(pipe: impl Into<OwnedFd>) -> File {
    File::from(pipe.into())
}

/// The way to a supervisor, for whoever has something to say.
#[derive(Clone, Debug)]
struct Control(Arc<Mutex<UnixStream>>);

impl Control {
    fn send(&self, command: &Command) -> io::Result<()> {
        wire::send(&*self.socket(), command)
    }

    fn close(&self, how: Shutdown) {
        // A socket whose other end is gone is as closed as can be.
        let _gone = self.socket().shutdown(how);
    }

    fn socket(&self) -> MutexGuard<'_, UnixStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happens at the points of a session.
struct Visits {
    points: Vec<CallPoint>,
    gate: Arc<dyn CallGate>,
    control: Control,
}

impl Visits {
    /// Asks the gate on a thread of its own, since other calls may come to other points meanwhile.
    fn reached(&self, point: usize) {
        let Some(CallPoint { call, nth }) = self.points.get(point).copied() else { return };
        let (gate, control) = (self.gate.clone(), self.control.clone());
        std::thread::spawn(move || {
            gate.before(call, nth);
            // The session may have been killed meanwhile.
            let _gone = control.send(&Command::Release { point });
        });
    }

    fn passed(&self, point: usize) {
        if let Some(CallPoint { call, nth }) = self.points.get(point).copied() {
            self.gate.after(call, nth);
        }
    }
}

fn read_records(
    socket: UnixStream,
    log: &EvidenceLog,
    session: Option<SessionIndex>,
    visits: &Visits,
) -> Result<Report, String> {
    let mut reader = BufReader::new(socket);
    loop {
        match wire::receive(&mut reader) {
            Ok(Some(Record::Seen { at, observer, fact })) => {
                log.record_at(at, observer, session, fact);
            }
            Ok(Some(Record::Reached { point })) => visits.reached(point),
            Ok(Some(Record::Passed { point })) => visits.passed(point),
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

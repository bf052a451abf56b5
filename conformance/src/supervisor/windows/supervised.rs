//! One session.

use std::{
    convert::Infallible,
    fs::File,
    io,
    os::windows::io::OwnedHandle,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    super::{Attachment, CallGate, Ended, Kill, SessionSpec},
    job::Job,
};
use crate::observation::{EvidenceLog, SessionEnd, SessionIndex};

/// A session in a job.
///
/// Dropping it ends every process of the session and waits until they are gone.
#[derive(Debug)]
pub struct Supervised {
    job: Arc<Job>,
    stdin: Option<File>,
    stdout: Option<File>,
    stderr: Option<File>,
    watch: Option<JoinHandle<()>>,
    report: Receiver<Report>,
    killed: Option<Kill>,
}

/// How a session ended.
#[derive(Debug)]
struct Report {
    end: Result<SessionEnd, String>,
    left_running: Vec<String>,
}

/// Why no session can be kept together on this machine: there is no such reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(Infallible);

/// Says how sessions are kept together: every Windows has jobs.
///
/// # Errors
///
/// None.
pub fn probe() -> Result<&'static str, Unavailable> {
    Ok("a job holds the processes of a session together")
}

/// Why no session could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// There is no job for it.
    #[error("the job of a session could not be made")]
    Job(#[source] io::Error),
    /// It asks for what only a witness of system calls can do.
    #[error("no session on Windows can be disturbed or held at its system calls")]
    NoWitness,
}

impl Supervised {
    /// Starts a session. Nothing is seen of it until its end, so that neither log nor gate hears of anything.
    ///
    /// A program that cannot be executed is no error here but [`SessionEnd::NotStarted`] at the end.
    ///
    /// # Errors
    ///
    /// [`SpawnError`].
    pub fn spawn(
        _harness_binary: &Path,
        spec: &SessionSpec,
        _log: &EvidenceLog,
        _session: Option<SessionIndex>,
        _gate: &Arc<dyn CallGate>,
    ) -> Result<Self, SpawnError> {
        if !spec.faults.is_empty() || !spec.points.is_empty() {
            return Err(SpawnError::NoWitness);
        }
        let job = Arc::new(Job::new().map_err(SpawnError::Job)?);
        let (sender, report) = mpsc::channel();
        let mut supervised =
            Self { job, stdin: None, stdout: None, stderr: None, watch: None, report, killed: None };
        match supervised.job.spawn(&mut command(spec)) {
            Ok(mut child) => {
                supervised.stdin = child.stdin.take().map(file);
                supervised.stdout = child.stdout.take().map(file);
                supervised.stderr = child.stderr.take().map(file);
                let job = Arc::clone(&supervised.job);
                supervised.watch = Some(thread::spawn(move || {
                    // The receiver is gone only if nobody wants to know.
                    let _unwanted = sender.send(watch(child, &job));
                }));
            }
            Err(error) => {
                let end = SessionEnd::NotStarted { reason: not_started(&spec.program, &error) };
                let _listens = sender.send(Report { end: Ok(end), left_running: Vec::new() });
                supervised.lead_nowhere(spec.attachment).map_err(SpawnError::Job)?;
            }
        }
        Ok(supervised)
    }

    /// Streams of a session that never began: nobody reads, and nothing comes.
    fn lead_nowhere(&mut self, attachment: Attachment) -> io::Result<()> {
        match attachment {
            Attachment::Detached => {
                let (_, input) = io::pipe()?;
                let (output, _) = io::pipe()?;
                let (errors, _) = io::pipe()?;
                (self.stdin, self.stdout, self.stderr) =
                    (Some(file(input)), Some(file(output)), Some(file(errors)));
            }
            Attachment::Terminal => {}
        }
        Ok(())
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

    /// Ends every process of the session. The first reason is kept.
    pub fn kill(&mut self, why: Kill) {
        self.killed.get_or_insert(why);
        // A job without processes has none to end.
        let _empty = self.job.terminate(KILLED);
    }

    /// The programs that run in the session beside its first process.
    pub(crate) fn running_beside(&self, first: u32) -> Vec<String> {
        // What cannot be listed is found at the end, when it is waited for.
        self.job.running_but(Some(first)).unwrap_or_default()
    }

    /// Waits until every process of the session is gone.
    ///
    /// At the deadline the session is killed.
    pub fn wait(mut self, deadline: Instant) -> Ended {
        // An adapter that waits for the end of its input must get it.
        self.stdin = None;
        let until = deadline.saturating_duration_since(Instant::now());
        let report = match self.report.recv_timeout(until) {
            Err(RecvTimeoutError::Timeout) => {
                self.kill(Kill::Harness { reason: "it did not end before the deadline".into() });
                self.report.recv_timeout(KILL_TIME)
            }
            received => received,
        };
        let Report { end, left_running } = report.unwrap_or_else(|_silent| Report {
            end: Err("the session could not be ended".into()),
            left_running: Vec::new(),
        });
        let end = match end {
            Ok(end) => self.name(end),
            Err(reason) => SessionEnd::KilledByHarness { reason },
        };
        // What nobody watches is not lost: the observers that would watch it say that they do not.
        Ended { end, effective_capabilities: None, left_running, witness: Ok(()) }
    }

    /// What the end of the first process means, for the harness knows whether it was its own doing.
    fn name(&self, end: SessionEnd) -> SessionEnd {
        match (end, &self.killed) {
            (SessionEnd::Exited { code: KILLED_EXIT }, Some(Kill::Script)) => SessionEnd::KilledByScript,
            (SessionEnd::Exited { code: KILLED_EXIT }, Some(Kill::Harness { reason })) => {
                SessionEnd::KilledByHarness { reason: reason.clone() }
            }
            (SessionEnd::Exited { code: EXIT_CANNOT_RUN_HERE }, _) => SessionEnd::CannotRunHere,
            (end, _) => end,
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        let Some(watch) = self.watch.take() else { return };
        let _empty = self.job.terminate(KILLED);
        if self.job.wait_until_empty(Instant::now() + KILL_TIME).is_ok() {
            let _panicked = watch.join();
        }
    }
}

/// Waits for the first process, ends what it left, and waits for that too.
fn watch(mut child: Child, job: &Job) -> Report {
    let end = match child.wait() {
        // Every process has an exit code there, those that crash too.
        Ok(status) => Ok(SessionEnd::Exited { code: status.code().unwrap_or_default() }),
        Err(error) => Err(format!("the end of the session's first process is unknown: {error}")),
    };
    let (left_running, end) = match job.running() {
        Ok(running) => (running, end),
        Err(error) => (Vec::new(), end.and(Err(format!("what still runs is unknown: {error}")))),
    };
    let _empty = job.terminate(KILLED);
    let end = match job.wait_until_empty(Instant::now() + KILL_TIME) {
        Ok(()) => end,
        Err(error) => Err(format!("what the session left running did not end: {error}")),
    };
    Report { end, left_running }
}

fn command(spec: &SessionSpec) -> Command {
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.arguments)
        .env_clear()
        .envs(spec.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&spec.working_directory);
    let stream = || match spec.attachment {
        Attachment::Detached => Stdio::piped(),
        Attachment::Terminal => Stdio::inherit(),
    };
    command.stdin(stream()).stdout(stream()).stderr(stream());
    command
}

fn not_started(program: &Path, error: &io::Error) -> String {
    format!("{} could not be started: {error}", program.display())
}

/// A pipe, as a file.
fn file(pipe: impl Into<OwnedHandle>) -> File {
    File::from(pipe.into())
}

/// What ends with this exit code was ended by the harness, for nobody else uses it.
const KILLED: u32 = 0xE5EA_1C8C;
const KILLED_EXIT: i32 = KILLED.cast_signed();
/// The adapter's way to say that it cannot run on this machine.
const EXIT_CANNOT_RUN_HERE: i32 = 89;
const KILL_TIME: Duration = Duration::from_secs(10);

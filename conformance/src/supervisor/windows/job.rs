//! Processes that end together.

use std::{
    io,
    os::windows::{
        io::{AsHandle as _, OwnedHandle},
        process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::ffi;

/// A job: what is started in it, and whatever that starts, ends when it does, or when this is dropped.
#[derive(Debug)]
pub(crate) struct Job {
    job: OwnedHandle,
    /// Where it says that it is empty.
    port: OwnedHandle,
}

impl Job {
    /// An empty job.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn new() -> io::Result<Self> {
        let job = ffi::create_job()?;
        let port = ffi::create_port(&job)?;
        Ok(Self { job, port })
    }

    /// Starts a program in the job. It does not run before it is in there.
    ///
    /// # Errors
    ///
    /// Those of starting it; then it is not left running.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        let mut child = command.creation_flags(CREATE_SUSPENDED | CREATE_NO_WINDOW).spawn()?;
        let started = ffi::assign(&self.job, child.as_handle()).and_then(|()| ffi::resume(child.id()));
        if let Err(error) = started {
            // It never ran.
            let _gone = child.kill();
            let _reaped = child.wait();
            return Err(error);
        }
        Ok(child)
    }

    /// Ends every process with this exit code.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn terminate(&self, code: u32) -> io::Result<()> {
        ffi::terminate(&self.job, code)
    }

    /// The names of the programs that run in the job, in order.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn running(&self) -> io::Result<Vec<String>> {
        self.running_but(None)
    }

    /// The same without one process.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub(crate) fn running_but(&self, left_out: Option<u32>) -> io::Result<Vec<String>> {
        let others = ffi::processes(&self.job)?.into_iter().filter(|process| Some(*process) != left_out);
        // One that ended meanwhile has no name any more.
        let mut names: Vec<String> =
            others.filter_map(|process| ffi::program(process).ok()).map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Waits until no process is left.
    ///
    /// # Errors
    ///
    /// `TimedOut` at the deadline; else those of the system.
    pub(crate) fn wait_until_empty(&self, deadline: Instant) -> io::Result<()> {
        // The queue may hold messages of earlier times, and one may be lost: what counts is the number.
        while ffi::living(&self.job)? > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let wait = left.min(BETWEEN_LOOKS);
            ffi::next_message(&self.port, u32::try_from(wait.as_millis()).unwrap_or(1).max(1))?;
        }
        Ok(())
    }
}

fn name(program: String) -> String {
    Path::new(&program).file_name().map_or(program.clone(), |name| name.to_string_lossy().into_owned())
}

const CREATE_SUSPENDED: u32 = 0x4;
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

//! Programs of a setup on Windows.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command},
};

use crate::supervisor::Job;

/// A program and all that it starts.
pub(in super::super) struct Group(Job);

impl Group {
    /// Starts a program in a job of its own.
    ///
    /// # Errors
    ///
    /// Those of starting it.
    pub(in super::super) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let job = Job::new()?;
        let child = job.spawn(command)?;
        Ok((child, Self(job)))
    }

    /// Kills what is left of it.
    pub(in super::super) fn kill(&self) {
        // That nothing is left is fine.
        let _gone = self.0.terminate(KILLED);
    }
}

/// The folder of the states of all programs.
pub(in super::super) fn states(absolute: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    absolute("LOCALAPPDATA")
}

/// The variable that says where that is.
pub const STATE_VARIABLES: &str = "LOCALAPPDATA";

/// Makes a program of a file: its name does.
pub(in super::super) fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

const KILLED: u32 = 1;

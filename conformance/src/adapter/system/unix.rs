//! Programs of a setup on Unix.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// A program and all that it starts.
pub(in super::super) struct Group(Pid);

impl Group {
    /// Starts a program in a process group of its own.
    ///
    /// # Errors
    ///
    /// Those of starting it.
    pub(in super::super) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).expect("a process id fits"));
        Ok((child, Self(group)))
    }

    /// Kills what is left of it.
    pub(in super::super) fn kill(&self) {
        // That nothing is left is fine.
        let _gone = killpg(self.0, Signal::SIGKILL);
    }
}

/// The folder of the states of all programs.
pub(in super::super) fn states(absolute: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
}

/// The variables that say where that is.
pub const STATE_VARIABLES: &str = "HOME or XDG_STATE_HOME";

/// Makes a program of a file.
pub(in super::super) fn make_executable(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

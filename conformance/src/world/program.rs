//! Programs of the machine that a world may use.

use std::{env, path::PathBuf};

/// The program of a name, found in the `PATH` of the harness.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

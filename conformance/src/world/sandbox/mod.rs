//! Folders and environment of a world.
//!
//! | file | holds |
//! |---|---|
//! | `unix` | modes, links and variables there; the copy of a home; the removal of a hostile tree |
//! | `windows` | the same there, without modes |

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::{
    io,
    mem::ManuallyDrop,
    path::{Path, PathBuf},
};

pub use self::system::{HOME_VARIABLE, mask, user};

/// The folders of one world, removed with everything in them when it is dropped.
///
/// All are private to the user. Their path is short, so that sockets in them stay below the 108 bytes of an address.
#[derive(Debug)]
pub struct Sandbox {
    root: PathBuf,
}

/// Why the folders of a world could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the world's folder {path:?} could not be made: {source}; is there a writable temporary folder?")]
pub struct SandboxError {
    path: PathBuf,
    source: io::Error,
}

impl Sandbox {
    /// Makes fresh folders below a parent, usually the system's temporary folder.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] if the parent is missing or not writable.
    pub fn create(parent: &Path) -> Result<Self, SandboxError> {
        let failed = |path: &Path, source| SandboxError { path: path.to_owned(), source };
        let folder = tempfile::Builder::new()
            .prefix("sc-")
            .rand_bytes(8)
            .tempdir_in(parent)
            .map_err(|source| failed(parent, source))?;
        let made = folder.keep();
        // Evidence names resolved paths, so the world must too.
        let root = system::resolved(&made).map_err(|source| failed(&made, source))?;
        let sandbox = Self { root };
        let folders = [sandbox.root.clone(), sandbox.home(), sandbox.runtime(), sandbox.temporary()];
        for path in folders.into_iter().chain(system::further_folders(&sandbox)) {
            system::make_private(&path).map_err(|source| failed(&path, source))?;
        }
        Ok(sandbox)
    }

    /// The folder that holds the others.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The runtime directory, for sockets.
    pub fn runtime(&self) -> PathBuf {
        self.root.join("run")
    }

    /// The folder for temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The whole environment of a session; nothing is inherited. What is given wins over what is set here.
    pub fn environment(&self, extra: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
        let mut variables = system::variables(self);
        for (name, value) in extra {
            variables.retain(|(known, _)| *known != name);
            variables.push((name, value));
        }
        variables
    }

    /// Leaves the folders where they are, and gives the one that holds the others.
    pub fn keep(self) -> PathBuf {
        let this = ManuallyDrop::new(self);
        this.root.clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of the temporary folder.
        let _left = system::remove_tree(&self.root);
    }
}

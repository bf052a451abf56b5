//! The Windows half, which is built together with its protector.
//!
//! Until owner and access control list can be checked on a handle, every folder is refused: a check that is left out
//! would look exactly like one that passed.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::fs::{FileError, FileState, Files, NotedFile};
use crate::{LockGuard, SecretBytes};

/// A folder that only its owner can use; on this platform there is none yet, so the type has no value.
#[derive(Debug)]
pub struct PrivateDir(Infallible);

impl PrivateDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self.0 {}
    }
}

/// The files of this system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        Err(FileError::system("check the owner of", path, io::ErrorKind::Unsupported))
    }

    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        Err(FileError::system("make", path, io::ErrorKind::Unsupported))
    }

    fn look(&self, directory: &PrivateDir, _name: &str) -> Result<Option<FileState>, FileError> {
        match directory.0 {}
    }

    fn read_private(&self, directory: &PrivateDir, _name: &str) -> Result<Option<SecretBytes>, FileError> {
        match directory.0 {}
    }

    fn replace_private(
        &self,
        _lock: &LockGuard,
        directory: &PrivateDir,
        _name: &str,
        _bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        match directory.0 {}
    }

    fn note(&self, _lock: &LockGuard, directory: &PrivateDir, _name: &str) -> Result<NotedFile, FileError> {
        match directory.0 {}
    }

    fn remove(&self, _lock: &LockGuard, directory: &PrivateDir, _name: &str) -> Result<bool, FileError> {
        match directory.0 {}
    }

    fn sweep(&self, _lock: &LockGuard, directory: &PrivateDir, _name: &str) -> Result<usize, FileError> {
        match directory.0 {}
    }

    fn has_temporary(&self, directory: &PrivateDir, _name: &str) -> Result<bool, FileError> {
        match directory.0 {}
    }

    fn listed_as(&self, directory: &PrivateDir, _name: &str) -> Result<Option<String>, FileError> {
        match directory.0 {}
    }
}

/// A file that stands for a lock; on this platform there is none yet.
#[derive(Debug)]
pub(crate) struct LockFile(Infallible);

impl LockFile {
    pub(crate) fn open(directory: &PrivateDir, _name: &str) -> Result<Self, FileError> {
        match directory.0 {}
    }

    pub(crate) fn open_existing(directory: &PrivateDir, _name: &str) -> Result<Option<Self>, FileError> {
        match directory.0 {}
    }

    pub(crate) fn create(
        directory: &PrivateDir,
        _name: &str,
        _content: &str,
    ) -> Result<Option<Self>, FileError> {
        match directory.0 {}
    }

    pub(crate) fn try_hold(&self) -> Result<bool, FileError> {
        match self.0 {}
    }

    pub(crate) fn is_still(&self, _directory: &PrivateDir, _name: &str) -> Result<bool, FileError> {
        match self.0 {}
    }

    pub(crate) fn remove(&self, _directory: &PrivateDir, _name: &str) -> Result<bool, FileError> {
        match self.0 {}
    }

    pub(crate) fn content(&self) -> Result<String, FileError> {
        match self.0 {}
    }

    pub(crate) fn modified(&self) -> Result<SystemTime, FileError> {
        match self.0 {}
    }
}

/// Whether no process has this id.
pub(crate) fn process_is_gone(_pid: u32) -> bool {
    false
}

/// When the machine was started, where it can be known.
pub(crate) fn boot_time() -> Option<SystemTime> {
    None
}

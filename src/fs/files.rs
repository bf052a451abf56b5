//! What a cache asks of a file system.

use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use crate::fs::{FileError, PrivateDir};
use crate::{LockGuard, SecretBytes};

/// The file operations of a cache.
///
/// A name is relative to the folder. Whatever changes a file asks for the lock, so that no path to a write forgets it.
pub trait Files: fmt::Debug + Send + Sync {
    /// Opens a folder that only its owner can use.
    ///
    /// - If it does not exist, returns `None`; its parents are never made.
    /// - If others could write to it, or somebody else owns it, or it is a link, refuses it.
    /// - If others could read it, takes that permission away first.
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError>;

    /// Makes the folder, private from its first moment, and opens it; one that exists is just opened.
    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError>;

    /// Looks at a file without reading it; `None` if there is none.
    ///
    /// Refuses links, folders, devices, files with several names and files of others.
    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError>;

    /// Reads a file whose content can only be its owner's; `None` if there is none.
    ///
    /// - Refuses what [`look`](Self::look) refuses, and a file that others may write to.
    /// - If others could read it, takes that permission away.
    /// - Refuses more than [`MAXIMUM_BYTES`] before it reads them.
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError>;

    /// Replaces a file in one step: whoever reads, and whoever is killed, sees the old bytes or the new ones.
    ///
    /// The new file has mode 0600 and is later than the old one. When this returns, it is on the disk.
    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError>;

    /// Makes the file, empty and with mode 0600, or marks it as changed; never touches its content.
    fn note(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError>;

    /// Removes a file; says whether there was one.
    fn remove(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError>;

    /// Removes temporaries that a killed writer of this file left behind; says how many.
    fn sweep(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError>;

    /// Whether there is a temporary of this file: a writer is at work, or was killed.
    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError>;

    /// The name under which the folder lists the file that opens as `name`.
    ///
    /// It is another one where the file system folds case or composes characters.
    fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError>;
}

/// What can be known of a file without reading it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FileState {
    /// Its size.
    pub bytes: u64,
    /// Which file it is: the device, and the number there. A replaced file has another one than its predecessor.
    pub identity: (u64, u64),
    /// When it last changed; whoever writes can choose it.
    pub modified: SystemTime,
    /// When the system last noted a change of anything of it, by the system's clock; nobody can choose it.
    pub touched: SystemTime,
    /// Whether others may write to it, so that its content need not be ours.
    pub writable_by_others: bool,
}

/// What [`Files::note`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotedFile {
    /// There was no file.
    Created,
    /// There was one, and it is later now.
    Touched,
}

/// More than any token cache has; a larger file is refused before memory is spent on it.
pub const MAXIMUM_BYTES: u64 = 16 * 1024 * 1024;

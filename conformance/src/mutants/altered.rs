//! Parts that are right except in what they say themselves.

use std::{fmt, path::Path};

use token_cache::{
    Deadline, FileError, Interaction, LockGuard, SecretBytes,
    seams::{FileState, Files, NotedFile, PrivateDir, SystemFiles},
    store::{Obstacle, Store},
};

/// A part that is made of an alteration.
#[derive(Debug)]
pub(super) struct Altered<T>(pub(super) T);

/// A store that does what another one does, except in the methods that are written out.
pub(super) trait AlteredStore: Send + Sync {
    /// The other one.
    fn right(&self) -> &dyn Store;

    /// Is [`Store::probe`].
    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        self.right().probe(interaction, deadline)
    }

    /// Is [`Store::read`].
    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.right().read(deadline)
    }

    /// Is [`Store::write`].
    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        self.right().write(lock, bytes, deadline)
    }

    /// Is [`Store::clear`].
    fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
        self.right().clear(lock, deadline)
    }
}

impl<T: AlteredStore> Store for Altered<T> {
    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.probe(interaction, deadline)
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.0.read(deadline)
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.write(lock, bytes, deadline)
    }

    fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.clear(lock, deadline)
    }
}

/// Files as the system keeps them, except in the methods that are written out.
pub(super) trait AlteredFiles: fmt::Debug + Send + Sync {
    /// Is [`Files::open_directory`].
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        SystemFiles.open_directory(path)
    }

    /// Is [`Files::create_directory`].
    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        SystemFiles.create_directory(path)
    }

    /// Is [`Files::look`].
    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
        SystemFiles.look(directory, name)
    }

    /// Is [`Files::read_private`].
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        SystemFiles.read_private(directory, name)
    }

    /// Is [`Files::replace_private`].
    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        SystemFiles.replace_private(lock, directory, name, bytes)
    }

    /// Is [`Files::note`].
    fn note(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        SystemFiles.note(lock, directory, name)
    }

    /// Is [`Files::remove`].
    fn remove(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        SystemFiles.remove(lock, directory, name)
    }

    /// Is [`Files::sweep`].
    fn sweep(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
        SystemFiles.sweep(lock, directory, name)
    }

    /// Is [`Files::has_temporary`].
    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        SystemFiles.has_temporary(directory, name)
    }

    /// Is [`Files::listed_as`].
    fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
        SystemFiles.listed_as(directory, name)
    }
}

impl<T: AlteredFiles> Files for Altered<T> {
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        self.0.open_directory(path)
    }

    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        self.0.create_directory(path)
    }

    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
        self.0.look(directory, name)
    }

    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        self.0.read_private(directory, name)
    }

    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        self.0.replace_private(lock, directory, name, bytes)
    }

    fn note(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        self.0.note(lock, directory, name)
    }

    fn remove(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        self.0.remove(lock, directory, name)
    }

    fn sweep(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
        self.0.sweep(lock, directory, name)
    }

    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        self.0.has_temporary(directory, name)
    }

    fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
        self.0.listed_as(directory, name)
    }
}

//! The unencrypted file: the fallback that the application allowed.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Deadline, Interaction, Obstacle, Store};
use crate::fs::Files;
use crate::location::Location;
use crate::plan::PlaintextPermit;
use crate::{LockGuard, SecretBytes};

/// A store in a private file, in the clear.
///
/// It can be made from a [`PlaintextPermit`] only, and only the decision table makes those.
#[derive(Debug)]
pub(crate) struct PlaintextStore {
    files: Arc<dyn Files>,
    directory: PathBuf,
    name: String,
}

impl PlaintextStore {
    /// The store that the permit allows.
    pub(crate) fn new(_permit: PlaintextPermit, files: Arc<dyn Files>, location: &Location) -> Self {
        Self { files, directory: location.directory().to_owned(), name: location.plaintext().to_owned() }
    }
}

impl Store for PlaintextStore {
    fn probe(&self, _interaction: Interaction, _deadline: Deadline) -> Result<(), Obstacle> {
        Ok(())
    }

    fn read(&self, _deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        let Some(directory) = self.files.open_directory(&self.directory)? else { return Ok(None) };
        let bytes = self.files.read_private(&directory, &self.name)?;
        // The empty file is the signal of an encrypted cache, not an empty cache.
        Ok(bytes.filter(|bytes| !bytes.is_empty()))
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, _deadline: Deadline) -> Result<(), Obstacle> {
        let directory = self.files.create_directory(&self.directory)?;
        Ok(self.files.replace_private(lock, &directory, &self.name, bytes)?)
    }

    fn clear(&self, lock: &LockGuard, _deadline: Deadline) -> Result<(), Obstacle> {
        let Some(directory) = self.files.open_directory(&self.directory)? else { return Ok(()) };
        self.files.remove(lock, &directory, &self.name)?;
        Ok(())
    }
}

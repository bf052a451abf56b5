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

#[cfg(all(test, any(unix, windows)))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fs::SystemFiles;
    use crate::plan::{Consent, Decision, Existing, decide};
    use crate::store::Absence;
    use crate::{Environment, Platform};

    #[test]
    fn what_is_written_is_in_the_file_until_it_is_cleared() {
        let home = tempfile::tempdir().expect("a folder");
        let environment = Environment {
            platform: Platform::Linux,
            home: Some(home.path().to_owned()),
            ..Environment::default()
        };
        let location = Location::new(&environment, "app".to_owned()).expect("there is a home");
        let absent = Obstacle::from(Absence::NoService);
        let Decision::Plaintext(permit) = decide(Err(&absent), Consent::Given, Existing::Nothing) else {
            panic!("there is consent");
        };
        let store = PlaintextStore::new(permit, Arc::new(SystemFiles), &location);
        let (lock, soon) = (LockGuard::without_lock(), Deadline::after(Duration::from_secs(5)));
        let secret = SecretBytes::from(b"secret".to_vec());

        store.clear(&lock, soon).expect("there is no folder yet");
        store.write(&lock, &secret, soon).expect("written");
        assert_eq!(store.read(soon).expect("read"), Some(secret));
        store.clear(&lock, soon).expect("cleared");
        assert_eq!(store.read(soon).expect("read"), None);
        assert!(!location.plaintext_path().exists());
    }
}

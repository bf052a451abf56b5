//! What stays the same while a cache is open, and the steps that every change is made of.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::notice::Protection;
use super::sight::Glimpse;
use crate::fs::{NotedFile, PrivateDir};
use crate::plan::{Kept, Plan};
use crate::seams::Seams;
use crate::store::{Breakage, Deadline, Interaction, Obstacle, Store};
use crate::{Error, LockGuard, SecretBytes};

/// A plan with everything that is needed to carry it out.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) plan: Plan,
    pub(super) seams: Seams,
    pub(super) program: String,
    pub(super) interaction: Interaction,
    pub(super) wait: Duration,
}

/// The cache while it is held.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) lock: LockGuard,
    pub(crate) directory: Arc<PrivateDir>,
}

impl Setup {
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.wait)
    }

    /// Holds the cache, and removes what a killed writer left behind.
    pub(super) fn hold(&self, deadline: Deadline) -> Result<Held, Error> {
        let location = &self.plan.location;
        let files = &self.seams.files;
        let directory = Arc::new(files.create_directory(location.directory())?);
        let lock = self.seams.locking.acquire(&directory, location, &self.program, deadline)?;
        for name in location.replaced() {
            files.sweep(&lock, &directory, name)?;
        }
        Ok(Held { lock, directory })
    }

    /// Removes what a killed writer left behind, so that not even a program that only reads keeps it.
    ///
    /// A temporary whose writer is alive is that writer's business: it holds the cache, and may go on holding it. Nor is
    /// anybody waited for whose lock file was left with the temporary: whoever holds the cache next will sweep.
    pub(super) fn sweep(&self) -> Result<(), Error> {
        let (files, location) = (&self.seams.files, &self.plan.location);
        let Some(directory) = files.open_directory(location.directory())? else { return Ok(()) };
        let mut left = false;
        for name in location.replaced() {
            left |= files.has_temporary(&directory, name)?;
        }
        if !left {
            return Ok(());
        }
        match self.hold(Deadline::after(Duration::ZERO)) {
            Ok(_swept) => Ok(()),
            Err(Error::Busy { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Looks at the file that changes with the cache.
    pub(super) fn look(&self, protection: &Protection) -> Result<Glimpse, Error> {
        // Before the file: whatever happens to it after this moment has a stamp that is no earlier.
        let at = SystemTime::now();
        let location = &self.plan.location;
        let name = match protection {
            Protection::Encrypted { .. } => location.file(),
            Protection::Plaintext { .. } => location.plaintext(),
        };
        let file = match self.seams.files.open_directory(location.directory())? {
            Some(directory) => self.seams.files.look(&directory, name)?,
            None => None,
        };
        Ok(Glimpse { file, at })
    }

    /// Writes, reads back, and tells other processes.
    pub(super) fn save(
        &self,
        store: &dyn Store,
        protection: &Protection,
        held: &Held,
        bytes: &SecretBytes,
        deadline: Deadline,
    ) -> Result<(), Error> {
        match protection {
            Protection::Encrypted { .. } => self.save_encrypted(store, held, bytes, deadline),
            Protection::Plaintext { .. } => save_in_the_file(store, held, bytes, deadline),
        }
    }

    /// Writes to the protector, reads back, and tells other processes.
    pub(super) fn save_encrypted(
        &self,
        store: &dyn Store,
        held: &Held,
        bytes: &SecretBytes,
        deadline: Deadline,
    ) -> Result<(), Error> {
        match self.plan.protector.keeps() {
            Kept::Apart => self.save_with_signal(store, held, bytes, deadline),
            // An empty file in the place of the protected one would be damage to every reader.
            Kept::InTheFile => save_in_the_file(store, held, bytes, deadline),
        }
    }

    /// The signal is made before the item: SDKs that find an item without one overwrite it unread.
    fn save_with_signal(
        &self,
        store: &dyn Store,
        held: &Held,
        bytes: &SecretBytes,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let (files, signal) = (&self.seams.files, self.plan.location.file());
        let noted = files.note(&held.lock, &held.directory, signal)?;
        if let Err(obstacle) = store.write(&held.lock, bytes, deadline) {
            if noted == NotedFile::Created && nothing_was_written(&obstacle) {
                files.remove(&held.lock, &held.directory, signal)?;
            }
            return Err(obstacle.into());
        }
        // From here on there is an item, whatever reading it back says; without its signal it would be overwritten.
        read_back(store, bytes, deadline)?;
        files.note(&held.lock, &held.directory, signal)?;
        Ok(())
    }

    /// Empties the plaintext; where it shares its file with the signal, the signal stays.
    pub(super) fn empty_plaintext(&self, held: &Held) -> Result<(), Error> {
        let (files, location) = (&self.seams.files, &self.plan.location);
        if location.shares_one_file() {
            let nothing = SecretBytes::default();
            files.replace_private(&held.lock, &held.directory, location.plaintext(), &nothing)?;
        } else {
            files.remove(&held.lock, &held.directory, location.plaintext())?;
        }
        Ok(())
    }

    /// Whether there is content in the place of the plaintext.
    pub(super) fn has_plaintext(&self, directory: &PrivateDir) -> Result<bool, Error> {
        let state = self.seams.files.look(directory, self.plan.location.plaintext())?;
        Ok(state.is_some_and(|state| state.bytes > 0))
    }
}

/// The file is its own signal.
fn save_in_the_file(
    store: &dyn Store,
    held: &Held,
    bytes: &SecretBytes,
    deadline: Deadline,
) -> Result<(), Error> {
    store.write(&held.lock, bytes, deadline)?;
    Ok(read_back(store, bytes, deadline)?)
}

/// An acknowledged write that cannot be read is a loss that nobody would notice until the next start.
fn read_back(store: &dyn Store, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
    match store.read(deadline)? {
        Some(read) if read == *bytes => Ok(()),
        Some(_) | None => Err(Breakage::ReadBackDiffers.into()),
    }
}

/// Whether an obstacle to a write says that there is no new item; a broken protector may have made one all the same.
fn nothing_was_written(obstacle: &Obstacle) -> bool {
    match obstacle {
        Obstacle::Absent(_)
        | Obstacle::NotBuilt { .. }
        | Obstacle::Locked
        | Obstacle::Refused { .. }
        | Obstacle::Misconfigured(_) => true,
        Obstacle::Ambiguous { .. }
        | Obstacle::Unreadable { .. }
        | Obstacle::Broken(_)
        | Obstacle::File(_) => false,
    }
}

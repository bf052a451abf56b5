//! A store that lasts as long as the process.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Deadline, Interaction, Obstacle, Store};
use crate::{LockGuard, SecretBytes};

/// A store in memory; clones share the item.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use token_cache::store::{MemoryStore, Store};
/// use token_cache::{Deadline, Interaction};
///
/// let store = MemoryStore::new();
/// let soon = Deadline::after(Duration::from_secs(1));
/// store.probe(Interaction::Never, soon)?;
/// assert_eq!(store.read(soon)?, None);
/// # Ok::<(), token_cache::store::Obstacle>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    item: Arc<Mutex<Option<SecretBytes>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<SecretBytes>) -> T) -> T {
        // An item is replaced in one step, so a panic elsewhere cannot have left half of one.
        act(&mut self.item.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn probe(&self, _interaction: Interaction, _deadline: Deadline) -> Result<(), Obstacle> {
        Ok(())
    }

    fn read(&self, _deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        Ok(self.with(|item| item.clone()))
    }

    fn write(&self, _lock: &LockGuard, bytes: &SecretBytes, _deadline: Deadline) -> Result<(), Obstacle> {
        self.with(|item| *item = Some(bytes.clone()));
        Ok(())
    }

    fn clear(&self, _lock: &LockGuard, _deadline: Deadline) -> Result<(), Obstacle> {
        self.with(|item| *item = None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_written_is_read_by_every_clone_until_it_is_cleared() {
        let (store, lock) = (MemoryStore::new(), LockGuard::without_lock());
        let (other, soon) = (store.clone(), Deadline::after(Duration::from_secs(5)));
        let secret = SecretBytes::from(b"secret".to_vec());
        assert_eq!(other.read(soon).expect("read"), None);
        store.write(&lock, &secret, soon).expect("written");
        assert_eq!(other.read(soon).expect("read"), Some(secret));
        other.clear(&lock, soon).expect("cleared");
        assert_eq!(store.read(soon).expect("read"), None);
    }
}

//! The proof that the cache is held.

use super::courtesy::Courtesy;
use crate::fs::{FileError, LockFile, PrivateDir};
use crate::location::Location;

/// Proof that the cache is held; every write asks for one. Dropping it gives the cache back.
///
/// # Example: whoever writes to a store is asked for it
///
/// ```
/// use token_cache::store::{Obstacle, Store};
/// use token_cache::{Deadline, LockGuard, SecretBytes};
///
/// fn keep(store: &dyn Store, held: &LockGuard, bytes: &SecretBytes, until: Deadline) -> Result<(), Obstacle> {
///     store.write(held, bytes, until)
/// }
/// ```
///
/// Without it there is no write:
///
/// ```compile_fail,E0061
/// use token_cache::store::{Obstacle, Store};
/// use token_cache::{Deadline, SecretBytes};
///
/// fn keep(store: &dyn Store, bytes: &SecretBytes, until: Deadline) -> Result<(), Obstacle> {
///     store.write(bytes, until)
/// }
/// ```
#[derive(Debug)]
pub struct LockGuard {
    // Dropped in this order: the courtesy must be gone before the next holder makes its own.
    _courtesy: Option<Courtesy>,
    own: Option<LockFile>,
}

impl LockGuard {
    /// The proof, by both locks.
    pub(super) fn new(own: LockFile, courtesy: Courtesy) -> Self {
        Self { _courtesy: Some(courtesy), own: Some(own) }
    }

    /// A guard that holds nothing, for tests and for parts that are wrong on purpose.
    #[cfg(any(test, feature = "seams"))]
    #[doc(hidden)]
    pub fn without_lock() -> Self {
        Self { _courtesy: None, own: None }
    }

    /// Gives the cache back and leaves no lock file behind.
    pub(crate) fn release_without_trace(
        self,
        directory: &PrivateDir,
        location: &Location,
    ) -> Result<(), FileError> {
        if let Some(own) = &self.own {
            // Whoever waits for this file sees that its name is gone, and opens the next one.
            own.remove(directory, &location.lock())?;
        }
        Ok(())
    }
}

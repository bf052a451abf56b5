//! The parts that a cache is made of.
//!
//! A cache has one list of parts, and [`Seams::real`] is the one that is used. The list exists so that a test suite
//! can put a wrong part in the place of a right one and see whether it is noticed; the feature `seams` makes it public.
#![cfg_attr(not(feature = "seams"), expect(unreachable_pub, reason = "public where parts can be replaced"))]

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "seams")]
pub use crate::fs::PrivateDir;
#[cfg(feature = "seams")]
pub use crate::fs::{FileState, MAXIMUM_BYTES, NotedFile};
pub use crate::fs::{Files, SystemFiles};
pub use crate::lock::{Locking, SystemLocking};
pub use crate::plan::{Consent, Decision, Existing, Plan, decide};
#[cfg(feature = "seams")]
pub use crate::plan::{Past, PlaintextPermit, Protector, Residue};
use crate::store::{Obstacle, Store};
use crate::{CacheName, Error, Notice, Partition};

/// The parts of a cache.
pub struct Seams {
    /// Makes the file name of a cache from its name.
    pub name: Box<NamePart>,
    /// Decides what is done.
    pub decide: Box<DecidePart>,
    /// Wraps or replaces the store of the protector, before it is probed.
    pub store: Box<StorePart>,
    /// Opens files.
    pub files: Arc<dyn Files>,
    /// Holds the cache against other processes.
    pub locking: Arc<dyn Locking>,
    /// Says aloud what the user of a cache should know.
    pub announce: Box<AnnouncePart>,
}

/// The type of [`Seams::name`].
pub type NamePart = dyn Fn(&str, Partition) -> Result<String, Error> + Send + Sync;

/// The type of [`Seams::decide`].
pub type DecidePart = dyn Fn(Result<(), &Obstacle>, Consent, Existing) -> Decision + Send + Sync;

/// The type of [`Seams::store`].
pub type StorePart = dyn Fn(Protected, &Plan) -> Protected + Send + Sync;

/// The type of [`Seams::announce`].
pub type AnnouncePart = dyn Fn(&Notice) + Send + Sync;

/// The store of a protector, or why there is none.
pub type Protected = Result<Box<dyn Store>, Obstacle>;

impl Seams {
    /// The right parts.
    pub fn real() -> Self {
        Self {
            name: Box::new(file_name),
            decide: Box::new(decide),
            store: Box::new(|store, _plan| store),
            files: Arc::new(SystemFiles),
            locking: Arc::new(SystemLocking),
            announce: Box::new(Notice::announce),
        }
    }
}

impl fmt::Debug for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seams")
            .field("files", &self.files)
            .field("locking", &self.locking)
            .finish_non_exhaustive()
    }
}

/// Opens a folder without any check, for parts that are wrong on purpose.
///
/// # Errors
///
/// [`FileError::System`](crate::FileError::System) if it cannot be opened.
#[cfg(all(feature = "seams", any(unix, windows)))]
pub fn unchecked_directory(path: &std::path::Path) -> Result<PrivateDir, crate::FileError> {
    PrivateDir::unchecked(path)
}

/// The file name that [`CacheName`] gives.
///
/// # Errors
///
/// [`Error::Name`] for a name that cannot be the name of a cache.
pub fn file_name(name: &str, partition: Partition) -> Result<String, Error> {
    match CacheName::parse(name) {
        Ok(parsed) => Ok(parsed.file_name(partition)),
        Err(source) => Err(Error::Name { name: name.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_that_have_names_are_shown_by_them() {
        assert_eq!(
            format!("{:?}", Seams::real()),
            "Seams { files: SystemFiles, locking: SystemLocking, .. }"
        );
    }
}

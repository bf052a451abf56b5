//! Removal of a cache, and what could not be removed.

use std::path::PathBuf;

use super::setup::{Held, Setup};
use crate::Error;
use crate::lease::revoke_all;
use crate::plan::Consent;
use crate::store::{Deadline, Obstacle};

/// What became of each place where a cache may be.
///
/// # Example
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Other("an example"),
/// #     home: Some(home.path().into()),
/// #     ..Default::default()
/// # };
/// # let options = token_cache::TokenCachePersistenceOptions::new().allow_unencrypted_storage(true);
/// # let cache = token_cache::TokenCache::builder(&options).environment(environment).open()?;
/// use token_cache::{ClearedItem, ClearedPlaintext, SecretBytes};
///
/// cache.write(SecretBytes::from(b"{}".to_vec()))?;
/// let report = cache.clear()?;
/// assert_eq!(report.plaintext, ClearedPlaintext::Removed);
///
/// // There is no keyring in this example that could be asked for an item.
/// assert!(matches!(report.item, ClearedItem::NotReached(_)));
/// assert!(!report.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a part of the cache may have stayed"]
pub struct ClearReport {
    /// The protected item.
    pub item: ClearedItem,
    /// The plaintext.
    pub plaintext: ClearedPlaintext,
}

impl ClearReport {
    /// Whether nothing of the cache is left.
    pub fn is_complete(&self) -> bool {
        let item = match self.item {
            ClearedItem::Gone => true,
            ClearedItem::NotReached(_) => false,
        };
        let plaintext = match self.plaintext {
            ClearedPlaintext::Absent | ClearedPlaintext::Removed => true,
            ClearedPlaintext::Left { .. } => false,
        };
        item && plaintext
    }
}

/// What became of the protected item.
///
/// # Example
///
/// ```
/// use token_cache::ClearedItem;
/// use token_cache::store::Obstacle;
///
/// fn tell(item: &ClearedItem) -> String {
///     match item {
///         ClearedItem::Gone => "the keyring holds nothing of this cache".to_owned(),
///         ClearedItem::NotReached(obstacle) => format!("something may be left in the keyring: {obstacle}"),
///     }
/// }
///
/// assert!(tell(&ClearedItem::NotReached(Obstacle::Locked)).contains("the keyring is locked"));
/// ```
#[derive(Debug)]
pub enum ClearedItem {
    /// There is none, or none any more.
    Gone,
    /// The protector could not be asked, so there may be one.
    NotReached(Obstacle),
}

/// What became of the plaintext.
///
/// # Example
///
/// ```
/// use token_cache::ClearedPlaintext;
///
/// fn tell(plaintext: &ClearedPlaintext) -> String {
///     match plaintext {
///         ClearedPlaintext::Absent => "there was no plaintext".to_owned(),
///         ClearedPlaintext::Removed => "the plaintext is removed, but not erased".to_owned(),
///         ClearedPlaintext::Left { path } => format!("{} is another program's", path.display()),
///     }
/// }
///
/// assert_eq!(tell(&ClearedPlaintext::Absent), "there was no plaintext");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClearedPlaintext {
    /// There was none.
    Absent,
    /// It was removed. Removing is not erasure: the disk may still hold the bytes.
    Removed,
    /// It was left, because plaintext is not this application's: it never allowed any.
    Left {
        /// The file.
        path: PathBuf,
    },
}

impl Setup {
    /// Clears what can be cleared.
    pub(super) fn clear(&self) -> Result<ClearReport, Error> {
        let deadline = self.deadline();
        let location = &self.plan.location;
        let directory = self.seams.files.open_directory(location.directory())?;
        if let Some(directory) = &directory {
            // Another cache's files are not ours to clear.
            self.refuse_folded_names(directory)?;
        }
        if directory.is_none()
            && let Some(item) = self.item_left_alone(deadline)
        {
            // Even the lock would leave a folder where there was none.
            return Ok(ClearReport { item, plaintext: ClearedPlaintext::Absent });
        }
        let held = self.hold(deadline)?;
        let item = self.clear_item(&held, deadline);
        let plaintext = self.clear_plaintext(&held)?;
        revoke_all(&held.directory, location.file())?;
        let report = ClearReport { item, plaintext };
        if report.is_complete() {
            self.seams.files.remove(&held.lock, &held.directory, location.file())?;
            held.lock.release_without_trace(&held.directory, location)?;
        }
        Ok(report)
    }

    /// What can be said of the item without holding the cache; `None` where there may be one to remove.
    fn item_left_alone(&self, deadline: Deadline) -> Option<ClearedItem> {
        match self.probe(deadline) {
            Ok(store) => matches!(store.read(deadline), Ok(None)).then_some(ClearedItem::Gone),
            Err(Obstacle::Ambiguous { .. } | Obstacle::Unreadable { .. }) => None,
            Err(obstacle) => Some(ClearedItem::NotReached(obstacle)),
        }
    }

    fn clear_item(&self, held: &Held, deadline: Deadline) -> ClearedItem {
        let cleared = self.protected().and_then(|store| {
            match store.probe(self.interaction, deadline) {
                // Clearing is the way out of these two.
                Ok(()) | Err(Obstacle::Ambiguous { .. } | Obstacle::Unreadable { .. }) => {}
                Err(obstacle) => return Err(obstacle),
            }
            store.clear(&held.lock, deadline)
        });
        match cleared {
            Ok(()) => ClearedItem::Gone,
            Err(obstacle) => ClearedItem::NotReached(obstacle),
        }
    }

    fn clear_plaintext(&self, held: &Held) -> Result<ClearedPlaintext, Error> {
        if !self.has_plaintext(&held.directory)? {
            return Ok(ClearedPlaintext::Absent);
        }
        match self.plan.consent {
            Consent::Given => {
                self.seams.files.remove(&held.lock, &held.directory, self.plan.location.plaintext())?;
                Ok(ClearedPlaintext::Removed)
            }
            Consent::Withheld => Ok(ClearedPlaintext::Left { path: self.plan.location.plaintext_path() }),
        }
    }
}

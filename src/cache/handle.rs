//! The open cache.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::builder::Builder;
use super::clearing::ClearReport;
use super::notice::{Notice, Protection};
use super::opening::Opened;
use super::setup::{Held, Setup};
use crate::store::{Deadline, Store};
use crate::{Error, Partition, SecretBytes, TokenCachePersistenceOptions};

/// A persistent token cache, shared with every program that opens the same name.
///
/// The bytes are the MSAL unified cache; this type neither reads nor changes their meaning. Every call blocks, ends
/// at its deadline, and may be made from any thread; asynchronous callers use their runtime's `spawn_blocking`.
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
/// use token_cache::{SecretBytes, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new().name("my_application").allow_unencrypted_storage(true);
/// let cache = TokenCache::builder(&options).environment(environment).open()?;
/// cache.update(|stored| {
///     assert!(stored.is_none());
///     Ok(SecretBytes::from(b"{}".to_vec()))
/// })?;
/// assert_eq!(cache.read()?, Some(SecretBytes::from(b"{}".to_vec())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokenCache {
    setup: Setup,
    state: Mutex<State>,
}

/// What changes while a cache is open.
struct State {
    store: Arc<dyn Store>,
    protection: Protection,
    notices: Vec<Notice>,
    /// When the cache had last changed as it was last read or written.
    seen: Option<SystemTime>,
}

impl TokenCache {
    /// Opens a cache in this process's environment, without ever asking the user, with five seconds for each call.
    ///
    /// # Errors
    ///
    /// What [`Builder::open`] returns.
    pub fn open(options: &TokenCachePersistenceOptions, partition: Partition) -> Result<Self, Error> {
        Self::builder(options).partition(partition).open()
    }

    /// Begins to open a cache in another way.
    pub fn builder(options: &TokenCachePersistenceOptions) -> Builder {
        Builder::new(options)
    }

    pub(super) fn of(setup: Setup) -> Result<Self, Error> {
        let Opened { store, protection, notices } = setup.open(None, setup.deadline())?;
        setup.sweep(setup.deadline())?;
        notices.iter().for_each(Notice::announce);
        Ok(Self { setup, state: Mutex::new(State { store, protection, notices, seen: None }) })
    }

    /// Reads the cache; `None` if nothing is stored.
    ///
    /// # Errors
    ///
    /// - [`Error::Locked`] if the item is locked, which is not the same as absent.
    /// - [`Error::Protector`] if it cannot be told apart or decrypted; [`clear`](Self::clear) is the way out.
    /// - [`Error::File`] if a file is not safe to use, or fails.
    pub fn read(&self) -> Result<Option<SecretBytes>, Error> {
        let deadline = self.setup.deadline();
        let (bytes, seen) = self.read_from_current(deadline)?;
        let moved = bytes.is_none() && seen.is_some() && self.is_plaintext();
        let (bytes, seen) = if moved {
            // Only an empty signal is left of the plaintext: another process encrypts this cache by now.
            self.adopt(self.setup.open(None, deadline)?);
            self.read_from_current(deadline)?
        } else {
            (bytes, seen)
        };
        self.state().seen = seen;
        Ok(bytes)
    }

    /// Changes the cache while no other process can: reads it, hands it to `change`, stores what that returns.
    ///
    /// Nothing is written if `change` fails or returns what was stored. `change` should not talk to a network: the
    /// cache is held meanwhile. If it uses this cache again, that call ends with [`Error::Busy`].
    ///
    /// # Errors
    ///
    /// - [`Error::Busy`] if another process does not give the cache back in time.
    /// - [`Error::Update`] with the error of `change`.
    /// - [`Error::Empty`] if there is nothing to store.
    /// - What [`read`](Self::read) returns; a cache that cannot be read is never overwritten.
    pub fn update<F>(&self, change: F) -> Result<(), Error>
    where
        F: FnOnce(Option<&SecretBytes>) -> Result<SecretBytes, Box<dyn StdError + Send + Sync>>,
    {
        let deadline = self.setup.deadline();
        let held = self.hold(deadline)?;
        let (stored, seen) = self.read_from_current(deadline)?;
        self.state().seen = seen;
        let changed = change(stored.as_ref()).map_err(|source| Error::Update { source })?;
        if stored.as_ref() == Some(&changed) {
            return Ok(());
        }
        // The application's part is over; how long it took is not the store's fault.
        self.save(&held, &changed, self.setup.deadline())
    }

    /// Replaces the cache, whatever is stored, as long as it can be read: what cannot be read is not overwritten.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
    pub fn write(&self, bytes: SecretBytes) -> Result<(), Error> {
        let deadline = self.setup.deadline();
        let held = self.hold(deadline)?;
        let (store, _) = self.current();
        store.read(deadline)?;
        self.save(&held, &bytes, deadline)
    }

    /// Removes the cache from every place where it may be, and says where that was not possible.
    ///
    /// # Errors
    ///
    /// - [`Error::Busy`] if another process does not give the cache back in time.
    /// - [`Error::File`] if a file is not safe to use, or fails.
    /// - [`Error::NameFolded`] if the file system folds the name onto another cache's.
    pub fn clear(&self) -> Result<ClearReport, Error> {
        let report = self.setup.clear()?;
        self.state().seen = None;
        Ok(report)
    }

    /// Removes plaintext that lies beside the encrypted cache; says whether there was any.
    ///
    /// A cache that is plaintext now has no residue; [`clear`](Self::clear) removes it.
    ///
    /// # Errors
    ///
    /// As [`clear`](Self::clear).
    pub fn purge_plaintext(&self) -> Result<bool, Error> {
        let (_, protection) = self.current();
        match protection {
            Protection::Plaintext { .. } => return Ok(false),
            Protection::Encrypted { .. } => {}
        }
        if self.setup.seams.files.open_directory(self.setup.plan.location.directory())?.is_none() {
            // Even the lock would leave a folder where there was none.
            return Ok(false);
        }
        let held = self.setup.hold(self.setup.deadline())?;
        let found = self.setup.has_plaintext(&held.directory)?;
        if found {
            self.setup.empty_plaintext(&held)?;
        }
        Ok(found)
    }

    /// Whether somebody has changed the cache since this handle last read or wrote it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if a file is not safe to use, or fails.
    pub fn changed(&self) -> Result<bool, Error> {
        let (_, protection) = self.current();
        let modified = self.setup.modified(&protection)?;
        Ok(modified != self.state().seen)
    }

    /// How the cache is protected now.
    pub fn protection(&self) -> Protection {
        self.state().protection.clone()
    }

    /// What was announced about the protection since the cache was opened, in order.
    pub fn notices(&self) -> Vec<Notice> {
        self.state().notices.clone()
    }

    fn read_from_current(
        &self,
        deadline: Deadline,
    ) -> Result<(Option<SecretBytes>, Option<SystemTime>), Error> {
        let (store, protection) = self.current();
        // Before the bytes: a change in between is then seen as one that is yet to be read.
        let seen = self.setup.modified(&protection)?;
        Ok((store.read(deadline)?, seen))
    }

    /// Holds the cache for a change; one that is plaintext tries again whether it can be encrypted (S17).
    fn hold(&self, deadline: Deadline) -> Result<Held, Error> {
        let held = self.setup.hold(deadline)?;
        if self.is_plaintext() {
            self.adopt(self.setup.open(Some(&held), deadline)?);
        }
        Ok(held)
    }

    fn save(&self, held: &Held, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Error> {
        if bytes.is_empty() {
            return Err(Error::Empty);
        }
        let (store, protection) = self.current();
        self.setup.save(store.as_ref(), &protection, held, bytes, deadline)?;
        self.state().seen = self.setup.modified(&protection)?;
        Ok(())
    }

    fn adopt(&self, opened: Opened) {
        let mut state = self.state();
        state.store = opened.store;
        state.protection = opened.protection;
        for notice in opened.notices {
            if !state.notices.contains(&notice) {
                notice.announce();
                state.notices.push(notice);
            }
        }
    }

    fn current(&self) -> (Arc<dyn Store>, Protection) {
        let state = self.state();
        (Arc::clone(&state.store), state.protection.clone())
    }

    fn is_plaintext(&self) -> bool {
        match self.state().protection {
            Protection::Plaintext { .. } => true,
            Protection::Encrypted { .. } => false,
        }
    }

    /// Held for a moment only, never across a call that can wait.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("TokenCache")
            .field("plan", &self.setup.plan)
            .field("protection", &state.protection)
            .field("notices", &state.notices)
            .finish_non_exhaustive()
    }
}

//! The open cache.

use std::error::Error as StdError;
use std::fmt;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::builder::Builder;
use super::clearing::ClearReport;
use super::notice::{Notice, Protection};
use super::opening::Opened;
use super::setup::{Held, Setup};
use super::sight::{Difference, Digest, Glimpse, Sight};
use crate::store::{Deadline, Store};
use crate::{Error, Partition, SecretBytes, TokenCachePersistenceOptions};

/// A persistent token cache, shared with every program that opens the same name.
///
/// The bytes are the MSAL unified cache; this type neither reads nor changes their meaning. Every call blocks, ends
/// at its deadline, and may be made from any thread; asynchronous callers use their runtime's `spawn_blocking`. Clones
/// are one handle.
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
#[derive(Clone)]
pub struct TokenCache {
    pub(super) setup: Arc<Setup>,
    state: Arc<Mutex<State>>,
    /// The key of the digests by which contents are compared.
    key: RandomState,
}

/// What changes while a cache is open.
struct State {
    store: Arc<dyn Store>,
    protection: Protection,
    notices: Vec<Notice>,
    /// What was last read or written.
    seen: Sight,
}

impl TokenCache {
    /// Opens a cache in this process's environment, without ever asking the user, with five seconds for each call.
    ///
    /// # Errors
    ///
    /// What [`Builder::open`] returns.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use token_cache::{Partition, TokenCache, TokenCachePersistenceOptions};
    ///
    /// let options = TokenCachePersistenceOptions::new().name("my_application");
    /// let cache = TokenCache::open(&options, Partition::NoCae)?;
    /// # Ok::<(), token_cache::Error>(())
    /// ```
    pub fn open(options: &TokenCachePersistenceOptions, partition: Partition) -> Result<Self, Error> {
        Self::builder(options).partition(partition).open()
    }

    /// Begins to open a cache in another way.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use token_cache::{TokenCache, TokenCachePersistenceOptions};
    ///
    /// let options = TokenCachePersistenceOptions::new();
    /// let cache = TokenCache::builder(&options).deadline(Duration::from_millis(500)).open()?;
    /// # Ok::<(), token_cache::Error>(())
    /// ```
    pub fn builder(options: &TokenCachePersistenceOptions) -> Builder {
        Builder::new(options)
    }

    pub(super) fn of(setup: Setup) -> Result<Self, Error> {
        let Opened { store, protection, notices } = setup.open(None, setup.deadline())?;
        setup.sweep()?;
        notices.iter().for_each(&setup.seams.announce);
        let state = State { store, protection, notices, seen: Sight::default() };
        Ok(Self { setup: Arc::new(setup), state: Arc::new(Mutex::new(state)), key: RandomState::new() })
    }

    /// Reads the cache; `None` if nothing is stored.
    ///
    /// # Errors
    ///
    /// - [`Error::Locked`] if the item is locked, which is not the same as absent.
    /// - [`Error::Protector`] if it cannot be told apart or decrypted; [`clear`](Self::clear) is the way out.
    /// - [`Error::File`] if a file is not safe to use, or fails.
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
    /// match cache.read()? {
    ///     Some(bytes) => println!("{} bytes of tokens", bytes.len()),
    ///     None => println!("nobody has signed in yet"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self) -> Result<Option<SecretBytes>, Error> {
        let deadline = self.setup.deadline();
        let (bytes, glimpse) = self.read_from_current(deadline)?;
        let moved = bytes.is_none() && glimpse.file.is_some() && self.is_plaintext();
        let (bytes, glimpse) = if moved {
            // Only an empty signal is left of the plaintext: another process encrypts this cache by now.
            self.adopt(self.setup.open(None, deadline)?);
            self.read_from_current(deadline)?
        } else {
            (bytes, glimpse)
        };
        self.remember(glimpse, bytes.as_ref());
        Ok(bytes)
    }

    /// Changes the cache while no other process can: reads it, hands it to `change`, stores what that returns.
    ///
    /// Nothing is written if `change` fails or returns what was stored. `change` should not talk to a network, for the
    /// cache is held meanwhile: for that there is the [`lease`](Self::lease). If it uses this cache again, that call ends
    /// with [`Error::Busy`].
    ///
    /// # Errors
    ///
    /// - [`Error::Busy`] if another process does not give the cache back in time.
    /// - [`Error::Update`] with the error of `change`.
    /// - [`Error::Empty`] if there is nothing to store.
    /// - What [`read`](Self::read) returns; a cache that cannot be read is never overwritten.
    ///
    /// # Example: nothing that another process wrote is lost
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
    /// use token_cache::SecretBytes;
    ///
    /// for tokens in ["one", "two"] {
    ///     cache.update(|stored| {
    ///         let mut all = stored.map_or_else(Vec::new, |stored| stored.expose().to_vec());
    ///         all.extend(tokens.bytes());
    ///         Ok(SecretBytes::from(all))
    ///     })?;
    /// }
    /// assert_eq!(cache.read()?, Some(SecretBytes::from(b"onetwo".to_vec())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update<F>(&self, change: F) -> Result<(), Error>
    where
        F: FnOnce(Option<&SecretBytes>) -> Result<SecretBytes, Box<dyn StdError + Send + Sync>>,
    {
        let deadline = self.setup.deadline();
        let held = self.hold(deadline)?;
        self.update_held(&held, deadline, change)
    }

    /// Changes the cache while it is held.
    pub(super) fn update_held<F>(&self, held: &Held, deadline: Deadline, change: F) -> Result<(), Error>
    where
        F: FnOnce(Option<&SecretBytes>) -> Result<SecretBytes, Box<dyn StdError + Send + Sync>>,
    {
        let (stored, glimpse) = self.read_from_current(deadline)?;
        match change(stored.as_ref()) {
            Ok(changed) if stored.as_ref() != Some(&changed) => {
                // The application's part is over; how long it took is not the store's fault.
                self.save(held, &changed, self.setup.deadline())
            }
            unchanged => {
                // What is saved is remembered instead; after an error it is better to read again.
                self.remember(glimpse, stored.as_ref());
                unchanged.map(drop).map_err(|source| Error::Update { source })
            }
        }
    }

    /// Replaces the cache, whatever is stored, as long as it can be read: what cannot be read is not overwritten.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update).
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
    /// use token_cache::{ErrorKind, SecretBytes};
    ///
    /// cache.write(SecretBytes::from(b"{}".to_vec()))?;
    ///
    /// // An empty file is a signal, so nothing is not stored.
    /// let error = cache.write(SecretBytes::default()).expect_err("refused");
    /// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// # Example: a user signs out
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
    /// let report = cache.clear()?;
    /// if !report.is_complete() {
    ///     eprintln!("something may be left: {report:?}");
    /// }
    /// assert_eq!(cache.read()?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&self) -> Result<ClearReport, Error> {
        let report = self.setup.clear()?;
        self.state().seen = Sight::default();
        Ok(report)
    }

    /// Removes plaintext that lies beside the encrypted cache; says whether there was any.
    ///
    /// A cache that is plaintext now has no residue; [`clear`](Self::clear) removes it.
    ///
    /// # Errors
    ///
    /// As [`clear`](Self::clear).
    ///
    /// # Example: after the notice that there is some
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
    /// use token_cache::Notice;
    ///
    /// let found = cache.notices().iter().any(|notice| matches!(notice, Notice::PlaintextResidue { .. }));
    /// if found && cache.purge_plaintext()? {
    ///     eprintln!("removed tokens that lay in clear; removing is not erasing, so consider new sign-ins");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// This is one look at a file, mostly. The cache itself is read where the file cannot tell: within a tenth of a
    /// second of a write, while the clock is behind, and on file systems that count time coarsely. So no change is
    /// missed that somebody made whom the file's stamps hide, and a write of the same bytes is no change there.
    ///
    /// # Errors
    ///
    /// What [`read`](Self::read) returns.
    ///
    /// # Example: a copy in memory that is read again when it is old
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
    /// use token_cache::SecretBytes;
    ///
    /// let mut copy = cache.read()?;
    /// assert!(!cache.changed()?);
    ///
    /// # let other = token_cache::TokenCache::builder(&options)
    /// #     .environment(token_cache::Environment {
    /// #         platform: token_cache::Platform::Other("an example"),
    /// #         home: Some(home.path().into()),
    /// #         ..Default::default()
    /// #     })
    /// #     .open()?;
    /// // Another process signs in.
    /// other.write(SecretBytes::from(b"{}".to_vec()))?;
    ///
    /// if cache.changed()? {
    ///     copy = cache.read()?;
    /// }
    /// assert_eq!(copy, Some(SecretBytes::from(b"{}".to_vec())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed(&self) -> Result<bool, Error> {
        let deadline = self.setup.deadline();
        let (store, protection) = self.current();
        let glimpse = self.setup.look(&protection)?;
        let seen = self.state().seen;
        match seen.compare(&glimpse) {
            Difference::None => Ok(false),
            Difference::Certain => Ok(true),
            Difference::Possible => {
                let content = store.read(deadline)?.map(|bytes| Digest::of(&self.key, &bytes));
                let same = seen.is_of(content);
                if same {
                    self.state().seen = Sight::of(glimpse, content);
                }
                Ok(!same)
            }
        }
    }

    /// How the cache is protected now.
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
    /// use token_cache::Protection;
    ///
    /// if let Protection::Plaintext { path, reason } = cache.protection() {
    ///     eprintln!("tokens lie in clear in {}: {reason}", path.display());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn protection(&self) -> Protection {
        self.state().protection.clone()
    }

    /// What was announced about the protection since the cache was opened, in order.
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
    /// let said: Vec<String> = cache.notices().iter().map(|notice| notice.to_string()).collect();
    /// assert!(said[0].starts_with("the token cache is stored unencrypted in "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn notices(&self) -> Vec<Notice> {
        self.state().notices.clone()
    }

    fn read_from_current(&self, deadline: Deadline) -> Result<(Option<SecretBytes>, Glimpse), Error> {
        let (store, protection) = self.current();
        // Before the bytes: a change in between is then seen as one that is yet to be read.
        let glimpse = self.setup.look(&protection)?;
        Ok((store.read(deadline)?, glimpse))
    }

    fn remember(&self, glimpse: Glimpse, bytes: Option<&SecretBytes>) {
        let content = bytes.map(|bytes| Digest::of(&self.key, bytes));
        self.state().seen = Sight::of(glimpse, content);
    }

    /// Holds the cache for a change; one that is plaintext tries again whether it can be encrypted (S17).
    ///
    /// However long the cache may be waited for, it is held for no longer than one call's deadline while a keyring hangs.
    pub(super) fn hold(&self, deadline: Deadline) -> Result<Held, Error> {
        let held = self.setup.hold(deadline)?;
        if self.is_plaintext() {
            let deadline = deadline.min(self.setup.deadline());
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
        self.remember(self.setup.look(&protection)?, Some(bytes));
        Ok(())
    }

    fn adopt(&self, opened: Opened) {
        let mut state = self.state();
        state.store = opened.store;
        state.protection = opened.protection;
        for notice in opened.notices {
            if !state.notices.contains(&notice) {
                (self.setup.seams.announce)(&notice);
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

//! Doing something slow once, while others wait and the cache is free.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handle::TokenCache;
use crate::fs::{LockFile, PrivateDir};
use crate::lease::{LONGEST_TERM, Place, Verdict, Watch};
use crate::store::{Deadline, Pauses, respite};
use crate::{Error, SecretBytes};

/// The right to do something slow, such as to redeem a refresh token, that at most one program should do at a time.
///
/// The cache itself is not held: everybody reads and changes it meanwhile. Dropping the lease gives it back, as does the
/// end of the process.
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
/// use std::time::Duration;
/// use token_cache::{Lease, SecretBytes, Tenure};
///
/// let lease: Lease = cache.lease("alex@example.com", Duration::from_secs(60))?;
/// let within = lease.remaining();
/// assert!(within <= Duration::from_secs(60));
/// // Here a service is asked, which has that long to answer.
/// let tenure = lease.conclude(|_stored| Ok(SecretBytes::from(b"what it answered".to_vec())))?;
/// assert_eq!(tenure, Tenure::Kept);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a lease that is dropped is given back"]
pub struct Lease {
    cache: TokenCache,
    directory: Arc<PrivateDir>,
    place: Place,
    file: LockFile,
    begun: Instant,
    term: Duration,
}

/// Whether a lease lasted until its work was stored.
///
/// # Example: a cache that was cleared meanwhile
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
/// use std::time::Duration;
/// use token_cache::{SecretBytes, Tenure};
///
/// let lease = cache.lease("alex@example.com", Duration::from_secs(60))?;
/// cache.clear()?;
/// let tenure = lease.conclude(|_stored| Ok(SecretBytes::from(b"of the new user".to_vec())))?;
/// assert_eq!(tenure, Tenure::Lost);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "after a loss somebody else may have done the same work"]
pub enum Tenure {
    /// Nobody else had it.
    Kept,
    /// The term was over and somebody else took the lease, the cache was cleared, or the lease's file is another one.
    Lost,
}

impl TokenCache {
    /// Waits until nobody else holds the lease on a subject, such as an account, and takes it.
    ///
    /// Who gets it should [`read`](Self::read) first: whoever had it before may have done the work. A holder that died
    /// is replaced at once. One that lives and does nothing is replaced after `term`, of which ten minutes are the most;
    /// choose a term that is longer than the work can take, and the same one for the same subject in all programs.
    ///
    /// Other SDKs know nothing of leases: they go on as if there were none, and find nothing changed.
    ///
    /// # Errors
    ///
    /// - [`Error::Busy`] if somebody holds the lease for longer than `term` and this cache's deadline together, or the
    ///   cache itself for longer than the deadline.
    /// - [`Error::File`] if a file is not safe to use, or fails.
    ///
    /// # Example: a refresh token that is rotated
    ///
    /// The service takes each refresh token once. However many programs find the access token expired, one redeems.
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
    /// # cache.write(SecretBytes::from(b"expired refresh-1".to_vec()))?;
    /// # fn is_good(stored: &SecretBytes) -> bool { !stored.expose().starts_with(b"expired") }
    /// # fn redeem(stored: &SecretBytes, _within: Duration) -> Result<SecretBytes, std::io::Error> {
    /// #     assert_eq!(stored.expose(), b"expired refresh-1");
    /// #     Ok(SecretBytes::from(b"access refresh-2".to_vec()))
    /// # }
    /// use std::time::Duration;
    /// use token_cache::{SecretBytes, TokenCache};
    ///
    /// fn access(cache: &TokenCache) -> Result<SecretBytes, Box<dyn std::error::Error + Send + Sync>> {
    ///     let lease = cache.lease("alex@example.com", Duration::from_secs(60))?;
    ///     let used = cache.read()?.ok_or("nobody is signed in")?;
    ///     if is_good(&used) {
    ///         return Ok(used); // Another program has redeemed while this one waited.
    ///     }
    ///     let fresh = redeem(&used, lease.remaining())?;
    ///     let mut current = fresh.clone();
    ///     let _tenure = lease.conclude(|stored| {
    ///         let stored = stored.ok_or("the user has signed out meanwhile")?;
    ///         if *stored != used {
    ///             current = stored.clone(); // The lease was lost and somebody else has redeemed.
    ///         }
    ///         Ok(current.clone())
    ///     })?;
    ///     Ok(current)
    /// }
    ///
    /// assert_eq!(access(&cache).expect("redeemed").expose(), b"access refresh-2");
    /// assert_eq!(access(&cache).expect("nothing to redeem").expose(), b"access refresh-2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lease(&self, subject: &str, term: Duration) -> Result<Lease, Error> {
        let term = term.min(LONGEST_TERM);
        let place = Place::of(self.setup.plan.location.file(), subject);
        let last = Deadline::after(self.setup.wait.saturating_add(term));
        let (begun, mut watch) = (Instant::now(), Watch::new(term));
        let mut pauses = Pauses::between(SHORTEST_PAUSE, LONGEST_PAUSE);
        loop {
            let asked = Instant::now();
            let held = self.setup.hold(self.setup.deadline())?;
            let (found, left) = place.find(self.setup.seams.files.as_ref(), &held)?;
            match watch.judge(found, begun.elapsed()) {
                Verdict::Wait => {}
                Verdict::Take => {
                    if let Some(file) = place.take(&held, left, term, &self.setup.program)? {
                        let (cache, directory) = (self.clone(), Arc::clone(&held.directory));
                        return Ok(Lease { cache, directory, place, file, begun: Instant::now(), term });
                    }
                }
            }
            let path = held.directory.path().join(place.name());
            drop(held);
            if last.has_passed() {
                return Err(Error::Busy { path });
            }
            pauses.wait_at_least(respite(asked.elapsed()), last);
        }
    }
}

impl Lease {
    /// The part of the term that is left: how long the work may still take.
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
    /// let lease = cache.lease("alex@example.com", std::time::Duration::ZERO)?;
    /// assert!(lease.remaining().is_zero());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remaining(&self) -> Duration {
        self.term.saturating_sub(self.begun.elapsed())
    }

    /// Stores what came of the work, as [`TokenCache::update`] does, and gives the lease back in the same moment.
    ///
    /// It is stored after a loss too: a rotation leaves no other copy of the new refresh token. So the cache is waited for
    /// for what is left of the term and this cache's deadline together, not for the deadline alone. `change` sees what is
    /// stored by then, and decides; it may fail to store nothing. Whoever waits gets the lease when all is stored.
    ///
    /// # Errors
    ///
    /// As [`TokenCache::update`]; the lease is given back then, too.
    ///
    /// # Example: an answer that is of no use any more
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
    /// # use std::time::Duration;
    /// use token_cache::Error;
    ///
    /// let lease = cache.lease("alex@example.com", Duration::from_secs(60))?;
    /// let concluded = lease.conclude(|stored| match stored {
    ///     Some(stored) => Ok(stored.clone()),
    ///     None => Err("the user has signed out meanwhile".into()),
    /// });
    /// assert!(matches!(concluded, Err(Error::Update { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn conclude<F>(self, change: F) -> Result<Tenure, Error>
    where
        F: FnOnce(Option<&SecretBytes>) -> Result<SecretBytes, Box<dyn StdError + Send + Sync>>,
    {
        let setup = &self.cache.setup;
        let held = self.cache.hold(Deadline::after(setup.wait.saturating_add(self.remaining())))?;
        let deadline = setup.deadline();
        let kept = self.file.is_still(&self.directory, self.place.name());
        // Nothing keeps what was obtained from being stored: there may be no other copy.
        self.cache.update_held(&held, deadline, change)?;
        match kept {
            Ok(true) => {}
            Ok(false) => return Ok(Tenure::Lost),
            Err(error) => {
                tracing::warn!(%error, "there is something else in the place of a lease");
                return Ok(Tenure::Lost);
            }
        }
        if let Err(error) = self.file.remove(&self.directory, self.place.name()) {
            // What matters is stored. Without its holder the file is as good as none.
            tracing::warn!(%error, "the file of a lease stays behind");
        }
        Ok(Tenure::Kept)
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("place", &self.place)
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

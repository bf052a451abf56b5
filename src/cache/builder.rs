//! How a cache is asked for.

use std::time::Duration;

use super::clearing::ClearReport;
use super::handle::TokenCache;
use super::setup::Setup;
use crate::location::Environment;
use crate::plan::Plan;
use crate::seams::Seams;
use crate::store::Interaction;
use crate::{Error, Partition, TokenCachePersistenceOptions};

/// A cache that is about to be opened; made by [`TokenCache::builder`].
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
/// use std::time::Duration;
/// use token_cache::{Interaction, Partition, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new().name("my_application").allow_unencrypted_storage(true);
/// let builder = TokenCache::builder(&options)
///     .partition(Partition::Cae)
///     .environment(environment)
///     .interaction(Interaction::Never)
///     .deadline(Duration::from_secs(2));
///
/// // A look at what would be done touches nothing.
/// assert_eq!(builder.plan()?.location.file(), "my_application.cae");
///
/// let cache = builder.open()?;
/// assert_eq!(cache.read()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing happens before it is opened"]
pub struct Builder {
    options: TokenCachePersistenceOptions,
    partition: Partition,
    environment: Option<Environment>,
    interaction: Interaction,
    wait: Duration,
    seams: Seams,
}

impl Builder {
    pub(super) fn new(options: &TokenCachePersistenceOptions) -> Self {
        Self {
            options: options.clone(),
            partition: Partition::default(),
            environment: None,
            interaction: Interaction::default(),
            wait: WAIT,
            seams: Seams::real(),
        }
    }

    /// Which tokens the cache holds; [`Partition::NoCae`] by default.
    pub fn partition(mut self, partition: Partition) -> Self {
        self.partition = partition;
        self
    }

    /// The surroundings; those of this process by default.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Whether the user may be asked to unlock the keyring; [`Interaction::Never`] by default.
    pub fn interaction(mut self, interaction: Interaction) -> Self {
        self.interaction = interaction;
        self
    }

    /// How long each call may take, from its beginning; five seconds by default.
    ///
    /// With [`Interaction::Allow`] this is also the time that the user has for an answer.
    pub fn deadline(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Replaces parts of the cache.
    #[cfg(feature = "seams")]
    #[doc(hidden)]
    pub fn seams(mut self, seams: Seams) -> Self {
        self.seams = seams;
        self
    }

    /// The parts, for this crate's own tests.
    #[cfg(all(test, not(feature = "seams")))]
    pub(crate) fn seams(mut self, seams: Seams) -> Self {
        self.seams = seams;
        self
    }

    /// What would be done, before anything is touched: paths, protector and consent.
    ///
    /// # Errors
    ///
    /// - [`Error::Name`] if the name cannot be the name of a cache.
    /// - [`Error::NoHome`] if there is no place for its folder.
    pub fn plan(&self) -> Result<Plan, Error> {
        let environment = self.environment.clone().unwrap_or_else(Environment::system);
        self.plan_in(&environment)
    }

    /// Opens the cache: probes the protector without changing anything, and decides.
    ///
    /// # Errors
    ///
    /// - What [`plan`](Self::plan) returns.
    /// - [`Error::EncryptionUnavailable`] if there is no protector and plaintext was not allowed.
    /// - [`Error::Locked`] if the protector is locked, and [`Error::Protector`] if it is there and cannot be used:
    ///   plaintext is no answer to either.
    /// - [`Error::NameFolded`] if the file system folds the name onto another cache's.
    /// - [`Error::File`] if a file or folder of the cache is not safe to use, or fails.
    /// - [`Error::Busy`] if plaintext is to be imported and another process holds the cache.
    pub fn open(self) -> Result<TokenCache, Error> {
        TokenCache::of(self.setup()?)
    }

    /// Clears the cache without opening it: the way out when it cannot be opened.
    ///
    /// # Errors
    ///
    /// What [`TokenCache::clear`] returns.
    ///
    /// # Example: a user signs out whose keyring cannot be opened
    ///
    /// ```
    /// # let home = tempfile::tempdir()?;
    /// # let environment = token_cache::Environment {
    /// #     platform: token_cache::Platform::Other("an example"),
    /// #     home: Some(home.path().into()),
    /// #     ..Default::default()
    /// # };
    /// use token_cache::{TokenCache, TokenCachePersistenceOptions};
    ///
    /// let options = TokenCachePersistenceOptions::new();
    /// let report = TokenCache::builder(&options).environment(environment).clear()?;
    /// if !report.is_complete() {
    ///     eprintln!("something may be left: {report:?}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(self) -> Result<ClearReport, Error> {
        self.setup()?.clear()
    }

    fn setup(self) -> Result<Setup, Error> {
        let environment = self.environment.clone().unwrap_or_else(Environment::system);
        Ok(Setup {
            plan: self.plan_in(&environment)?,
            program: environment.program,
            interaction: self.interaction,
            wait: self.wait,
            seams: self.seams,
        })
    }

    fn plan_in(&self, environment: &Environment) -> Result<Plan, Error> {
        let file_name = (self.seams.name)(self.options.cache_name(), self.partition)?;
        Plan::new(&self.options, environment, file_name)
    }
}

const WAIT: Duration = Duration::from_secs(5);

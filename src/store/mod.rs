//! Where the bytes of a cache are kept: one trait, one folder per protector, one file for opted-in plaintext.
//!
//! A store knows one item. It decides nothing: whether it may be used at all is the [decision](crate::decide)'s
//! business, and the plaintext store can be made from that decision only.
//!
//! # Example: whether the keyring can be used now
//!
//! ```
//! use std::time::Duration;
//! use token_cache::store::secret_service::SecretService;
//! use token_cache::store::{ItemIdentity, Obstacle, Store};
//! use token_cache::{BusAddress, Deadline, Interaction};
//!
//! let bus = BusAddress { address: Some("unix:path=/nonexistent/bus".to_owned()), ..BusAddress::default() };
//! let probed = SecretService::new(bus, ItemIdentity::of_file("my_application.nocae"))
//!     .and_then(|store| store.probe(Interaction::Never, Deadline::after(Duration::from_secs(5))));
//! match probed {
//!     Ok(()) => unreachable!("there is no such bus"),
//!     Err(obstacle @ Obstacle::Absent(_)) => println!("on Linux: {obstacle}"),
//!     Err(obstacle) => println!("elsewhere: {obstacle}"),
//! }
//! ```

mod deadline;
pub mod dpapi;
mod identity;
pub mod keychain;
mod memory;
mod obstacle;
mod pauses;
mod plaintext;
mod protected;
pub mod secret_service;

pub use deadline::Deadline;
pub use identity::ItemIdentity;
pub use memory::MemoryStore;
pub use obstacle::{Absence, Breakage, Misconfiguration, Obstacle};
pub(crate) use pauses::{Pauses, respite};
pub(crate) use plaintext::PlaintextStore;
pub(crate) use protected::protected;

use crate::{LockGuard, SecretBytes};

/// Whether the person at the machine may be asked to unlock the protector.
///
/// The default is [`Interaction::Never`]: a library that opens a dialogue on its own hangs every unattended job.
///
/// # Example: a command that somebody has just typed may ask that somebody
///
/// ```no_run
/// use std::time::Duration;
/// use token_cache::{Interaction, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new();
/// let patient = TokenCache::builder(&options)
///     .interaction(Interaction::Allow)
///     .deadline(Duration::from_secs(120));
/// let cache = patient.open()?;
/// # Ok::<(), token_cache::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Interaction {
    /// No dialogue; a locked protector is an error at once.
    #[default]
    Never,
    /// A dialogue may be shown; the call still ends at its deadline.
    Allow,
}

/// One item in one protector, or one file.
///
/// Implementors keep to these decisions; the conformance cases cite them.
///
/// # Example: a store that counts what goes to another one
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::time::Duration;
/// use token_cache::store::{MemoryStore, Obstacle, Store};
/// use token_cache::{Deadline, Interaction, LockGuard, SecretBytes};
///
/// struct Counted<S> {
///     store: S,
///     reads: AtomicUsize,
/// }
///
/// impl<S: Store> Store for Counted<S> {
///     fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
///         self.store.probe(interaction, deadline)
///     }
///
///     fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
///         self.reads.fetch_add(1, Ordering::Relaxed);
///         self.store.read(deadline)
///     }
///
///     fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
///         self.store.write(lock, bytes, deadline)
///     }
///
///     fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
///         self.store.clear(lock, deadline)
///     }
/// }
///
/// let store = Counted { store: MemoryStore::new(), reads: AtomicUsize::new(0) };
/// assert_eq!(store.read(Deadline::after(Duration::from_secs(1)))?, None);
/// assert_eq!(store.reads.into_inner(), 1);
/// # Ok::<(), Obstacle>(())
/// ```
pub trait Store: Send + Sync {
    /// Says whether the protector can be used now, without changing anything.
    ///
    /// - Writes no trial item: a probe that writes can race, leave residue and prompt.
    /// - With [`Interaction::Allow`], may ask to unlock a locked protector, and waits for the answer.
    /// - Ends at the deadline with [`Breakage::TimedOut`].
    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle>;

    /// Reads the stored bytes.
    ///
    /// - If nothing is stored, returns `None`.
    /// - If exactly one item matches the whole identity, returns its bytes.
    /// - If several match, returns [`Obstacle::Ambiguous`].
    /// - An item with further attributes is not ours: it is never read, changed or deleted.
    /// - If the item is locked, returns [`Obstacle::Locked`]: a locked item is not an absent one.
    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle>;

    /// Replaces the stored bytes.
    ///
    /// - If nothing is stored, creates the item.
    /// - If exactly one item matches, replaces its bytes and leaves its attributes.
    /// - If several match, returns [`Obstacle::Ambiguous`] and changes nothing.
    /// - If the store is locked, returns [`Obstacle::Locked`]; it never prompts.
    ///
    /// After an error the old bytes are intact, or the error says [`Breakage::OutcomeUnknown`] or what was found in
    /// the place of the new ones.
    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle>;

    /// Removes the item; removing nothing is no error.
    ///
    /// This is also the way out of [`Obstacle::Ambiguous`] and [`Obstacle::Unreadable`]: every exact match goes.
    fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle>;
}

//! Where the bytes of a cache are kept: one trait, one folder per protector, one file for opted-in plaintext.
//!
//! A store knows one item. It decides nothing: whether it may be used at all is the [decision](crate::decide)'s
//! business, and the plaintext store can be made from that decision only.

mod deadline;
pub mod dpapi;
mod identity;
pub mod keychain;
mod memory;
mod obstacle;
mod plaintext;
mod protected;
pub mod secret_service;

pub use deadline::Deadline;
pub use identity::ItemIdentity;
pub use memory::MemoryStore;
pub use obstacle::{Absence, Breakage, Misconfiguration, Obstacle};
pub(crate) use plaintext::PlaintextStore;
pub(crate) use protected::protected;

use crate::{LockGuard, SecretBytes};

/// Whether the person at the machine may be asked to unlock the protector.
///
/// The default is [`Interaction::Never`]: a library that opens a dialogue on its own hangs every unattended job.
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
    /// - An item with further attributes is not ours: it is never read, changed or deleted (D13).
    /// - If the item is locked, returns [`Obstacle::Locked`]: a locked item is not an absent one.
    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle>;

    /// Replaces the stored bytes.
    ///
    /// - If nothing is stored, creates the item.
    /// - If exactly one item matches, replaces its bytes and leaves its attributes.
    /// - If several match, returns [`Obstacle::Ambiguous`] and changes nothing.
    /// - If the store is locked, returns [`Obstacle::Locked`]; it never prompts.
    ///
    /// After an error the old bytes are intact, or the error says [`Breakage::OutcomeUnknown`].
    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle>;

    /// Removes the item; removing nothing is no error.
    ///
    /// This is also the way out of [`Obstacle::Ambiguous`] and [`Obstacle::Unreadable`]: every exact match goes.
    fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle>;
}

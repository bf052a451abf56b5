//! A persistent token cache that is encrypted by the platform, isolated by name, and plaintext only by consent.
//!
//! It is a reference implementation of `TokenCachePersistenceOptions`, interoperable with azure-identity for Python:
//! the same files, the same item in the keyring, the same bytes.
//!
//! ```text
//!  what was said          parsed              decided (pure, printable)          opened            in use
//!  TokenCachePersistence  CacheName ─┐
//!  Options ─────────────► Partition  ├─► Plan{ location, protector, consent } ─► probe, read-only: ─► TokenCache
//!  Environment (values) ► Location ──┤        no I/O up to here                  + what exists        lock ► read ►
//!  Platform (value) ─────────────────┘                                           = Decision           change ► write ►
//!                                                                                                     read back
//! ```
//!
//! - Encryption is always tried first. Where there is no protector, storing is an error, unless
//!   [`allow_unencrypted_storage`](TokenCachePersistenceOptions::allow_unencrypted_storage) was set.
//! - A protector that is locked, refuses, is misconfigured or fails is *there*: plaintext is no answer to that.
//! - A name isolates a cache ([`CacheName`]); without one, the cache is the one that Microsoft developer tools share.
//! - What is slow, such as redeeming a refresh token, is done by one program at a time, while the cache is free
//!   ([`TokenCache::lease`]).
//! - A cache is bytes to all this; [`msal`] reads and changes what the MSAL libraries keep in them.
//! - What the user should know is an error, a [`Notice`], or part of the [`Protection`] state; nothing is printed.
//!
//! # Example
//!
//! ```no_run
//! use token_cache::{Partition, SecretBytes, TokenCache, TokenCachePersistenceOptions};
//!
//! let options = TokenCachePersistenceOptions::new().name("my_application");
//! let cache = TokenCache::open(&options, Partition::NoCae)?;
//! cache.update(|stored| {
//!     let mut document = stored.map_or_else(|| b"{}".to_vec(), |stored| stored.expose().to_vec());
//!     document.push(b'\n');
//!     Ok(SecretBytes::from(document))
//! })?;
//! # Ok::<(), token_cache::Error>(())
//! ```
//!
//! The library changes nothing process-wide: no umask, no signal handler, no environment variable. The one exception is
//! the [Keychain](store::keychain)'s switch for dialogues, which is off while a call lasts that must not open one.
//!
//! The [manual] says what is protected and what is not, why the defaults are what they are, and every byte of the formats.
//!
//! # Features
//!
//! `seams` makes the parts of a cache replaceable, for test suites that put wrong ones in. Nothing else needs it.

#![deny(unsafe_code)]
#![deny(missing_docs)]

mod cache;
mod error;
mod fs;
mod lease;
pub mod location;
mod lock;
pub mod manual;
pub mod msal;
mod name;
mod options;
mod plan;
#[cfg(feature = "seams")]
#[doc(hidden)]
pub mod seams;
#[cfg(not(feature = "seams"))]
mod seams;
mod secret;
pub mod store;
#[cfg(test)]
mod vectors;

pub use cache::{
    Builder, ClearReport, ClearedItem, ClearedPlaintext, Lease, Notice, Protection, Tenure, TokenCache,
};
pub use error::{Error, ErrorKind};
pub use fs::{FileError, Finding, Sid};
pub use location::{BusAddress, Environment, Location, Platform};
pub use lock::LockGuard;
pub use name::{CacheName, NameError, Partition};
pub use options::TokenCachePersistenceOptions;
pub use plan::{Consent, Decision, Existing, Kept, Past, PlaintextPermit, Plan, Protector, Residue, decide};
pub use secret::SecretBytes;
pub use store::{Deadline, Interaction};

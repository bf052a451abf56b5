//! The backend where it is not built: a type without values.

use std::convert::Infallible;

use crate::store::{Deadline, Interaction, Obstacle, Store};
use crate::{LockGuard, SecretBytes};

/// The Keychain of macOS; never made, because this build lacks it.
#[derive(Debug)]
pub struct KeychainStore(Infallible);

impl KeychainStore {
    /// Says that there is no backend.
    ///
    /// # Errors
    ///
    /// Always [`Obstacle::NotBuilt`].
    pub fn new(_service: &str, _account: &str) -> Result<Self, Obstacle> {
        Err(Obstacle::NotBuilt { protector: "keychain" })
    }
}

impl Store for KeychainStore {
    fn probe(&self, _interaction: Interaction, _deadline: Deadline) -> Result<(), Obstacle> {
        match self.0 {}
    }

    fn read(&self, _deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        match self.0 {}
    }

    fn write(&self, _lock: &LockGuard, _bytes: &SecretBytes, _deadline: Deadline) -> Result<(), Obstacle> {
        match self.0 {}
    }

    fn clear(&self, _lock: &LockGuard, _deadline: Deadline) -> Result<(), Obstacle> {
        match self.0 {}
    }
}

//! The Secret Service where there is none: a store that cannot be made.

use std::convert::Infallible;

use crate::location::BusAddress;
use crate::store::{Deadline, Interaction, ItemIdentity, Obstacle, Store};
use crate::{LockGuard, SecretBytes};

/// The Secret Service on a platform that has none; no value of this type exists.
#[derive(Debug)]
pub struct SecretService(Infallible);

impl SecretService {
    /// Answers that this build has no Secret Service.
    ///
    /// # Errors
    ///
    /// Always [`Obstacle::NotBuilt`].
    pub fn new(_bus: BusAddress, _item: ItemIdentity) -> Result<Self, Obstacle> {
        Err(Obstacle::NotBuilt { protector: "secret-service" })
    }
}

impl Store for SecretService {
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

//! The backend where it is not built: a type without values.

use std::convert::Infallible;
use std::sync::Arc;

use crate::fs::Files;
use crate::store::{Deadline, Interaction, Obstacle, Store};
use crate::{Location, LockGuard, SecretBytes};

/// The data protection of Windows; never made, because this build lacks it.
#[derive(Debug)]
pub struct DpapiStore(Infallible);

impl DpapiStore {
    /// Says that there is no backend.
    ///
    /// # Errors
    ///
    /// Always [`Obstacle::NotBuilt`].
    pub fn new(_location: &Location) -> Result<Self, Obstacle> {
        Err(Obstacle::NotBuilt { protector: "dpapi" })
    }

    pub(crate) fn over(_files: Arc<dyn Files>, location: &Location) -> Result<Self, Obstacle> {
        Self::new(location)
    }
}

impl Store for DpapiStore {
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

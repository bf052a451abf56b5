//! A home of the user's, whose data protection is the system's.
//!
//! There is one protection for everything that the user runs: it cannot be made fresh, locked or taken away for one
//! world. So the only condition is the usual one, and files cannot be carried to where they are not decrypted.

use std::{convert::Infallible, io, sync::Arc};

use super::super::{beacon::BeaconError, meeting::Meetings, options::RunOptions, performance::Performance};
use crate::{
    canary::CanarySet,
    case::Condition,
    observation::{EvidenceLog, KeyringItem, Observer},
    observe::beacon::Plan,
    world::{
        sandbox::{Sandbox, SandboxError},
        windows,
    },
};

/// Observers that no world has here, and why.
pub(in super::super) const UNWATCHED: [(Observer, &str); 5] = [
    (Observer::SystemCalls, "Windows announces no system calls to others"),
    (Observer::Processes, "Windows announces no starts of processes to others"),
    (Observer::Bus, "there is no session bus on Windows"),
    (Observer::Keyring, "the data protection of Windows keeps no items"),
    (Observer::Relocation, "what the user protected is unprotected wherever the same user carries it"),
];

/// A home.
pub struct Premises {
    sandbox: Sandbox,
}

/// What a session comes in by: nothing, as there is no bus.
pub(in super::super) struct Door;

impl Door {
    /// Shuts nothing.
    pub(in super::super) fn shut(self) {}
}

impl Premises {
    /// Makes a home.
    ///
    /// # Errors
    ///
    /// [`PremisesError`]: the folders cannot be had.
    pub(in super::super) fn furnish(
        _options: &RunOptions,
        _canaries: &CanarySet,
        _log: &EvidenceLog,
    ) -> Result<Self, PremisesError> {
        Ok(Self { sandbox: Sandbox::create(&std::env::temp_dir())? })
    }

    /// The folders.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Brings the home into a condition: the usual one is there already.
    ///
    /// # Errors
    ///
    /// [`PremisesError::Condition`] for every other one.
    pub fn set(&mut self, condition: Condition) -> Result<(), PremisesError> {
        if condition.is_usable() { Ok(()) } else { Err(PremisesError::Condition { condition }) }
    }

    /// Protects something and gets it back, as a session could; gives how it went.
    ///
    /// # Errors
    ///
    /// What was found instead.
    pub(in super::super) fn prove(
        &self,
        condition: Condition,
        _extra: impl IntoIterator<Item = (String, String)>,
    ) -> Result<String, String> {
        let detail = windows::round_trip().map_err(|error| error.to_string())?;
        if condition.is_usable() {
            Ok(detail)
        } else {
            Err(format!("{condition} was wanted, but the world is in {}: {detail}", Condition::Usable))
        }
    }

    /// Lets a session in.
    ///
    /// # Errors
    ///
    /// None.
    pub(in super::super) fn admit(
        &self,
        _performance: &Performance<'_>,
        _meetings: Option<&Arc<Meetings>>,
        _foreign_item: Option<&str>,
    ) -> Result<Door, PremisesError> {
        Ok(Door)
    }

    /// The environment of a session.
    pub(in super::super) fn environment_behind(
        &self,
        _door: &Door,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        self.sandbox.environment(extra)
    }

    /// The environment of the harness's own programs.
    pub(in super::super) fn own_environment(
        &self,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        self.sandbox.environment(extra)
    }

    /// Refuses to carry files where nothing would be another's.
    ///
    /// # Errors
    ///
    /// Always `Unsupported`.
    pub(in super::super) fn relocate(&self, _to: &Self) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the data protection of the same user is the same everywhere",
        ))
    }

    /// Adds nothing to the leaks that a beacon plants.
    pub(in super::super) fn plan_leaks(&self, plan: Plan, _canaries: &CanarySet) -> Plan {
        plan
    }

    /// Removes nothing: what a beacon left is in files.
    ///
    /// # Errors
    ///
    /// None.
    pub(in super::super) fn tidy_leaks(&mut self, _output: &[u8]) -> Result<(), BeaconError> {
        Ok(())
    }

    /// Stores nothing.
    ///
    /// # Errors
    ///
    /// Always [`ForeignItemError`].
    pub(in super::super) fn store_foreign(&self, _canary: &str) -> Result<String, ForeignItemError> {
        Err(ForeignItemError)
    }

    /// Every item with its secret: none, and nobody is asked.
    ///
    /// # Errors
    ///
    /// None.
    pub fn items(&self) -> Result<Vec<(KeyringItem, Vec<u8>)>, Infallible> {
        Ok(Vec::new())
    }

    /// Compares nothing.
    ///
    /// # Errors
    ///
    /// None.
    pub(in super::super) fn compare_readings(&self) -> Result<(), Infallible> {
        Ok(())
    }

    /// Gives the folders back, which go when they are dropped.
    ///
    /// # Errors
    ///
    /// None.
    pub fn close(self) -> (Sandbox, Result<(), String>) {
        (self.sandbox, Ok(()))
    }
}

/// Why premises could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PremisesError {
    /// The folders could not be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// There is no such condition here.
    #[error("no world on Windows can be brought into the condition {condition}")]
    Condition {
        /// The condition.
        condition: Condition,
    },
}

/// Why there is no item of somebody else.
#[derive(Debug, thiserror::Error)]
#[error("the data protection of Windows keeps no items, so there is none of somebody else")]
pub struct ForeignItemError;

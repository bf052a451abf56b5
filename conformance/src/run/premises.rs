//! One home with its bus and its keyring: the world's own, or the one to which files are relocated.

use std::{fs, io, path::PathBuf, sync::Arc};

use crate::{
    case::Condition,
    observation::{EvidenceLog, KeyringItem, SessionIndex},
    world::{
        bus::{BrokerKind, Bus, BusError, WireTap},
        condition::{self, Applied, ApplyError},
        sandbox::{Sandbox, SandboxError},
        secret_service::KeyringContents,
    },
};

/// A home, a bus and a keyring, in a condition.
pub struct Premises {
    // Whoever speaks on the bus goes before the bus, and all of them before the folder that holds their sockets.
    applied: Option<Applied>,
    contents: KeyringContents,
    bus: Bus,
    folder: PathBuf,
    sandbox: Sandbox,
}

impl Premises {
    /// Opens premises with an empty, usable keyring.
    ///
    /// # Errors
    ///
    /// [`PremisesError`]: the folders, the bus or the provider cannot be had.
    pub fn open(broker: BrokerKind, log: &EvidenceLog, tap: Arc<dyn WireTap>) -> Result<Self, PremisesError> {
        let sandbox = Sandbox::create(&std::env::temp_dir())?;
        let folder = sandbox.root().join("bus");
        fs::create_dir(&folder).map_err(PremisesError::BusFolder)?;
        let bus = Bus::start(broker, &folder, log, tap)?;
        let mut premises = Self { applied: None, contents: KeyringContents::new(), bus, folder, sandbox };
        premises.set(Condition::Usable)?;
        Ok(premises)
    }

    /// The folders.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The bus.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Brings the premises into a condition: the provider leaves, and comes back where the condition has one.
    ///
    /// So every session meets a provider that was started after the last one: what persists is the contents.
    ///
    /// # Errors
    ///
    /// [`PremisesError::Condition`] if the provider cannot join the bus.
    pub fn set(&mut self, condition: Condition) -> Result<(), PremisesError> {
        // The provider of the last condition must be gone before the next one takes its name.
        self.applied = None;
        self.applied = Some(condition::apply(condition, &self.bus, &self.contents, &self.folder)?);
        Ok(())
    }

    /// The environment of a session in the present condition, with what its adapter adds.
    pub fn environment(&self, extra: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
        let bus = self.applied.iter().flat_map(|applied| applied.environment.clone());
        self.sandbox.environment(extra.into_iter().chain(bus))
    }

    /// Says to which session what happens next on the bus belongs.
    pub fn set_session(&self, session: Option<SessionIndex>) {
        self.bus.set_session(session);
    }

    /// Every item of the keyring with its secret.
    pub fn items(&self) -> Vec<(KeyringItem, Vec<u8>)> {
        self.contents.items()
    }

    /// Removes an item, past the bus.
    pub fn remove_item(&self, path: &str) -> bool {
        self.contents.remove_item(path)
    }

    /// Ends the bus; the folders go when the sandbox that is given back is dropped.
    ///
    /// # Errors
    ///
    /// What the bus observer lost, beside the sandbox.
    pub fn close(mut self) -> (Sandbox, Result<(), String>) {
        self.applied = None;
        let finished = self.bus.finish();
        (self.sandbox, finished)
    }
}

/// Why premises could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PremisesError {
    /// The folders could not be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The folder of the bus could not be made.
    #[error("the folder of the bus could not be made")]
    BusFolder(#[source] io::Error),
    /// The bus did not start.
    #[error("the bus did not start")]
    Bus(#[from] BusError),
    /// The condition could not be brought about.
    #[error("the world could not be brought into its condition")]
    Condition(#[from] ApplyError),
}

//! One home with its bus and its keyring: the world's own, or the one to which files are relocated.

use std::{fs, io, os::unix::net::UnixListener, path::PathBuf, sync::Arc};

use crate::{
    case::Condition,
    observation::{EvidenceLog, KeyringItem, SessionIndex},
    world::{
        bus::{BrokerKind, Bus, BusError, WireTap},
        sandbox::{Sandbox, SandboxError},
        secret_service::{KeyringContents, Provider, ProviderError, ProviderScript},
    },
};

/// A home, a bus and a keyring.
pub struct Premises {
    // Whoever speaks on the bus goes before the bus, and all of them before the folder that holds their sockets.
    provider: Option<Provider>,
    contents: KeyringContents,
    bus: Bus,
    dead_socket: PathBuf,
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
        let dead_socket = folder.join("dead.sock");
        // A socket file that nobody listens on any more.
        drop(UnixListener::bind(&dead_socket).map_err(PremisesError::BusFolder)?);
        let mut premises =
            Self { provider: None, contents: KeyringContents::new(), bus, dead_socket, sandbox };
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

    /// Brings the keyring into a condition: the provider leaves, and comes back where the condition has one.
    ///
    /// So every session meets a provider that was started after the last one: what persists is the contents.
    ///
    /// # Errors
    ///
    /// [`PremisesError::Provider`] if the provider cannot join the bus.
    pub fn set(&mut self, condition: Condition) -> Result<(), PremisesError> {
        if let Some(provider) = self.provider.take() {
            provider.stop();
        }
        let script = match condition {
            Condition::Usable => ProviderScript::USABLE,
            Condition::Locked => ProviderScript::LOCKED,
            Condition::NoDefaultCollection => ProviderScript::NO_DEFAULT_COLLECTION,
            Condition::NoBus | Condition::DeadSocket | Condition::NoService => return Ok(()),
        };
        self.provider = Some(Provider::start(&self.bus.broker_address(), &self.contents, script)?);
        Ok(())
    }

    /// The environment of a session in a condition, with what its adapter adds.
    pub fn environment(
        &self,
        condition: Condition,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        let address = match condition {
            Condition::NoBus => None,
            Condition::DeadSocket => Some(format!("unix:path={}", self.dead_socket.display())),
            Condition::Usable | Condition::NoService | Condition::NoDefaultCollection | Condition::Locked => {
                Some(self.bus.client_address())
            }
        };
        let address = address.map(|address| ("DBUS_SESSION_BUS_ADDRESS".to_owned(), address));
        self.sandbox.environment(extra.into_iter().chain(address))
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
        if let Some(provider) = self.provider.take() {
            provider.stop();
        }
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
    /// The provider did not start.
    #[error("the scripted Secret Service did not start")]
    Provider(#[from] ProviderError),
}

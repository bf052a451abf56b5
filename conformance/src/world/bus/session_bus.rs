//! The bus of one world.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    BrokerKind, BusError, Door, Guest, ProviderDoor, WireTap, broker::Broker, interposer::Interposer,
    relay::Shared,
};
use crate::observation::EvidenceLog;

/// A broker and the interposer in front of it; both end when this is dropped.
pub struct Bus {
    kind: BrokerKind,
    // Clients are let go before the broker that they talk to.
    own: Door,
    interposer: Interposer,
    finished: bool,
    broker: Broker,
    folder: PathBuf,
    last_door: AtomicU32,
}

impl Bus {
    /// Starts a broker, with a door for the world itself, on sockets in a folder that exists.
    ///
    /// Every call of a client goes to the log when it is answered, with the time at which it was made; every message
    /// goes to the tap.
    ///
    /// # Errors
    ///
    /// [`BusError`]: the broker does not start, or the folder's path is too long for a socket.
    pub fn start(
        kind: BrokerKind,
        folder: &Path,
        log: &EvidenceLog,
        tap: Arc<dyn WireTap>,
    ) -> Result<Self, BusError> {
        let broker = Broker::start(kind, folder, folder.join("broker.sock"))?;
        let interposer = Interposer::new(Shared::new(kind, log, tap), broker.address().clone());
        let own = interposer.open(Guest::world(), folder.join("own.sock"))?;
        let (folder, last_door) = (folder.to_owned(), AtomicU32::default());
        Ok(Self { kind, own, interposer, finished: false, broker, folder, last_door })
    }

    /// Opens a door: a socket of its own for the clients of one session.
    ///
    /// # Errors
    ///
    /// [`BusError`]: it cannot listen.
    pub fn open_door(&self, guest: Guest) -> Result<Door, BusError> {
        // No socket file of an earlier door is in the way, and the paths stay as short as that of the first.
        let number = self.last_door.fetch_add(1, Ordering::Relaxed) + 1;
        self.interposer.open(guest, self.folder.join(format!("{number}.sock")))
    }

    /// Which broker it is.
    pub fn kind(&self) -> BrokerKind {
        self.kind
    }

    /// The address for the world's own clients, through a door that belongs to no session.
    pub fn client_address(&self) -> String {
        self.own.client_address()
    }

    /// The address for the provider, past the interposer: what it says is not evidence.
    pub fn broker_address(&self) -> String {
        self.broker.address().to_string()
    }

    /// Opens a door for a provider that is a program of its own, beside the one that watches clients.
    ///
    /// # Errors
    ///
    /// [`BusError`]: another door for a provider is open, or there is no room for one.
    pub fn open_provider_door(&self) -> Result<ProviderDoor, BusError> {
        ProviderDoor::open(self.kind, self.broker.address())
    }

    /// Ends the bus, once everything that clients have sent is recorded.
    ///
    /// # Errors
    ///
    /// What was lost, in words: then the absence of a call or a canary proves nothing.
    pub fn finish(mut self) -> Result<(), String> {
        self.finished = true;
        self.interposer.finish()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left who could be told what was lost.
            let _ = self.interposer.finish();
        }
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus")
            .field("kind", &self.kind)
            .field("client_address", &self.client_address())
            .finish_non_exhaustive()
    }
}

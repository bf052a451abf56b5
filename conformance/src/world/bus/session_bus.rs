//! The bus of one world.

use std::{fmt, path::Path, sync::Arc};

use super::{
    BrokerKind, BusError, WireTap, broker::Broker, crew::Crew, interposer::Interposer, losses::Losses,
    relay::Shared,
};
use crate::observation::{EvidenceLog, SessionIndex};

/// A broker and the interposer in front of it; both end when this is dropped.
pub struct Bus {
    kind: BrokerKind,
    // Clients are let go before the broker that they talk to.
    interposer: Interposer,
    finished: bool,
    broker: Broker,
}

impl Bus {
    /// Starts a broker on `broker.sock` and the interposer on `session.sock`, both in a folder that exists.
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
        let shared = Shared { kind, log: log.clone(), tap, losses: Losses::default(), crew: Crew::default() };
        let interposer = Interposer::start(shared, broker.address().clone(), folder.join("session.sock"))?;
        Ok(Self { kind, interposer, finished: false, broker })
    }

    /// Which broker it is.
    pub fn kind(&self) -> BrokerKind {
        self.kind
    }

    /// The address for clients, through the interposer: the value of `DBUS_SESSION_BUS_ADDRESS`.
    pub fn client_address(&self) -> String {
        self.interposer.address().to_string()
    }

    /// The address for the provider, past the interposer: what it says is not evidence.
    pub fn broker_address(&self) -> String {
        self.broker.address().to_string()
    }

    /// Says to which session clients belong that connect from now on; `None` is the world itself.
    ///
    /// A connection keeps its session for as long as it lasts.
    pub fn set_session(&self, session: Option<SessionIndex>) {
        self.interposer.set_session(session);
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

//! The way of a real provider to the broker.

use std::{fmt, sync::Arc};

use super::{BrokerKind, BusAddress, BusError, Door, Guest, WireTap, interposer::Interposer, relay::Shared};
use crate::observation::{Clock, EvidenceLog, Observer, SessionIndex};

/// A socket for one provider, until it is dropped; whoever is connected then is cut off.
///
/// The provider meets the same courtesies as any client: it too asks for names that nobody owns, such as that of a
/// prompter, and would wait for an answer that the embedded broker never gives. But nothing that crosses this door is
/// recorded or searched: what it says to a client is seen where the client gets it.
pub struct ProviderDoor {
    interposer: Interposer,
    door: Door,
}

impl ProviderDoor {
    /// Opens `provider.sock` beside the broker's own socket.
    pub(super) fn open(kind: BrokerKind, broker: &BusAddress) -> Result<Self, BusError> {
        let log = EvidenceLog::without(Clock::start(), [Observer::Bus]);
        let interposer = Interposer::new(Shared::new(kind, &log, Arc::new(Deaf)), broker.clone());
        let door = interposer.open(Guest::world(), broker.path().with_file_name("provider.sock"))?;
        Ok(Self { interposer, door })
    }

    /// Where the provider connects.
    pub fn address(&self) -> &BusAddress {
        self.door.address()
    }
}

impl Drop for ProviderDoor {
    fn drop(&mut self) {
        // What was lost here was never evidence.
        let _ = self.interposer.finish();
    }
}

impl fmt::Debug for ProviderDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderDoor").field("address", self.address()).finish_non_exhaustive()
    }
}

/// Listens to nothing.
struct Deaf;

impl WireTap for Deaf {
    fn bytes(&self, _: Option<SessionIndex>, _: &str, _: &[u8]) {}
}

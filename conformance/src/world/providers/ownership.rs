//! Waiting for the service's name to be owned, or to be free.

use std::time::Instant;

use crate::world::{
    bus::{BROKER, BROKER_PATH, BusAddress, Call, Connection, ConnectionError, Sender},
    secret_service::NAME,
};

/// A connection that the broker tells who owns the name.
pub(super) struct Ownership {
    connection: Connection,
}

impl Ownership {
    /// Listens from now on.
    pub(super) fn watch(broker: &BusAddress, deadline: Instant) -> Result<Self, ConnectionError> {
        let mut connection = Connection::open(broker, deadline)?;
        let rule =
            format!("type='signal',sender='{BROKER}',interface='{BROKER}',member='{CHANGED}',arg0='{NAME}'");
        connection.call(Call::to_broker("AddMatch"), &rule, deadline)?;
        Ok(Self { connection })
    }

    /// What ends the wait from another thread.
    pub(super) fn sender(&self) -> Sender {
        self.connection.sender()
    }

    /// Waits until somebody owns the name.
    pub(super) fn taken(&mut self, deadline: Instant) -> Result<(), ConnectionError> {
        self.until(true, deadline)
    }

    /// Waits until nobody owns the name.
    pub(super) fn free(&mut self, deadline: Instant) -> Result<(), ConnectionError> {
        self.until(false, deadline)
    }

    fn until(&mut self, owned: bool, deadline: Instant) -> Result<(), ConnectionError> {
        // Listening began before the question, so a change that the answer does not know is signalled.
        let call = Call::to_broker("NameHasOwner");
        let mut now: bool =
            self.connection.call(call, &NAME, deadline)?.body().map_err(ConnectionError::Body)?;
        while now != owned {
            let signal = self.connection.signal(BROKER_PATH, CHANGED, deadline)?;
            let (name, _, owner): (String, String, String) = signal.body().map_err(ConnectionError::Body)?;
            if name == NAME {
                now = !owner.is_empty();
            }
        }
        Ok(())
    }
}

const CHANGED: &str = "NameOwnerChanged";

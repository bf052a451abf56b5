//! The keyring as an adapter of a test uses it: an item through an encrypted session.

use std::{collections::BTreeMap, env};

use sealcheck::world::client::{Algorithm, KeyringClient, NewItem};

pub(crate) struct Keyring(KeyringClient);

impl Keyring {
    /// The keyring of the session's bus, or `None` if it cannot be reached.
    pub(crate) fn open() -> Option<Self> {
        let mut client = KeyringClient::connect(&env::var("DBUS_SESSION_BUS_ADDRESS").ok()?).ok()?;
        client.open_session(Algorithm::DiffieHellman).ok()?;
        Some(Self(client))
    }

    pub(crate) fn store(&mut self, name: &str, secret: &[u8]) -> Option<()> {
        let collection = self.0.alias("default").ok()??;
        let item = NewItem {
            label: "test".into(),
            attributes: attributes(name),
            content_type: "text/plain".into(),
            replace: true,
        };
        self.0.create_item(&collection, &item, secret).ok().map(drop)
    }

    pub(crate) fn load(&mut self, name: &str) -> Option<Vec<u8>> {
        let found = self.0.search(&attributes(name)).ok()?;
        self.0.secret(found.unlocked.first()?).ok()
    }
}

fn attributes(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("cache".to_owned(), name.to_owned())])
}

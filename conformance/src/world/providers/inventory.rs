//! Everything that a client of the Secret Service can read.

use crate::{
    observation::KeyringItem,
    world::client::{Algorithm, ClientError, KeyringClient},
};

/// The items of all unlocked collections, and which collections are locked.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// Each item with its secret, in the order of collections and items.
    pub(super) items: Vec<(KeyringItem, Vec<u8>)>,
    /// The collections that cannot be read.
    pub(super) locked: Vec<String>,
}

impl Inventory {
    /// Reads through a bus address.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if anything at all could not be read.
    pub(super) fn read(address: &str) -> Result<Self, ClientError> {
        let mut client = KeyringClient::connect(address)?;
        let mut inventory = Self::default();
        // Before the session: gnome-keyring 42 sometimes hears the first call of a connection before it has noted who
        // calls, and a session for nobody ends it.
        let mut collections = client.collections()?;
        client.open_session(Algorithm::DiffieHellman)?;
        collections.sort_unstable();
        for collection in collections {
            if client.is_locked(&collection)? {
                inventory.locked.push(collection);
                continue;
            }
            for path in client.items(&collection)? {
                let item = read(&mut client, &collection, path)?;
                inventory.items.push(item);
            }
        }
        inventory.items.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
        Ok(inventory)
    }
}

fn read(
    client: &mut KeyringClient,
    collection: &str,
    path: String,
) -> Result<(KeyringItem, Vec<u8>), ClientError> {
    let (secret, content_type) = client.content(&path)?;
    let item = KeyringItem {
        collection: collection.to_owned(),
        label: client.label(&path)?,
        attributes: client.attributes(&path)?,
        content_type,
        bytes: secret.len(),
        path,
    };
    Ok((item, secret))
}

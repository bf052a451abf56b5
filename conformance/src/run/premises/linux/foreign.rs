//! Another item's secret, for faults that give it in the place of the one that was asked for.

use std::collections::BTreeMap;

use super::Premises;
use crate::{
    canary::cache_document,
    world::client::{Algorithm, ClientError, KeyringClient, NewItem},
};

/// Stores an item of somebody else in the default collection, and gives its path.
///
/// Its secret is a cache document around the canary: nothing about it says that it is not what was asked for.
///
/// # Errors
///
/// [`ForeignItemError`]: the keyring does not take it, as where it is locked.
pub(super) fn store(premises: &Premises, canary: &str) -> Result<String, ForeignItemError> {
    let mut client = KeyringClient::connect(&premises.bus().client_address())?;
    client.open_session(Algorithm::DiffieHellman)?;
    let default = client.alias("default")?.ok_or(ForeignItemError::NoDefaultCollection)?;
    let item = NewItem {
        label: "somebody else's".into(),
        attributes: BTreeMap::from([("sealcheck".to_owned(), "foreign".to_owned())]),
        content_type: "text/plain".into(),
        replace: true,
    };
    Ok(client.create_item(&default, &item, &cache_document(canary, 0))?)
}

/// Why there is no item of somebody else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignItemError {
    /// The Secret Service does not take it.
    #[error("the keyring did not take an item of somebody else, whose secret a fault is to give")]
    Keyring(#[from] ClientError),
    /// There is no place for it.
    #[error("there is no default collection for an item of somebody else, whose secret a fault is to give")]
    NoDefaultCollection,
}

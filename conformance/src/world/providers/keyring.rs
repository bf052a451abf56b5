//! The keyring of one home, whoever plays it.

use std::path::Path;

use super::{ProviderKind, gnome_keyring::GnomeKeyring};
use crate::{
    observation::KeyringItem,
    world::{
        bus::Bus,
        secret_service::{
            DefaultCollection, KeyringContents, OnPrompt, Provider, ProviderError, ProviderScript,
        },
    },
};

/// The keyring of one home: what it holds, and whoever serves it at present.
///
/// What it holds lasts for as long as this; the provider leaves when it is dropped, so the bus must outlive it.
#[derive(Debug)]
pub struct Keyring {
    player: Player,
}

#[derive(Debug)]
enum Player {
    Scripted { contents: KeyringContents, provider: Option<Provider> },
    GnomeKeyring(GnomeKeyring),
}

impl Keyring {
    /// A keyring that holds nothing, and that nobody serves yet.
    ///
    /// A real provider keeps its files in the folder, which it makes; no session should be told of it.
    pub fn new(kind: ProviderKind, folder: &Path) -> Self {
        match kind {
            ProviderKind::Scripted => Self::scripted(KeyringContents::new()),
            ProviderKind::GnomeKeyring => {
                Self { player: Player::GnomeKeyring(GnomeKeyring::new(folder.to_owned())) }
            }
        }
    }

    /// A keyring of the scripted provider that holds these contents.
    pub fn scripted(contents: KeyringContents) -> Self {
        Self { player: Player::Scripted { contents, provider: None } }
    }

    /// Has a provider join the bus with the default collection in a state, and the one before it leave; or nobody.
    ///
    /// So every session meets a provider that was started after the last one: what persists is the contents. Prompts are
    /// dismissed at once, as where nobody can answer them.
    ///
    /// # Errors
    ///
    /// [`KeyringError`]: the provider does not leave, does not come, or does not show what is wanted.
    pub fn serve(&mut self, default: Option<DefaultCollection>, bus: &Bus) -> Result<(), KeyringError> {
        match &mut self.player {
            Player::Scripted { contents, provider } => {
                // It must be gone before the next one takes its name.
                *provider = None;
                let script = default.map(|default_collection| ProviderScript {
                    default_collection,
                    on_prompt: OnPrompt::Dismiss,
                });
                *provider = script
                    .map(|script| Provider::start(&bus.broker_address(), contents, script))
                    .transpose()?;
                Ok(())
            }
            Player::GnomeKeyring(keyring) => keyring
                .set(default, bus)
                .map_err(|reason| KeyringError::Provider { provider: ProviderKind::GnomeKeyring, reason }),
        }
    }

    /// Every item with its secret, in the order of their paths; what no client can see at present included.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Unreadable`] if anything could not be read: then nothing can be said of what is missing.
    pub fn items(&self) -> Result<Vec<(KeyringItem, Vec<u8>)>, KeyringError> {
        match &self.player {
            Player::Scripted { contents, .. } => Ok(contents.items()),
            Player::GnomeKeyring(keyring) => keyring.items().map_err(unreadable),
        }
    }

    /// Shows that every way in which items can be read sees the same ones.
    ///
    /// A usable keyring is read past its provider too, as it will be while it is locked or not served.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Unreadable`] if a way fails or they differ.
    pub fn compare_readings(&self) -> Result<(), KeyringError> {
        match &self.player {
            // There is one way, and no bus in between.
            Player::Scripted { .. } => Ok(()),
            Player::GnomeKeyring(keyring) => {
                let served = keyring.items().map_err(unreadable)?;
                let at_rest = keyring.items_at_rest().map_err(unreadable)?;
                if served == at_rest {
                    return Ok(());
                }
                Err(unreadable(format!(
                    "a client sees {} items, and {} are in the files, or they differ",
                    served.len(),
                    at_rest.len()
                )))
            }
        }
    }

    /// Removes an item by its object path, without a trace on the bus of the clients.
    ///
    /// # Errors
    ///
    /// [`KeyringError::NotRemoved`] if there is none, or the provider keeps it.
    pub fn remove_item(&mut self, path: &str) -> Result<(), KeyringError> {
        let removed = match &self.player {
            Player::Scripted { contents, .. } => {
                if contents.remove_item(path) {
                    Ok(())
                } else {
                    Err("there is no such item".to_owned())
                }
            }
            Player::GnomeKeyring(keyring) => keyring.remove_item(path),
        };
        removed.map_err(|reason| KeyringError::NotRemoved { path: path.to_owned(), reason })
    }
}

/// Why a keyring is not as it should be, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The scripted provider did not join the bus.
    #[error(transparent)]
    Scripted(#[from] ProviderError),
    /// A real provider did not do what was wanted.
    #[error("the provider {provider} is not in the state that was wanted: {reason}")]
    Provider {
        /// Which.
        provider: ProviderKind,
        /// What happened.
        reason: String,
    },
    /// The items could not all be read.
    #[error("the keyring's items could not all be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// An item could not be removed.
    #[error("the item {path} could not be removed: {reason}")]
    NotRemoved {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
}

fn unreadable(reason: String) -> KeyringError {
    KeyringError::Unreadable { reason }
}

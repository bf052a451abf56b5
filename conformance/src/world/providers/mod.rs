//! Who plays the keyring of a home: the scripted provider of the harness, or a real daemon without a desktop.
//!
//! A real daemon joins the world's bus past the interposer that watches, as the scripted provider does: what it says is
//! not evidence, what its clients say is. It has folders and an environment of its own, which no session is told of, and
//! it ends with the bus, which ends with the harness. What lasts from one session to the next is its files.
//!
//! Nobody can look into a real daemon past the bus. So what is unlocked is read by the harness's own client, and what is
//! locked or not served at all is read from a copy of the files, which another daemon on a bus of its own unlocks. Both
//! ways are shown to see the same before the first session, and what neither can read is an error, not silence.
//!
//! | file | holds |
//! |---|---|
//! | `kind` | [`ProviderKind`]: which one, and whether this machine has it |
//! | `keyring` | [`Keyring`]: the keyring of one home, whoever plays it |
//! | `gnome_keyring` | gnome-keyring: its folders, its password, how it is started and read |
//! | `daemon` | a program that owns the service's name: its start, its readiness, its end |
//! | `ownership` | waiting for the name to be owned, or to be free |
//! | `inventory` | everything that a client can read |

mod daemon;
mod gnome_keyring;
mod inventory;
mod keyring;
mod kind;
mod ownership;

pub use keyring::{Keyring, KeyringError};
pub use kind::{ProviderKind, UnknownProvider};

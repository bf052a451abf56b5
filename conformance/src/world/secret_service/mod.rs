//! The scripted provider: `org.freedesktop.secrets`, playing whatever a case asks for.
//!
//! It speaks the Secret Service protocol well enough for libsecret, answers in the words of gnome-keyring, and is one
//! thread with one connection: every call passes through one place, where a script may decide about it. What it holds
//! ([`KeyringContents`]) outlives it, so it can leave the bus and come back.
//!
//! | file | holds |
//! |---|---|
//! | `provider` | [`Provider`]: the thread, its coming and going |
//! | `script` | [`ProviderScript`]: what a case asks for |
//! | `contents` | [`KeyringContents`]: collections and items |
//! | `keyring` | the living state: what is visible, locked, prompted for, negotiated |
//! | `dispatch`, `path` | from a call to a method of an object |
//! | `service`, `collection`, `item`, `prompt`, `properties` | the interfaces |
//! | `sealed` | what can be known of an item that nobody has unlocked yet |
//! | `session`, `crypto` | how secrets travel: plain, or encrypted with a key that was agreed upon |
//! | `refusal` | the errors that clients get |

mod collection;
mod contents;
pub(crate) mod crypto;
mod dispatch;
mod item;
mod keyring;
mod path;
mod prompt;
mod properties;
mod provider;
mod refusal;
mod script;
mod sealed;
mod service;
mod session;

pub use contents::KeyringContents;
pub(crate) use provider::{NAME, ROOT};
pub use provider::{Provider, ProviderError};
pub use script::{DefaultCollection, OnPrompt, ProviderScript};
pub(crate) use session::WireSecret;

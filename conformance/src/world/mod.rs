//! Everything around the implementation under test: home, environment, bus, keyring, token authority, clock.
//!
//! | file | holds |
//! |---|---|
//! | `sandbox` | the folders and the environment |
//! | `authority` | the fake token authority |
//! | `emulator` | who only stands in for the system |
//! | `program` | programs of the machine that a world may use |
//! | `bus` | the session bus; Linux only, as are those below |
//! | `secret_service` | the scripted keyring |
//! | `providers` | who plays the keyring |
//! | `client` | the harness's own client of a keyring |
//! | `condition` | brings bus and keyring into a condition, and proves it |
//! | `windows` | what stands in their place there: the data protection of the system |

pub mod authority;
#[cfg(target_os = "linux")]
pub mod bus;
#[cfg(target_os = "linux")]
pub mod client;
#[cfg(target_os = "linux")]
pub mod condition;
mod emulator;
pub mod program;
#[cfg(target_os = "linux")]
pub mod providers;
pub mod sandbox;
#[cfg(target_os = "linux")]
pub mod secret_service;
#[cfg(windows)]
pub mod windows;

pub use emulator::emulator;
#[cfg(windows)]
pub use windows::{BrokerKind, ProviderKind, UnknownBroker, UnknownProvider};
#[cfg(target_os = "linux")]
pub use {
    bus::{BrokerKind, UnknownBroker},
    providers::{ProviderKind, UnknownProvider},
};

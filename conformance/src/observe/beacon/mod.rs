//! The beacon: the process that plants one leak in the world for every observer.
//!
//! It runs under the supervisor like any session, before the first one. An observer that does not see the leak that was
//! planted for it is blind, and its silence about the implementation says nothing. Each leak carries a canary of its
//! own, and only the observer that it was planted for can count it.
//!
//! | file | holds |
//! |---|---|
//! | `plan` | [`Plan`]: which leaks, and where to |
//! | `process` | [`main`]: the process, what it prints, how it ends |
//! | `local` | leaks into files, writes and output |
//! | `bus` | leaks into the bus and the keyring |
//! | `no_bus` | that there is none, where there is none |
//! | `network` | the leak to the authority |
//!
//! The leak for the observer of processes is the argument that the process is started with.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(not(target_os = "linux"))]
#[path = "no_bus.rs"]
mod bus;
mod local;
mod network;
mod plan;
mod process;

pub use local::{BEACON_FILE, RELOCATED_FILE};
pub use plan::{NetworkLeak, Plan};
pub use process::{BeaconError, main, planted_item};

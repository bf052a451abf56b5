//! Observers: one file each, each with a liveness canary.
//!
//! An observer records facts in the world's log and says what it lost; it never decides. What it finds is named by
//! role: texts that go into the log have their canaries replaced.
//!
//! | file | holds |
//! |---|---|
//! | `files` | [`FileObserver`]: the file tree, contents, names, extended attributes |
//! | `entry` | one entry of the tree, looked at without following or opening what is no regular file |
//! | `keyring` | the items of the keyring |
//! | `output` | [`OutputScanner`]: standard output and standard error |
//! | `mention` | files that a session wrote and named in what it printed |
//! | `reply` | errors and rendered texts in replies, and the facts about replies |
//! | `relocation` | what a fresh process found in relocated files |
//! | `watch` | [`ObserverStates`]: how each observer ended |
//! | `beacon` | the process that plants a leak for every observer |
//!
//! System calls and processes are watched by the supervisor, the bus by its interposer, the network by the authority.

pub mod beacon;
mod entry;
mod files;
pub mod keyring;
pub mod mention;
mod output;
pub mod relocation;
pub mod reply;
mod watch;

pub use files::FileObserver;
pub use output::{OutputScanner, OutputStream};
pub use watch::{Lost, ObserverStates};

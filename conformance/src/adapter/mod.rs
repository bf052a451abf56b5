//! Adapters: where they are, how they are set up, and how a session is driven.
//!
//! | file | holds |
//! |---|---|
//! | `driver` | [`Driver`]: one request, one reply, a deadline for each |
//! | `defect` | [`DriverError`]: how an adapter can leave the protocol |
//! | `reference` | the adapter of the reference implementation, a part of this binary |
//! | `readers` | the threads that read an adapter's output and write its input |
//! | `splitter` | tells protocol lines from the library's own output |
//! | `captured` | the library's own output, bounded, with its offsets |
//! | `manifest` | [`Manifest`]: what `adapter.toml` says |
//! | `catalogue` | [`Catalogue`]: the adapters in this binary and on the command line |
//! | `files` | the files of one adapter, embedded or in a folder |
//! | `setup` | [`setup`]: makes an adapter ready to run on this machine |
//! | `command` | [`resolve`]: the program, arguments and environment of a ready adapter |
//! | `system` | what that needs of the system |
//! | `process` | runs one program of a setup, with a deadline |

mod captured;
mod catalogue;
mod command;
mod defect;
mod driver;
mod files;
mod manifest;
mod process;
mod readers;
pub mod reference;
mod setup;
mod splitter;
mod system;

pub use captured::Captured;
pub use catalogue::{Adapter, Catalogue, CatalogueError, UnknownAdapter};
pub use command::{AdapterCommand, NotSetUp, resolve, state_folder};
pub use defect::DriverError;
pub use driver::{Driver, Output};
pub use files::{AdapterFiles, ReadError};
pub use manifest::{Manifest, ManifestError, SystemRequirement};
pub use process::ProcessError;
pub use readers::{MAX_QUEUED_LINES, MAX_UNTAGGED_BYTES, Stream};
pub use setup::{Missing, Ready, SetupError, setup};
pub use system::STATE_VARIABLES;

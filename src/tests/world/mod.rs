//! A desktop without a screen, for tests and benches: a private bus, and a real keyring on it.
//!
//! | file | holds |
//! |---|---|
//! | `desktop.rs` | the bus, the keyring, programs beside them |
//! | `calls.rs` | calls to the service |
//! | `needs.rs` | whether the programs are there |

mod calls;
mod desktop;
mod needs;

pub(crate) use calls::{create_beside, create_collection};
pub(crate) use desktop::{Start, World, soon};
pub(crate) use needs::{LIBSECRET_BINDINGS, PYTHON, missing};

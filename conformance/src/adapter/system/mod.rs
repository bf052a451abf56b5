//! What the programs of a setup need of the system.
//!
//! | file | holds |
//! |---|---|
//! | `unix` | a process group, the bit of programs, where states are kept |
//! | `windows` | a job, where states are kept |

#[cfg(unix)]
#[path = "unix.rs"]
mod backend;
#[cfg(windows)]
#[path = "windows.rs"]
mod backend;

pub use backend::STATE_VARIABLES;
pub(super) use backend::{Group, make_executable, states};

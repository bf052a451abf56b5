//! Runs a session so that none of its processes outlives it, and watches them as far as the system lets it.
//!
//! Both systems have a [`Supervised`], which the harness spawns, kills and waits for. On Linux it is a process of its own
//! that also witnesses every system call; on Windows it is a job, and a witness of calls there is none.
//!
//! | file | holds |
//! |---|---|
//! | `spec` | [`SessionSpec`]: what to start and what it may touch |
//! | `gate` | [`CallGate`]: who is told where a session has come, and holds it there |
//! | `ended` | [`Kill`], [`Ended`]: why a session is killed, and how it ended |
//! | `linux` | the supervising process and its witness of system calls |
//! | `windows` | the job |

mod ended;
mod gate;
#[cfg(target_os = "linux")]
mod linux;
mod spec;
#[cfg(windows)]
mod windows;

pub use ended::{Ended, Kill};
pub use gate::{CallGate, OpenGate};
#[cfg(target_os = "linux")]
pub use linux::{Signaller, SpawnError, Supervised, Unavailable, main, probe};
#[cfg(target_os = "linux")]
pub(crate) use linux::{end_all, running};
pub use spec::{Attachment, CallFault, CallPoint, SessionSpec};
#[cfg(windows)]
pub(crate) use windows::Job;
#[cfg(windows)]
pub use windows::{SpawnError, Supervised, Unavailable, probe};

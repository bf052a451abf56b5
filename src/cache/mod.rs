//! The cache itself: opened once, then read, changed under the lock, cleared.
//!
//! | file | holds |
//! |---|---|
//! | `builder.rs` | how a cache is asked for |
//! | `handle.rs` | the open cache |
//! | `leasing.rs` | something slow that one program does at a time, while the cache is free |
//! | `setup.rs` | what stays the same while it is open: the plan, the parts, how long to wait |
//! | `opening.rs` | from the plan to a store: probe, look, decide, treat residue |
//! | `sight.rs` | what a handle last saw, and what can be told from looking again |
//! | `clearing.rs` | removal, and what could not be removed |
//! | `notice.rs` | what is announced, and the state of protection |

mod builder;
mod clearing;
mod handle;
mod leasing;
mod notice;
mod opening;
mod setup;
mod sight;
#[cfg(all(test, any(unix, windows)))]
mod tests;

pub use builder::Builder;
pub use clearing::{ClearReport, ClearedItem, ClearedPlaintext};
pub use handle::TokenCache;
pub use leasing::{Lease, Tenure};
pub use notice::{Notice, Protection};
pub(crate) use setup::Held;

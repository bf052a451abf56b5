//! The cache itself: opened once, then read, changed under the lock, cleared.
//!
//! | file | holds |
//! |---|---|
//! | `builder.rs` | how a cache is asked for |
//! | `handle.rs` | the open cache |
//! | `setup.rs` | what stays the same while it is open: the plan, the parts, how long to wait |
//! | `opening.rs` | from the plan to a store: probe, look, decide, treat residue |
//! | `clearing.rs` | removal, and what could not be removed |
//! | `notice.rs` | what is announced, and the state of protection |

mod builder;
mod clearing;
mod handle;
mod notice;
mod opening;
mod setup;
#[cfg(all(test, unix))]
mod tests;

pub use builder::Builder;
pub use clearing::{ClearReport, ClearedItem, ClearedPlaintext};
pub use handle::TokenCache;
pub use notice::{Notice, Protection};

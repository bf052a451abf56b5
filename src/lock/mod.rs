//! Holding a cache against other processes.
//!
//! Our own lock is the system's lock on `<file>.lock`, which ends with its holder. The file `<file>.lockfile` is a
//! courtesy to SDKs that know nothing else: it is made exclusively, names its holder, and may be left behind by one
//! that is killed.
//!
//! | file | holds |
//! |---|---|
//! | `guard.rs` | the proof that the cache is held |
//! | `system.rs` | the way a cache is held: first our own lock, then the courtesy |
//! | `turns.rs` | waiting for our own lock so that everybody gets a turn |
//! | `courtesy.rs` | the file for other SDKs, and what becomes of one that was left behind |
#![cfg_attr(not(feature = "seams"), expect(unreachable_pub, reason = "public where parts can be replaced"))]

mod courtesy;
mod guard;
mod system;
mod turns;

pub use guard::LockGuard;
pub use system::{Locking, SystemLocking};

//! Sessions in a job, which the system ends as a whole.
//!
//! A program is started without running, put into a fresh job, and let go: whatever it starts belongs to the job as well,
//! and nothing can leave it. When the first process has ended, the job is ended and waited for until it is empty. If the
//! harness itself dies, its handle goes, and with that the job.
//!
//! Nobody watches what these processes do: Windows announces no system calls to others, short of a debugger or a driver.
//! So no call is seen, refused, counted or made to fail, and no session is held at one.
//!
//! | file | holds |
//! |---|---|
//! | `supervised` | [`Supervised`]: one session |
//! | `job` | [`Job`]: processes that end together |
//! | `ffi` | unsafe code |

#[expect(unsafe_code, reason = "jobs have no safe wrapper")]
mod ffi;
mod job;
mod supervised;

pub(crate) use job::Job;
pub use supervised::{SpawnError, Supervised, Unavailable, probe};

//! One home with whatever protects it: the world's own, or the one to which files are relocated.
//!
//! Each system has its own `Premises` and `Door`. What the stage asks of them is the same:
//!
//! | function | does |
//! |---|---|
//! | `furnish` | opens premises as the options of a run say, with everyone who watches them |
//! | `sandbox` | gives the folders |
//! | `set`, `prove` | bring about a condition, and find it again |
//! | `admit` | opens the door by which one session comes in |
//! | `environment_behind`, `own_environment` | say what a session with a door, or the harness itself, has around it |
//! | `relocate` | carries the files to other premises |
//! | `items`, `compare_readings` | read the keyring |
//! | `plan_leaks`, `tidy_leaks` | have a leak planted for every observer that there is, and remove it |
//! | `store_foreign` | stores the secret of another item |
//! | `close` | ends it all |
//!
//! A door is shut by `shut` once the processes of its session are gone.
//!
//! | file | holds |
//! |---|---|
//! | `linux` | a home with a bus and a keyring on it |
//! | `windows` | a home of the user's, whose data protection is the system's |

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

use crate::observation::Observer;

#[cfg(target_os = "linux")]
pub(super) use linux::{Door, ForeignItemError, UNWATCHED};
#[cfg(target_os = "linux")]
pub use linux::{Premises, PremisesError};
#[cfg(windows)]
pub(super) use windows::{Door, ForeignItemError, UNWATCHED};
#[cfg(windows)]
pub use windows::{Premises, PremisesError};

/// Why no world on this system has an observer, if none has.
pub(crate) fn unwatched(observer: Observer) -> Option<&'static str> {
    let mut reasons = UNWATCHED.iter().filter(|(unwatched, _)| *unwatched == observer);
    reasons.next().map(|(_, reason)| *reason)
}

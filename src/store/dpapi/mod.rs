//! DPAPI store: the system encrypts the cache's file under the user's login password, for every program of that user.
//!
//! The calls are [`CryptProtectData`] and [`CryptUnprotectData`], for the current user, without entropy, and with
//! `CRYPTPROTECT_UI_FORBIDDEN`.
//!
//! # Identity
//!
//! | part of the cache | where it is |
//! |---|---|
//! | file name: name and partition, such as `msal.cache.nocae` | `%LOCALAPPDATA%\.IdentityService\<file name>` |
//! | the bytes | the whole content of that file is the blob that the system returned |
//!
//! This is the file of the SDKs for Python and .NET: the same blob, the same lack of entropy. There is no signal file;
//! the file's own time of change is the signal.
//!
//! # Attributes
//!
//! A blob can carry a description in the clear. None is written, and whatever one says is ignored.
//!
//! # What others see
//!
//! Any program of the user can decrypt the file, as can an administrator with some effort: the interface knows no
//! access control between programs. The file's access control list names the user, the system and the administrators.
//! On a domain the key is also recoverable by the domain's controllers.
//!
//! # Failure model
//!
//! | what happens | obstacle | what the user can do |
//! |---|---|---|
//! | `ERROR_NO_SUCH_LOGON_SESSION` (1312): a network logon, such as SSH with a key | [`Misconfiguration::NetworkLogon`] | sign in with the password |
//! | `ERROR_FILE_NOT_FOUND` on protecting: the user's profile is not loaded | [`Misconfiguration::NoProfile`] | load it |
//! | `NTE_BAD_KEY_STATE`: another user's blob, or the password was reset by somebody else | [`Obstacle::Unreadable`] | clear the cache |
//! | `ERROR_FILE_NOT_FOUND` on unprotecting: the key is gone | [`Obstacle::Unreadable`] | clear the cache |
//! | `ERROR_INVALID_DATA`, `ERROR_INVALID_PARAMETER`, other `NTE_BAD_` codes: no blob, or a part of one, or an altered one | [`Obstacle::Unreadable`] | clear the cache |
//! | `ERROR_ACCESS_DENIED` | [`Obstacle::Refused`] | allow the program |
//! | `ERROR_PASSWORD_RESTRICTION`, `ERROR_CANCELLED`: somebody would have to be asked | [`Obstacle::Refused`] | clear the cache |
//! | the deadline | [`Breakage::TimedOut`] | try again |
//! | a value beyond 16 MiB | [`Breakage::TooLarge`] | |
//! | a file that is not safe to use, or fails | [`Obstacle::File`] | what it says |
//! | any other error | [`Breakage::Service`] with its number | |
//!
//! None of these is [`Obstacle::Absent`]: every Windows has this protector, so plaintext is never the answer.
//!
//! # Quirks
//!
//! - The probe protects and unprotects a few bytes that are no secret, in memory. Of a new user this makes the first
//!   key, in the user's profile.
//! - The calls cannot be given up. They ask a service of the same machine and wait for nobody, as dialogues are
//!   forbidden; the deadline is looked at before each.
//! - Other SDKs write the file in place, so a reader that does not hold the cache may find a part of a blob. What
//!   cannot be unprotected is therefore read once more after a moment, and again for as long as it changes.
//! - An empty file is no cache: a program that writes in place was stopped before its first byte.
//! - Wine has these calls too, and they keep nobody out who knows the user's name.
//!
//! # Example: a store is made everywhere, where it is built
//!
//! ```
//! use token_cache::store::Obstacle;
//! use token_cache::store::dpapi::DpapiStore;
//! use token_cache::{Environment, Location, Platform};
//!
//! let environment = Environment {
//!     platform: Platform::Windows,
//!     local_app_data: Some(r"C:\Users\alex\AppData\Local".into()),
//!     ..Environment::default()
//! };
//! let location = Location::new(&environment, "my_application.nocae".to_owned())?;
//! match DpapiStore::new(&location) {
//!     Ok(_store) => assert_eq!(Platform::current(), Platform::Windows),
//!     Err(Obstacle::NotBuilt { protector }) => assert_eq!(protector, "dpapi"),
//!     Err(obstacle) => panic!("making a store does nothing yet: {obstacle}"),
//! }
//! # Ok::<(), token_cache::Error>(())
//! ```
//!
//! [`CryptProtectData`]: https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
//! [`CryptUnprotectData`]: https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptunprotectdata
//! [`Breakage::Service`]: crate::store::Breakage::Service
//! [`Breakage::TimedOut`]: crate::store::Breakage::TimedOut
//! [`Breakage::TooLarge`]: crate::store::Breakage::TooLarge
//! [`Misconfiguration::NetworkLogon`]: crate::store::Misconfiguration::NetworkLogon
//! [`Misconfiguration::NoProfile`]: crate::store::Misconfiguration::NoProfile
//! [`Obstacle::Absent`]: crate::store::Obstacle::Absent
//! [`Obstacle::File`]: crate::store::Obstacle::File
//! [`Obstacle::Refused`]: crate::store::Obstacle::Refused
//! [`Obstacle::Unreadable`]: crate::store::Obstacle::Unreadable

#[cfg(windows)]
#[path = "enabled.rs"]
mod backend;
#[cfg(not(windows))]
#[path = "disabled.rs"]
mod backend;
// Numbers and words only, so that every machine tests them.
#[cfg(any(windows, test))]
mod error;

pub use backend::DpapiStore;

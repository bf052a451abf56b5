//! The only module that opens files.
//!
//! A file is opened relative to the descriptor of a folder that was checked ([`PrivateDir`]), is never followed
//! through a link, and is checked on its own descriptor before a byte is read or written, so that the file that was
//! checked is the file that is used. The functions know nothing of caches.

#![cfg_attr(not(feature = "seams"), expect(unreachable_pub, reason = "public where parts can be replaced"))]

mod error;
mod files;
#[cfg(any(unix, windows))]
mod later;
#[cfg(any(windows, test))]
mod security_descriptor;
mod sid;
mod temporary_name;
#[cfg(test)]
pub(crate) mod testing;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub use error::{FileError, Finding};
pub use files::{FileState, Files, MAXIMUM_BYTES, NotedFile};
pub use sid::Sid;
pub(crate) use temporary_name::short_hash;
#[cfg(unix)]
pub use unix::{PrivateDir, SystemFiles};
#[cfg(windows)]
pub use windows::{PrivateDir, SystemFiles};

#[cfg(all(test, unix))]
pub(crate) use unix::{Living, allow_others, leave_a_temporary, others_may};
#[cfg(unix)]
pub(crate) use unix::{LockFile, boot_time, process_is_gone};
#[cfg(all(test, windows))]
pub(crate) use windows::{Living, allow_others, leave_a_temporary, others_may};
#[cfg(windows)]
pub(crate) use windows::{LockFile, boot_time, process_is_gone};

//! Files on Unix: descriptors of checked folders, `openat`, owner and mode of what was opened.

#![expect(clippy::disallowed_methods, reason = "this is the module that opens files")]
#![expect(clippy::disallowed_types, reason = "this is the module that opens files")]

mod directory;
mod lock_file;
mod process;
mod sync;
mod system;
mod temporary;
#[cfg(test)]
mod testing;

pub use directory::PrivateDir;
pub(crate) use lock_file::LockFile;
pub(crate) use process::{boot_time, process_is_gone};
pub use system::SystemFiles;
#[cfg(test)]
pub(crate) use temporary::leave_a_temporary;
#[cfg(test)]
pub(crate) use testing::{Living, allow_others, others_may};

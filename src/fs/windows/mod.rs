//! Files on Windows: handles of checked folders, owner and access control list of what was opened.
//!
//! | file | holds |
//! |---|---|
//! | `directory.rs` | a folder that only its owner can use |
//! | `system.rs` | the file operations |
//! | `checked.rs` | a file that is open and is what it should be |
//! | `temporary.rs` | files that take the place of others |
//! | `lock_file.rs` | files that stand for a lock |
//! | `private.rs` | owner and rights of what is open: found, judged, taken away |
//! | `patience.rs` | waiting for other programs to close a file |
//! | `path.rs` | paths as Windows wants them |
//! | `process.rs` | what the system says of processes and of itself |
//! | `ffi.rs` | the calls |
//! | `testing.rs` | what tests ask |
//!
//! # How this differs from Unix
//!
//! - **Nothing is opened relative to a folder.** Instead the checked folder is held open without the right of others to
//!   delete or rename it, which holds for the folders above it too: while it is open, its path leads to it.
//! - **Private** means: it belongs to the user, the system or the administrators, and its access control list names
//!   nobody else. What we make has such a list from its first moment, protected against inheritance.
//! - **Others may be in the way.** A program that opens a file without sharing it makes our call fail for as long; that
//!   is waited for, for a second at most.
//! - **On the disk**: the bytes of a new file are flushed before it takes its place, and once more after it: NTFS keeps
//!   names in a log, in order, and what is flushed last takes everything before it along. A removal is flushed by
//!   nothing; after a loss of power a removed file may be there again.

#![expect(clippy::disallowed_methods, reason = "this is the module that opens files")]
#![expect(clippy::disallowed_types, reason = "this is the module that opens files")]

mod checked;
mod directory;
#[expect(
    unsafe_code,
    reason = "the calls for rights, identities and processes that the standard library lacks"
)]
mod ffi;
mod lock_file;
mod path;
mod patience;
mod private;
mod process;
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

//! What can be wrong with a file, without its content.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::Sid;

/// Why a file or folder could not be used.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use token_cache::{Error, ErrorKind, FileError, Finding};
///
/// let path = Path::new("/home/alex/.IdentityService/msal.cache.nocae");
/// let error = FileError::not_safe(path, Finding::Link);
/// assert!(error.to_string().ends_with("is a symbolic link, which is never followed; remove it"));
/// assert_eq!(Error::from(error).kind(), ErrorKind::AccessDenied);
///
/// let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
/// assert_eq!(Error::from(FileError::system("write", path, full)).kind(), ErrorKind::Io);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not safe to read or to write.
    #[error("{path:?} is not safe to use: {finding}")]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What was found.
        finding: Finding,
    },
    /// It is larger than a cache may be.
    #[error("{path:?} has {bytes} bytes, more than the {limit} that a token cache may have")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The greatest size.
        limit: u64,
    },
    /// The system refused or failed.
    #[error("cannot {action} {path:?}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl FileError {
    /// The error of a system call.
    pub fn system(action: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::System { action, path: path.to_owned(), source: source.into() }
    }

    /// A file or folder that is not what it should be.
    pub fn not_safe(path: &Path, finding: Finding) -> Self {
        Self::Unsafe { path: path.to_owned(), finding }
    }
}

/// What makes a file or folder unsafe.
///
/// # Example: what is said of it
///
/// ```
/// use token_cache::Finding;
///
/// let finding = Finding::Writable { mode: 0o666 };
/// assert_eq!(
///     finding.to_string(),
///     "others may write to it (mode 0666); check its content, then take the permission away"
/// );
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// Another account of Windows owns it.
    #[error("it belongs to the account {owner}; remove it, or run as that account")]
    ForeignAccount {
        /// The owner.
        owner: Sid,
    },
    /// Somebody else owns it.
    #[error("it belongs to user {owner}; remove it, or run as that user")]
    ForeignOwner {
        /// The owner's id.
        owner: u32,
    },
    /// It has further names, so another path leads to the same bytes.
    #[error("it has {links} hard links; remove the others")]
    HardLinks {
        /// How many names it has.
        links: u64,
    },
    /// It is something else.
    #[error("it is {found} where {expected} is expected; move it away")]
    Kind {
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is a symbolic link.
    #[error("it is a symbolic link, which is never followed; remove it")]
    Link,
    /// The file system does not keep permissions.
    #[error("the file system does not keep its permissions private; move the home folder to one that does")]
    ModesIgnored,
    /// Its owner or its access control list is nothing that a file has.
    #[error("who may use it cannot be understood; remove it")]
    UnknownRights,
    /// Others may write to it, so its content is not known to be ours.
    #[error("others may write to it (mode {mode:04o}); check its content, then take the permission away")]
    Writable {
        /// Its mode.
        mode: u32,
    },
    /// Another account of Windows may write to it, so its content is not known to be ours.
    #[error("the account {account} may write to it; check its content, then take the right away")]
    WritableBy {
        /// The account.
        account: Sid,
    },
}

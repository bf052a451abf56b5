//! What can go wrong, ordered by who must act.

use std::path::PathBuf;

use crate::NameError;
use crate::fs::{FileError, Finding};
use crate::store::{Breakage, Obstacle};

/// Why a cache could not be opened or used.
///
/// No message and no source ever holds bytes of the cache. The source of [`Error::Update`] is the application's own
/// error, handed back as it came: what that says of the bytes it was shown is up to the application.
///
/// # Example: a program goes on without the cache, and says why
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Other("an example"),
/// #     home: Some(home.path().into()),
/// #     ..Default::default()
/// # };
/// use std::error::Error as _;
/// use token_cache::{Error, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new();
/// let opened = TokenCache::builder(&options).environment(environment).open();
/// let error = opened.expect_err("there is no keyring in this example");
/// assert!(matches!(error, Error::EncryptionUnavailable { .. }));
///
/// // What happened, and below it why.
/// let cause = error.source().expect("there is a cause");
/// eprintln!("you will have to sign in again next time: {error}: {cause}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The programmer acts.
    /// The name cannot be the name of a cache.
    #[error("the cache name {name:?} cannot be used")]
    Name {
        /// The name.
        name: String,
        /// The rule that it breaks.
        source: NameError,
    },
    /// The file system folds names, and another cache has the same folded name.
    #[error(
        "the cache file {wanted:?} is called {found:?} on this file system; choose a name that differs in more than case"
    )]
    NameFolded {
        /// The file of this cache.
        wanted: String,
        /// The file that the system opens instead.
        found: String,
    },
    /// Nothing is not a cache: an empty file is a signal, and no reader could tell.
    #[error("an empty token cache cannot be stored; clear the cache instead")]
    Empty,
    /// The function that was to change the cache failed; nothing was written.
    #[error("the change was given up by the application")]
    Update {
        /// The application's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    // The user, or the administrator of the machine, acts.
    /// Encryption is not available and plaintext was not allowed; nothing was stored (S5).
    #[error(
        "the token cache cannot be encrypted here, so nothing is stored; provide the platform's user data protection, \
         or accept the risk with allow_unencrypted_storage(true)"
    )]
    EncryptionUnavailable {
        /// Why.
        source: Obstacle,
    },
    /// The protector or its item is locked.
    #[error("the token cache is locked")]
    Locked {
        /// What is locked, and how to unlock it.
        source: Obstacle,
    },
    /// The protector is there and is not used: refused, misconfigured, ambiguous, unreadable, broken or not built.
    #[error("the protector of the token cache cannot be used; plaintext is no answer to that")]
    Protector {
        /// What stands in the way.
        source: Obstacle,
    },
    /// A folder for the cache is unknown.
    #[error("there is no place for the token cache: {variable} is unset or not an absolute path; set it")]
    NoHome {
        /// The variable.
        variable: &'static str,
    },
    /// A file of the cache could not be used.
    #[error("the token cache's files cannot be used")]
    File {
        /// What happened to which file.
        source: FileError,
    },

    // Whoever waits acts, by trying again.
    /// Another process holds the cache and did not give it back before the deadline.
    #[error("the token cache is held by another process ({path:?} was not released in time); try again")]
    Busy {
        /// The lock that was waited for.
        path: PathBuf,
    },
}

impl Error {
    /// What the error means, in a closed list.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::{CacheName, Error, ErrorKind};
    ///
    /// let source = CacheName::parse("").expect_err("a name has to be one");
    /// let error = Error::Name { name: String::new(), source };
    /// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Name { .. } | Self::NameFolded { .. } | Self::Empty => ErrorKind::InvalidArgument,
            Self::Update { .. } => ErrorKind::Cancelled,
            Self::EncryptionUnavailable { source } | Self::Locked { source } | Self::Protector { source } => {
                obstacle_kind(source)
            }
            Self::NoHome { .. } => ErrorKind::Io,
            Self::File { source } => file_kind(source),
            Self::Busy { .. } => ErrorKind::Busy,
        }
    }
}

impl From<Obstacle> for Error {
    /// Every obstacle is an error; whether it is one is the decision's business.
    fn from(source: Obstacle) -> Self {
        match source {
            Obstacle::Absent(_) => Self::EncryptionUnavailable { source },
            Obstacle::Locked => Self::Locked { source },
            Obstacle::File(source) => Self::File { source },
            // Not built is not absent: allowing plaintext, which the other error advises, would change nothing (S17).
            Obstacle::NotBuilt { .. }
            | Obstacle::Refused { .. }
            | Obstacle::Misconfigured(_)
            | Obstacle::Ambiguous { .. }
            | Obstacle::Unreadable { .. }
            | Obstacle::Broken(_) => Self::Protector { source },
        }
    }
}

impl From<FileError> for Error {
    fn from(source: FileError) -> Self {
        Self::File { source }
    }
}

/// What an [`Error`] means.
///
/// Closed on purpose: a program that decides by it should be told by the compiler when there is more to decide.
///
/// # Example: whether to try again
///
/// ```
/// use token_cache::ErrorKind;
///
/// fn passes(kind: ErrorKind) -> bool {
///     match kind {
///         ErrorKind::Busy | ErrorKind::Timeout | ErrorKind::Locked => true,
///         ErrorKind::EncryptionUnavailable
///         | ErrorKind::AccessDenied
///         | ErrorKind::Corrupt
///         | ErrorKind::InvalidArgument
///         | ErrorKind::Io
///         | ErrorKind::Cancelled => false,
///     }
/// }
///
/// assert!(passes(ErrorKind::Busy));
/// assert!(!passes(ErrorKind::Corrupt));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrorKind {
    /// There is no usable protector, and plaintext is not allowed or no answer.
    EncryptionUnavailable,
    /// The protector is there and locked.
    Locked,
    /// The system, the keyring or the user refused, or a file is not safe to use.
    AccessDenied,
    /// Data is there and cannot be told apart, authenticated or decrypted.
    Corrupt,
    /// The name or the value is not acceptable.
    InvalidArgument,
    /// Another process did not give way in time.
    Busy,
    /// The deadline passed.
    Timeout,
    /// A file, the device or the protector failed.
    Io,
    /// The application gave up its own change.
    Cancelled,
}

fn obstacle_kind(obstacle: &Obstacle) -> ErrorKind {
    match obstacle {
        Obstacle::Absent(_) | Obstacle::NotBuilt { .. } | Obstacle::Misconfigured(_) => {
            ErrorKind::EncryptionUnavailable
        }
        Obstacle::Locked => ErrorKind::Locked,
        Obstacle::Refused { .. } => ErrorKind::AccessDenied,
        Obstacle::Ambiguous { .. } | Obstacle::Unreadable { .. } => ErrorKind::Corrupt,
        Obstacle::Broken(breakage) => match breakage {
            Breakage::TimedOut { .. } => ErrorKind::Timeout,
            Breakage::ReadBackDiffers
            | Breakage::TooLarge { .. }
            | Breakage::Protocol { .. }
            | Breakage::Service { .. }
            | Breakage::Disconnected { .. }
            | Breakage::OutcomeUnknown { .. } => ErrorKind::Io,
        },
        Obstacle::File(source) => file_kind(source),
    }
}

fn file_kind(error: &FileError) -> ErrorKind {
    match error {
        FileError::Unsafe { finding, .. } => match finding {
            Finding::ModesIgnored => ErrorKind::Io,
            Finding::ForeignAccount { .. }
            | Finding::ForeignOwner { .. }
            | Finding::HardLinks { .. }
            | Finding::Kind { .. }
            | Finding::Link
            | Finding::UnknownRights
            | Finding::Writable { .. }
            | Finding::WritableBy { .. } => ErrorKind::AccessDenied,
        },
        FileError::TooLarge { .. } => ErrorKind::Corrupt,
        FileError::System { source, .. } => match source.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::AccessDenied,
            _ => ErrorKind::Io,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::store::{Absence, Misconfiguration};

    #[test]
    fn an_error_names_its_cause_and_the_cause_is_its_source() {
        let error = Error::from(Obstacle::Absent(Absence::NoService));
        assert_eq!(error.kind(), ErrorKind::EncryptionUnavailable);
        let cause = error.source().expect("there is a cause").to_string();
        assert_eq!(
            cause,
            "no user data protection is available: no Secret Service is running on the session bus and none can be \
             activated"
        );
    }

    #[test]
    fn a_chain_says_each_thing_once() {
        let error = Error::from(Obstacle::Misconfigured(Misconfiguration::Address));
        let cause = error.source().expect("there is a cause");
        assert!(cause.source().is_none());
    }

    #[test]
    fn what_the_system_refuses_is_told_from_what_fails() {
        let kind = |kind: std::io::ErrorKind| {
            Error::from(FileError::system("open", std::path::Path::new("a"), kind)).kind()
        };
        assert_eq!(kind(std::io::ErrorKind::PermissionDenied), ErrorKind::AccessDenied);
        assert_eq!(kind(std::io::ErrorKind::StorageFull), ErrorKind::Io);
    }

    #[test]
    fn a_locked_keyring_is_not_an_absent_one() {
        assert_eq!(Error::from(Obstacle::Locked).kind(), ErrorKind::Locked);
    }
}

//! Errors of the reference as replies.

use std::error::Error as StdError;

use token_cache::ErrorKind;

use super::credential::CredentialError;
use crate::protocol::{ErrorCategory, NativeError, Phase, ReplyError};

/// An error of the library, and when it came.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: LibraryError,
    pub(super) phase: Phase,
}

/// An error of a cache, or of a credential on one.
#[derive(Debug)]
pub(super) enum LibraryError {
    // Boxed, for it holds paths, which are longer on some systems than on others.
    Cache(Box<token_cache::Error>),
    Credential(CredentialError),
}

impl From<token_cache::Error> for LibraryError {
    fn from(error: token_cache::Error) -> Self {
        Self::Cache(Box::new(error))
    }
}

impl From<CredentialError> for LibraryError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Cache(error) => error.into(),
            other => Self::Credential(other),
        }
    }
}

impl Failed {
    /// A failure in a phase, for `map_err`.
    pub(super) fn during<E: Into<LibraryError>>(phase: Phase) -> impl FnOnce(E) -> Self {
        move |error| Self { error: error.into(), phase }
    }

    /// The failure as a reply says it.
    pub(super) fn reply(&self) -> ReplyError {
        let mut said = self.error.chain();
        let message = said.remove(0);
        let native = NativeError { type_name: self.error.type_name(), code: None, message, chain: said };
        ReplyError { category: self.error.category(), phase: self.phase, native }
    }
}

impl LibraryError {
    /// An error's message, then those of its causes.
    pub(super) fn chain(&self) -> Vec<String> {
        let error: &dyn StdError = match self {
            Self::Cache(error) => error.as_ref(),
            Self::Credential(error) => error,
        };
        let mut said = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            said.push(cause.to_string());
            source = cause.source();
        }
        said
    }

    fn type_name(&self) -> String {
        match self {
            Self::Cache(error) => format!("{:?}", error.kind()),
            Self::Credential(error) => error.name().into(),
        }
    }

    fn category(&self) -> ErrorCategory {
        match self {
            Self::Cache(error) => category(error.kind()),
            Self::Credential(error) => error.category(),
        }
    }
}

fn category(kind: ErrorKind) -> ErrorCategory {
    match kind {
        ErrorKind::AccessDenied => ErrorCategory::AccessDenied,
        ErrorKind::Busy => ErrorCategory::Busy,
        ErrorKind::Cancelled => ErrorCategory::Cancelled,
        ErrorKind::Corrupt => ErrorCategory::Corrupt,
        ErrorKind::EncryptionUnavailable => ErrorCategory::EncryptionUnavailable,
        ErrorKind::InvalidArgument => ErrorCategory::InvalidArgument,
        ErrorKind::Io => ErrorCategory::Io,
        ErrorKind::Locked => ErrorCategory::Locked,
        ErrorKind::Timeout => ErrorCategory::Timeout,
    }
}

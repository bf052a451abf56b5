//! Why a credential has no token.

use super::authority::AuthorityError;
use crate::protocol::ErrorCategory;

/// Why a credential has no token.
#[derive(Debug, thiserror::Error)]
pub(in crate::adapter::reference) enum CredentialError {
    /// The cache says no.
    #[error(transparent)]
    Cache(#[from] token_cache::Error),
    /// The authority says no, or nothing.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// What is stored is something else.
    #[error("the cache holds no MSAL document: {0}")]
    Document(serde_json::Error),
    /// There is no user, and nobody to ask.
    #[error("nobody is signed in, and this credential asks no user")]
    NobodySignedIn,
    /// A file that only some habits have.
    #[error("a file beside the cache cannot be used: {0}")]
    Beside(std::io::Error),
}

impl CredentialError {
    /// The name of its kind.
    pub(in crate::adapter::reference) fn name(&self) -> &'static str {
        match self {
            Self::Cache(_) => "Cache",
            Self::Authority(_) => "Authority",
            Self::Document(_) => "Document",
            Self::NobodySignedIn => "NobodySignedIn",
            Self::Beside(_) => "Beside",
        }
    }

    /// What it means.
    pub(in crate::adapter::reference) fn category(&self) -> ErrorCategory {
        match self {
            Self::Document(_) => ErrorCategory::Corrupt,
            Self::NobodySignedIn => ErrorCategory::NotFound,
            Self::Beside(_) => ErrorCategory::Io,
            Self::Cache(_) | Self::Authority(_) => ErrorCategory::Other,
        }
    }
}

//! Error categories: what an implementation's error means, in a closed list.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a library's error means for its user.
///
/// Closed and small on purpose: matching error texts kills coverage, and an open list lets everything be "expected".
/// The map from native errors to these is declared in the statement, so that a reviewer can audit it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCategory {
    /// No usable protector; the library refuses to store.
    EncryptionUnavailable,
    /// The protector is there and locked.
    Locked,
    /// The system, the keyring or the user refused.
    AccessDenied,
    /// Nothing is stored; equal to a null value.
    NotFound,
    /// Data is there and cannot be authenticated, decrypted or parsed.
    Corrupt,
    /// A name, key or option is not acceptable.
    InvalidArgument,
    /// A lock or a concurrent user did not give way in time.
    Busy,
    /// The file system or the device failed.
    Io,
    /// The library's own deadline passed.
    Timeout,
    /// The user or the caller cancelled.
    Cancelled,
    /// None of these. No check demands it; where any error will do, as after relocation, it is one.
    Other,
}

impl fmt::Display for ErrorCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EncryptionUnavailable => "encryption_unavailable",
            Self::Locked => "locked",
            Self::AccessDenied => "access_denied",
            Self::NotFound => "not_found",
            Self::Corrupt => "corrupt",
            Self::InvalidArgument => "invalid_argument",
            Self::Busy => "busy",
            Self::Io => "io",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Other => "other",
        })
    }
}

/// When the error came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// While the options or the credential were constructed.
    Construct,
    /// While the cache was opened.
    Open,
    /// At the first use, before anything was read or written.
    FirstUse,
    /// While a value was written.
    Save,
    /// While a value was read.
    Load,
    /// While the cache was closed.
    Close,
}

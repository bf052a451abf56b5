//! The errors that clients get, in the words of gnome-keyring.

/// Why a call failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    /// The object is behind a locked collection.
    #[error("{0}")]
    IsLocked(&'static str),
    /// The session does not exist, or is another client's.
    #[error("The session does not exist")]
    NoSession,
    /// A collection that an argument names does not exist.
    #[error("The collection does not exist")]
    NoSuchObject,
    /// The object that was called does not exist.
    #[error("Object does not exist at path “{0}”")]
    NoObjectAtPath(String),
    /// The object has no such interface.
    #[error("No such interface “{0}”")]
    NoInterface(String),
    /// The interface has no such method.
    #[error("No such method “{0}”")]
    NoMethod(String),
    /// The interface has no such property.
    #[error("No such property “{0}”")]
    NoProperty(String),
    /// The property cannot be changed.
    #[error("Property “{0}” is not writable")]
    ReadOnlyProperty(String),
    /// The arguments do not fit.
    #[error("{0}")]
    InvalidArguments(String),
    /// A session cannot be opened in this way.
    #[error("The algorithm '{0}' is not supported")]
    UnknownAlgorithm(String),
}

impl Refusal {
    /// The error's name on the bus.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::IsLocked(_) => "org.freedesktop.Secret.Error.IsLocked",
            Self::NoSession => "org.freedesktop.Secret.Error.NoSession",
            Self::NoSuchObject => "org.freedesktop.Secret.Error.NoSuchObject",
            Self::NoObjectAtPath(_) | Self::NoInterface(_) | Self::NoMethod(_) => {
                "org.freedesktop.DBus.Error.UnknownMethod"
            }
            Self::NoProperty(_) | Self::ReadOnlyProperty(_) | Self::InvalidArguments(_) => {
                "org.freedesktop.DBus.Error.InvalidArgs"
            }
            Self::UnknownAlgorithm(_) => "org.freedesktop.DBus.Error.NotSupported",
        }
    }
}

impl From<zbus::Error> for Refusal {
    /// What cannot be read or written is an argument that does not fit.
    fn from(error: zbus::Error) -> Self {
        Self::InvalidArguments(error.to_string())
    }
}

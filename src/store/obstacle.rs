//! What stands between a cache and its protector: the model that every platform's codes are mapped to.

use std::path::PathBuf;

use crate::fs::FileError;

/// Why a protector cannot be used, in the rows of the decision table.
///
/// Only [`Obstacle::Absent`] may ever lead to plaintext, and only by consent (S14): every other obstacle means
/// that there *is* a protector, so falling back would weaken what the user has.
///
/// Never holds secret bytes.
///
/// # Example: what to tell the user
///
/// ```
/// use token_cache::Error;
/// use token_cache::store::Obstacle;
///
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         Error::Locked { .. } => "unlock the keyring and try again",
///         Error::EncryptionUnavailable { .. } => "sign in each time, or install a keyring",
///         Error::Protector { source: Obstacle::Ambiguous { .. } | Obstacle::Unreadable { .. } } => {
///             "sign out, which clears the cache, and sign in again"
///         }
///         _ => "see the log",
///     }
/// }
///
/// assert_eq!(advice(&Error::from(Obstacle::Locked)), "unlock the keyring and try again");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// There is no protector on this machine or in this session.
    #[error("no user data protection is available: {0}")]
    Absent(Absence),
    /// This build lacks the platform's backend, so encryption was never tried (S17).
    #[error("this build has no backend for the platform's user data protection ({protector})")]
    NotBuilt {
        /// The protector that the platform has.
        protector: &'static str,
    },
    /// The protector or the item is locked.
    #[error("the keyring is locked; unlock it, for example by signing in to the desktop, and try again")]
    Locked,
    /// The user dismissed the prompt or the service denied access.
    #[error("access to the keyring was refused: {reason}")]
    Refused {
        /// What the service said, by name; never content.
        reason: String,
    },
    /// The protector is there but set up in a way that must not be trusted or cannot work.
    #[error("the user data protection is misconfigured: {0}")]
    Misconfigured(Misconfiguration),
    /// More than one item carries exactly our identity.
    #[error("{count} items carry this cache's exact identity; clear the cache to start again")]
    Ambiguous {
        /// How many there are.
        count: usize,
    },
    /// The item is there and cannot be decrypted or is not what was written.
    #[error("the stored item cannot be read back: {reason}; clear the cache to start again")]
    Unreadable {
        /// What was found, by kind and length; never content.
        reason: String,
    },
    /// The protector failed while it was being used.
    #[error("the keyring failed: {0}")]
    Broken(Breakage),
    /// The file of a store that keeps its bytes in one could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

// Written out rather than derived: a derived conversion would also make the cause a source, and a report that walks
// the chain would say everything twice.
impl From<Absence> for Obstacle {
    fn from(absence: Absence) -> Self {
        Self::Absent(absence)
    }
}

impl From<Misconfiguration> for Obstacle {
    fn from(misconfiguration: Misconfiguration) -> Self {
        Self::Misconfigured(misconfiguration)
    }
}

impl From<Breakage> for Obstacle {
    fn from(breakage: Breakage) -> Self {
        Self::Broken(breakage)
    }
}

/// Why there is no protector.
///
/// # Example: absence is the one obstacle that plaintext may answer, and by consent only
///
/// ```
/// use token_cache::store::{Absence, Obstacle};
/// use token_cache::{Consent, Decision, Existing, decide};
///
/// let obstacle = Obstacle::from(Absence::NoService);
/// let decided = |consent| decide(Err(&obstacle), consent, Existing::Nothing);
/// assert_eq!(decided(Consent::Withheld), Decision::Refuse);
/// assert!(matches!(decided(Consent::Given), Decision::Plaintext(_)));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Absence {
    /// No bus address is set and the default socket does not exist.
    #[error("there is no session bus: DBUS_SESSION_BUS_ADDRESS is unset and {}", missing_socket(.default_socket))]
    NoBusAddress {
        /// The default socket that was looked for, when a runtime directory is known.
        default_socket: Option<PathBuf>,
    },
    /// The bus address leads nowhere.
    #[error("the session bus at {path:?} does not answer ({cause})")]
    BusUnreachable {
        /// The socket of the bus.
        path: PathBuf,
        /// The error's name, such as ENOENT.
        cause: &'static str,
    },
    /// Nobody owns the name of the service and it cannot be activated.
    #[error("no Secret Service is running on the session bus and none can be activated")]
    NoService,
    /// The service has no persistent collection.
    #[error("the Secret Service has no persistent collection")]
    NoCollection,
    /// The user has no default keychain, or its file is gone.
    #[error(
        "there is no default keychain ({cause}); sign in to the desktop once, or make one with `security`"
    )]
    NoKeychain {
        /// The `OSStatus`, by symbol.
        cause: &'static str,
    },
    /// The platform has no protector that we know.
    #[error("the platform {platform} has no user data protection")]
    Platform {
        /// The platform.
        platform: &'static str,
    },
}

/// What is wrong with a protector that exists.
///
/// # Example: a protector that is set up wrongly is there, so plaintext is no answer
///
/// ```
/// use token_cache::store::{Misconfiguration, Obstacle};
/// use token_cache::{Consent, Decision, Existing, decide};
///
/// let obstacle = Obstacle::from(Misconfiguration::NoDefaultAlias);
/// assert_eq!(decide(Err(&obstacle), Consent::Given, Existing::Nothing), Decision::Refuse);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Misconfiguration {
    /// The bus address is not a Unix socket: secrets would cross a network.
    #[error("the session bus address uses the transport {transport:?}; only unix: is accepted")]
    Transport {
        /// The transport named by the address.
        transport: String,
    },
    /// The bus address cannot be parsed.
    #[error("the session bus address cannot be understood")]
    Address,
    /// The process behind the bus belongs to somebody else.
    #[error("the session bus belongs to user {owner}, not to this one")]
    ForeignPeer {
        /// The other user's id.
        owner: u32,
    },
    /// The session came over the network without a password, so the user's keys cannot be opened in it.
    #[error(
        "this is a network logon, such as SSH with a key, and cannot use the user's data protection \
         (ERROR_NO_SUCH_LOGON_SESSION); sign in with the password, or run as a task that has it"
    )]
    NetworkLogon,
    /// Persistent collections exist and none is the default one.
    #[error("the Secret Service has collections but none is the default one")]
    NoDefaultAlias,
    /// The user's profile, where the keys are, is not loaded.
    #[error("the profile of the user is not loaded; run with it loaded, as an interactive session does")]
    NoProfile,
    /// The default collection is the one that is lost at the end of the session.
    #[error("the default collection of the Secret Service does not outlive the session")]
    SessionAlias,
}

/// How a protector failed while it was being used.
///
/// # Example: a protector that fails is there, so plaintext is no answer
///
/// ```
/// use token_cache::store::{Breakage, Obstacle};
/// use token_cache::{Consent, Decision, Error, ErrorKind, Existing, decide};
///
/// let obstacle = Obstacle::from(Breakage::TimedOut { call: "GetSecret" });
/// assert_eq!(decide(Err(&obstacle), Consent::Given, Existing::Nothing), Decision::Refuse);
/// assert_eq!(Error::from(obstacle).kind(), ErrorKind::Timeout);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Breakage {
    /// No answer before the deadline.
    #[error("no answer from {call} before the deadline")]
    TimedOut {
        /// The call that was waited for.
        call: &'static str,
    },
    /// The value that was read back is not the one that was written.
    #[error("the service acknowledged a write and gave back something else")]
    ReadBackDiffers,
    /// The service refused the value because of its size.
    #[error("the service refused {bytes} bytes as too large")]
    TooLarge {
        /// The size of the refused value.
        bytes: usize,
    },
    /// The answer does not follow the protocol.
    #[error("the answer to {call} is not what the specification says ({detail})")]
    Protocol {
        /// The call.
        call: &'static str,
        /// What was wrong, by type or length; never content.
        detail: String,
    },
    /// The service answered with an error that has no better place here.
    #[error("{call} failed with {name}")]
    Service {
        /// The call.
        call: &'static str,
        /// The D-Bus error name, HRESULT or OSStatus, by symbol.
        name: String,
    },
    /// The connection was lost.
    #[error("the connection to the service was lost during {call}")]
    Disconnected {
        /// The call.
        call: &'static str,
    },
    /// The write was sent and it cannot be known whether it happened.
    #[error("it is unknown whether {call} took effect")]
    OutcomeUnknown {
        /// The call.
        call: &'static str,
    },
}

fn missing_socket(default_socket: &Option<PathBuf>) -> String {
    match default_socket {
        Some(path) => format!("{path:?} does not exist"),
        None => "so is XDG_RUNTIME_DIR".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_bus_is_told_where_it_was_looked_for() {
        let said = |default_socket| Absence::NoBusAddress { default_socket }.to_string();
        let unset = "there is no session bus: DBUS_SESSION_BUS_ADDRESS is unset and ";
        assert_eq!(said(None), format!("{unset}so is XDG_RUNTIME_DIR"));
        let socket = PathBuf::from("/run/user/1/bus");
        assert_eq!(said(Some(socket)), format!("{unset}\"/run/user/1/bus\" does not exist"));
    }
}

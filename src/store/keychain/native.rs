//! The user's default keychain, through the Apple store of keyring.

use apple_native_keyring_store::keychain::{Cred, MacKeychainDomain};
use keyring_core::api::CredentialApi;
use security_framework::base::Error as StatusError;
use security_framework::os::macos::keychain::{
    KeychainUserInteractionLock, SecKeychain, SecPreferencesDomain,
};

use super::ffi;
use crate::SecretBytes;
use crate::store::Interaction;
use crate::store::keychain::error::{Fault, Lock, NOT_FOUND};
use crate::store::keychain::item::Keychain;

/// Our item in the default keychain of the user's domain.
#[derive(Clone, Debug)]
pub(super) struct LoginKeychain(Cred);

impl LoginKeychain {
    pub(super) fn new(service: &str, account: &str) -> Self {
        Self(Cred {
            domain: MacKeychainDomain::User,
            service: service.to_owned(),
            account: account.to_owned(),
        })
    }
}

impl Keychain for LoginKeychain {
    fn lock(&self) -> Result<Lock, Fault> {
        ffi::lock(&default_keychain()?).map_err(Fault::Status)
    }

    fn unlock(&self) -> Result<(), Fault> {
        Ok(default_keychain()?.unlock(None)?)
    }

    fn read(&self, interaction: Interaction) -> Result<SecretBytes, Fault> {
        let _quiet = match interaction {
            Interaction::Never => Some(Quiet::begin()?),
            Interaction::Allow => None,
        };
        Ok(SecretBytes::from(self.0.get_secret()?))
    }

    fn write(&self, bytes: &SecretBytes) -> Result<(), Fault> {
        let _quiet = Quiet::begin()?;
        Ok(self.0.set_secret(bytes.expose())?)
    }

    fn remove(&self) -> Result<(), Fault> {
        let _quiet = Quiet::begin()?;
        Ok(self.0.delete_credential()?)
    }
}

/// No dialogue as long as this lives; the caller has the turn, so no other of ours lives meanwhile.
struct Quiet {
    _silence: Option<KeychainUserInteractionLock>,
}

impl Quiet {
    fn begin() -> Result<Self, Fault> {
        // An application that has turned dialogues off keeps them off.
        let silence = match SecKeychain::user_interaction_allowed()? {
            true => Some(SecKeychain::disable_user_interaction()?),
            false => None,
        };
        Ok(Self { _silence: silence })
    }
}

fn default_keychain() -> Result<SecKeychain, Fault> {
    Ok(SecKeychain::default_for_domain(SecPreferencesDomain::User)?)
}

impl From<StatusError> for Fault {
    fn from(error: StatusError) -> Self {
        Self::Status(error.code())
    }
}

impl From<keyring_core::Error> for Fault {
    /// Keeps the system's number; the texts and the bytes of an error may be of the item, so they go no further.
    fn from(error: keyring_core::Error) -> Self {
        use keyring_core::Error;

        match error {
            Error::NoEntry => Self::Status(NOT_FOUND),
            Error::PlatformFailure(source) | Error::NoStorageAccess(source) => {
                match source.downcast_ref::<StatusError>() {
                    Some(status) => Self::Status(status.code()),
                    None => Self::Library("a failure without a status"),
                }
            }
            Error::TooLong(..) => Self::Library("a value that is too long"),
            Error::Ambiguous(_) => Self::Library("more than one item"),
            // The rest speak of texts, formats and other stores. The type may grow, so there is a last arm.
            _ => Self::Library("an error that this store never has"),
        }
    }
}

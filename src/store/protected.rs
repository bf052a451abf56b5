//! The store of the platform's protector.

use super::dpapi::DpapiStore;
use super::keychain::KeychainStore;
use super::secret_service::SecretService;
use super::{Absence, Obstacle, Store};
use crate::plan::Protector;

/// Makes the store of a protector, without touching the protector.
///
/// # Errors
///
/// [`Obstacle::NotBuilt`] if this build has no backend for it, [`Obstacle::Absent`] if the platform has none.
pub(crate) fn protected(protector: &Protector) -> Result<Box<dyn Store>, Obstacle> {
    Ok(match protector {
        Protector::SecretService { bus, item } => Box::new(SecretService::new(bus.clone(), item.clone())?),
        Protector::Keychain { account } => Box::new(KeychainStore::new(account)?),
        Protector::Dpapi => Box::new(DpapiStore::new()?),
        Protector::Unknown { platform } => return Err(Absence::Platform { platform }.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protector_without_a_backend_is_not_built_which_is_not_absent() {
        for (protector, name) in [
            (Protector::Keychain { account: "MSALCache".to_owned() }, "keychain"),
            (Protector::Dpapi, "dpapi"),
        ] {
            let obstacle = protected(&protector).err().expect("not built");
            assert!(
                matches!(obstacle, Obstacle::NotBuilt { protector } if protector == name),
                "{obstacle:?}"
            );
        }
    }

    #[test]
    fn an_unknown_platform_has_no_protector() {
        let obstacle = protected(&Protector::Unknown { platform: "plan9" }).err().expect("absent");
        assert!(matches!(obstacle, Obstacle::Absent(Absence::Platform { platform: "plan9" })));
    }
}

//! The store of the platform's protector.

use std::sync::Arc;

use super::dpapi::DpapiStore;
use super::keychain::KeychainStore;
use super::secret_service::SecretService;
use super::{Absence, Obstacle, Store};
use crate::fs::Files;
use crate::plan::{Plan, Protector};

/// Makes the store of a protector, without touching the protector.
///
/// # Errors
///
/// [`Obstacle::NotBuilt`] if this build has no backend for it, [`Obstacle::Absent`] if the platform has none.
pub(crate) fn protected(plan: &Plan, files: &Arc<dyn Files>) -> Result<Box<dyn Store>, Obstacle> {
    Ok(match &plan.protector {
        Protector::SecretService { bus, item } => Box::new(SecretService::new(bus.clone(), item.clone())?),
        Protector::Keychain { service, account } => Box::new(KeychainStore::new(service, account)?),
        Protector::Dpapi => Box::new(DpapiStore::over(Arc::clone(files), &plan.location)?),
        Protector::Unknown { platform } => return Err(Absence::Platform { platform }.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::SystemFiles;
    use crate::{Environment, Platform, TokenCachePersistenceOptions};

    fn on(platform: Platform) -> Result<Box<dyn Store>, Obstacle> {
        let place = std::env::temp_dir();
        let environment = Environment {
            platform,
            home: Some(place.clone()),
            local_app_data: Some(place),
            ..Environment::default()
        };
        let options = TokenCachePersistenceOptions::new();
        let plan = Plan::new(&options, &environment, "a.nocae".to_owned()).expect("there is a home");
        let files: Arc<dyn Files> = Arc::new(SystemFiles);
        protected(&plan, &files)
    }

    #[test]
    fn the_protector_of_another_platform_is_not_built_which_is_not_absent() {
        let mut built = Vec::new();
        for (platform, name) in
            [(Platform::Linux, "secret-service"), (Platform::MacOs, "keychain"), (Platform::Windows, "dpapi")]
        {
            match on(platform) {
                Ok(_store) => built.push(platform),
                Err(Obstacle::NotBuilt { protector }) => assert_eq!(protector, name),
                Err(obstacle) => panic!("{obstacle:?}"),
            }
        }
        assert!(built.iter().all(|platform| *platform == Platform::current()), "{built:?}");
    }

    #[test]
    fn an_unknown_platform_has_no_protector() {
        let obstacle = on(Platform::Other("plan9")).err().expect("absent");
        assert!(matches!(obstacle, Obstacle::Absent(Absence::Platform { platform: "plan9" })));
    }
}

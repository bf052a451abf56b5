//! The read-only look at the service: is there a default collection that lasts, and is it open?

use zbus::{ObjectPath, OwnedObjectPath};

use crate::store::{Absence, Interaction, Misconfiguration, Obstacle};

use super::prompt;
use super::service::{COLLECTIONS, LOCKED, READ_ALIAS, ROOT, Service, UNLOCK};

/// Says whether the default collection can be used, unlocking it where that is allowed.
///
/// # Errors
///
/// The row of the decision table that applies.
pub(super) async fn probe(service: &Service<'_>, interaction: Interaction) -> Result<(), Obstacle> {
    let collection = default_collection(service).await?;
    let session = alias(service, "session").await?;
    if session.as_ref() == Some(&collection) {
        return Err(Obstacle::Misconfigured(Misconfiguration::SessionAlias));
    }
    match (service.property::<bool>(&collection, LOCKED).await?, interaction) {
        (false, Interaction::Never | Interaction::Allow) => Ok(()),
        (true, Interaction::Never) => Err(Obstacle::Locked),
        (true, Interaction::Allow) => unlock(service, &collection).await,
    }
}

/// The default collection, which must be unlocked.
///
/// # Errors
///
/// [`Obstacle::Locked`], or the row of the decision table that applies where there is no default collection.
pub(super) async fn open_collection(service: &Service<'_>) -> Result<OwnedObjectPath, Obstacle> {
    let collection = default_collection(service).await?;
    if is_locked(service, &collection).await? {
        return Err(Obstacle::Locked);
    }
    Ok(collection)
}

/// Whether the collection is locked.
///
/// # Errors
///
/// What the mapper makes of the answer.
pub(super) async fn is_locked(service: &Service<'_>, collection: &ObjectPath<'_>) -> Result<bool, Obstacle> {
    service.property(collection, LOCKED).await
}

async fn default_collection(service: &Service<'_>) -> Result<OwnedObjectPath, Obstacle> {
    let Some(collection) = alias(service, "default").await? else {
        return Err(without_default(service).await?);
    };
    if collection.as_str() == SESSION {
        return Err(Obstacle::Misconfigured(Misconfiguration::SessionAlias));
    }
    Ok(collection)
}

/// Why there is no default collection: nothing to choose from, or nobody has chosen.
async fn without_default(service: &Service<'_>) -> Result<Obstacle, Obstacle> {
    let session = alias(service, "session").await?;
    let collections: Vec<OwnedObjectPath> = service.property(&ROOT, COLLECTIONS).await?;
    let lasting = |path: &OwnedObjectPath| path.as_str() != SESSION && Some(path) != session.as_ref();
    Ok(if collections.iter().any(lasting) {
        Obstacle::Misconfigured(Misconfiguration::NoDefaultAlias)
    } else {
        Obstacle::Absent(Absence::NoCollection)
    })
}

/// The collection behind an alias; the root stands for none.
async fn alias(service: &Service<'_>, name: &str) -> Result<Option<OwnedObjectPath>, Obstacle> {
    let path: OwnedObjectPath = service.ask(&ROOT, READ_ALIAS, &name).await?;
    Ok((path.as_str() != "/").then_some(path))
}

async fn unlock(service: &Service<'_>, collection: &ObjectPath<'_>) -> Result<(), Obstacle> {
    let (_unlocked, question): (Vec<OwnedObjectPath>, OwnedObjectPath) =
        service.ask(&ROOT, UNLOCK, &[collection].as_slice()).await?;
    if prompt::is_prompt(&question) {
        prompt::show(service, &question).await?;
    }
    // The service's word for it is not enough: what counts is what the next request will meet.
    if is_locked(service, collection).await? { Err(Obstacle::Locked) } else { Ok(()) }
}

/// Where every service that has one keeps the collection that is lost with the session.
const SESSION: &str = "/org/freedesktop/secrets/collection/session";

//! The item: found by its exact attributes, read, changed, created and removed.

use std::collections::{BTreeMap, HashMap};

use zbus::{ObjectPath, OwnedObjectPath, OwnedVariant, Variant};

use crate::SecretBytes;
use crate::store::{Breakage, ItemIdentity, Obstacle};

use super::service::{CREATE_ITEM, Call, DELETE, GET_SECRET, ITEM, SEARCH_ITEMS, SET_SECRET, Service};
use super::session::{LARGEST, Session, WireSecret};
use super::{error, probe, prompt};

/// Reads the bytes of the item, if it is there.
///
/// # Errors
///
/// [`Obstacle::Locked`], [`Obstacle::Ambiguous`], [`Obstacle::Unreadable`], or what the mapper makes of an answer.
pub(super) async fn read(
    service: &Service<'_>,
    session: &Session,
    identity: &ItemIdentity,
) -> Result<Option<SecretBytes>, Obstacle> {
    let collection = probe::open_collection(service).await?;
    let found = Found::search(service, &collection, identity).await?;
    match found.only()? {
        None => Ok(None),
        Some(item) => {
            let bytes = secret(service, session, item).await?;
            check_type(identity, &bytes)?;
            Ok(Some(bytes))
        }
    }
}

/// Stores the bytes: in the item that is there, else in a new one, and reads them back as any reader would.
///
/// # Errors
///
/// As for [`read`]; [`Breakage::ReadBackDiffers`], and [`Breakage::OutcomeUnknown`] where the service took the bytes
/// and then could not be asked for them.
pub(super) async fn write(
    service: &Service<'_>,
    session: &Session,
    identity: &ItemIdentity,
    bytes: &SecretBytes,
) -> Result<(), Obstacle> {
    if bytes.len() > LARGEST {
        return Err(Obstacle::Broken(Breakage::TooLarge { bytes: bytes.len() }));
    }
    check_type(identity, bytes)?;
    let collection = probe::open_collection(service).await?;
    let before = Found::search(service, &collection, identity).await?;
    let (call, created) = match before.only()? {
        Some(item) => {
            let call = SET_SECRET.carrying(bytes.len());
            let sealed = session.seal(call, bytes, &identity.content_type)?;
            let () = service.ask(item, call, &(sealed,)).await?;
            (call, None)
        }
        None => (CREATE_ITEM, Some(create(service, session, &collection, identity, bytes).await?)),
    };
    let stored = read(service, session, identity).await.map_err(|obstacle| in_doubt(call, obstacle))?;
    match (stored, created) {
        (Some(stored), _) if stored == *bytes => Ok(()),
        (None, Some(created)) if !before.others.contains(&created) => {
            take_back(service, &created, identity).await.map_err(|obstacle| in_doubt(call, obstacle))?;
            Err(Obstacle::Broken(Breakage::ReadBackDiffers))
        }
        (Some(_) | None, _) => Err(Obstacle::Broken(Breakage::ReadBackDiffers)),
    }
}

/// Removes every item with the identity.
///
/// # Errors
///
/// [`Obstacle::Locked`], [`Obstacle::Refused`] where the service asks for confirmation, or what the mapper makes of
/// an answer.
pub(super) async fn clear(service: &Service<'_>, identity: &ItemIdentity) -> Result<(), Obstacle> {
    let collection = probe::open_collection(service).await?;
    for item in &Found::search(service, &collection, identity).await?.exact {
        let question: OwnedObjectPath = service.ask(&item.path, DELETE, &()).await?;
        if prompt::is_prompt(&question) {
            return Err(unanswered(service, &collection, DELETE, &question).await?);
        }
    }
    let left = Found::search(service, &collection, identity).await?;
    if left.exact.is_empty() {
        return Ok(());
    }
    Err(error::protocol(DELETE, "the service acknowledged the removal and kept the item"))
}

/// What a search brought up.
struct Found {
    /// Items that have our attributes and further ones: other people's.
    others: Vec<OwnedObjectPath>,
    /// Items that have our attributes and no others.
    exact: Vec<Item>,
}

struct Item {
    path: OwnedObjectPath,
    locked: bool,
}

impl Found {
    /// A service finds supersets too, so every hit is looked at.
    async fn search(
        service: &Service<'_>,
        collection: &ObjectPath<'_>,
        identity: &ItemIdentity,
    ) -> Result<Self, Obstacle> {
        let mut hits: Vec<OwnedObjectPath> =
            service.ask(collection, SEARCH_ITEMS, &identity.attributes).await?;
        // What is listed twice is one item all the same, and can be removed once.
        hits.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        hits.dedup();
        let mut found = Self { others: Vec::new(), exact: Vec::new() };
        for path in hits {
            let (attributes, locked) = details(service, &path).await?;
            if attributes == identity.attributes {
                found.exact.push(Item { path, locked });
            } else {
                found.others.push(path);
            }
        }
        Ok(found)
    }

    /// The one exact item, if there is any.
    fn only(&self) -> Result<Option<&OwnedObjectPath>, Obstacle> {
        match self.exact.as_slice() {
            [] => Ok(None),
            [Item { locked: true, .. }] => Err(Obstacle::Locked),
            [Item { path, locked: false }] => Ok(Some(path)),
            several => Err(Obstacle::Ambiguous { count: several.len() }),
        }
    }
}

async fn details(
    service: &Service<'_>,
    item: &ObjectPath<'_>,
) -> Result<(BTreeMap<String, String>, bool), Obstacle> {
    let mut properties = service.properties(item, ITEM).await?;
    let attributes = take::<HashMap<String, String>>(&mut properties, ATTRIBUTES)?;
    let locked = take::<bool>(&mut properties, ITEM_LOCKED)?;
    Ok((attributes.into_iter().collect(), locked))
}

fn take<T: TryFrom<OwnedVariant>>(
    properties: &mut HashMap<String, OwnedVariant>,
    property: Call,
) -> Result<T, Obstacle> {
    properties
        .remove(property.member)
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| error::protocol(property, "the property is missing or has another type"))
}

/// Whether the bytes are what the content type of the item says.
///
/// The cipher of a session does not authenticate: what was altered on its way or at rest decrypts to something, and a
/// flipped bit makes noise of a whole block, which is no text.
fn check_type(identity: &ItemIdentity, bytes: &SecretBytes) -> Result<(), Obstacle> {
    let is_text = identity.content_type.starts_with("text/");
    if is_text && std::str::from_utf8(bytes.expose()).is_err() {
        return Err(Obstacle::Unreadable { reason: format!("its {} bytes are no text", bytes.len()) });
    }
    Ok(())
}

async fn secret(
    service: &Service<'_>,
    session: &Session,
    item: &ObjectPath<'_>,
) -> Result<SecretBytes, Obstacle> {
    let (secret,): (WireSecret,) = service.ask(item, GET_SECRET, session.path()).await?;
    session.open_secret(secret)
}

async fn create(
    service: &Service<'_>,
    session: &Session,
    collection: &ObjectPath<'_>,
    identity: &ItemIdentity,
    bytes: &SecretBytes,
) -> Result<OwnedObjectPath, Obstacle> {
    let call = CREATE_ITEM.carrying(bytes.len());
    let attributes: HashMap<&str, &str> =
        identity.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let properties = HashMap::from([
        ("org.freedesktop.Secret.Item.Label", Variant::from(identity.label.as_str())),
        ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
    ]);
    let sealed = session.seal(call, bytes, &identity.content_type)?;
    // Never `replace`: services differ in whether it overwrites an item that has further attributes.
    let body = (properties, sealed, false);
    let (created, question): (OwnedObjectPath, OwnedObjectPath) =
        service.ask(collection, call, &body).await?;
    if prompt::is_prompt(&question) {
        return Err(unanswered(service, collection, call, &question).await?);
    }
    if created.as_str() == "/" {
        return Err(error::protocol(call, "neither an item nor a prompt came back"));
    }
    Ok(created)
}

/// Takes back a new item that no reader finds, where that is because the service gave it other attributes.
///
/// Left alone, each further write would leave another one.
async fn take_back(
    service: &Service<'_>,
    created: &OwnedObjectPath,
    identity: &ItemIdentity,
) -> Result<(), Obstacle> {
    match details(service, created).await {
        Ok((attributes, _)) if attributes != identity.attributes => {}
        // There is no such item, so nothing was stored.
        Ok(_) | Err(Obstacle::Broken(Breakage::Service { .. } | Breakage::Protocol { .. })) => return Ok(()),
        Err(obstacle) => return Err(obstacle),
    }
    let question: OwnedObjectPath = service.ask(created, DELETE, &()).await?;
    if prompt::is_prompt(&question) {
        prompt::dismiss(service, &question).await?;
    }
    Err(error::protocol(CREATE_ITEM, "the service gave the item other attributes"))
}

/// What it means that the service wants to ask the user first: writing and clearing never prompt.
async fn unanswered(
    service: &Service<'_>,
    collection: &ObjectPath<'_>,
    call: Call,
    question: &ObjectPath<'_>,
) -> Result<Obstacle, Obstacle> {
    prompt::dismiss(service, question).await?;
    Ok(if probe::is_locked(service, collection).await? {
        Obstacle::Locked
    } else {
        Obstacle::Refused { reason: format!("{} asks for the user's consent", call.label) }
    })
}

/// An obstacle met after the service took the bytes: they may be stored or not.
///
/// What is said of the item itself stays; everything else would be read as if nothing had been stored.
fn in_doubt(call: Call, obstacle: Obstacle) -> Obstacle {
    match obstacle {
        Obstacle::Ambiguous { .. }
        | Obstacle::Unreadable { .. }
        | Obstacle::Broken(
            Breakage::OutcomeUnknown { .. } | Breakage::Protocol { .. } | Breakage::ReadBackDiffers,
        ) => obstacle,
        Obstacle::Absent(_)
        | Obstacle::Broken(
            Breakage::Disconnected { .. }
            | Breakage::Service { .. }
            | Breakage::TimedOut { .. }
            | Breakage::TooLarge { .. },
        )
        | Obstacle::File(_)
        | Obstacle::Locked
        | Obstacle::Misconfigured(_)
        | Obstacle::NotBuilt { .. }
        | Obstacle::Refused { .. } => Obstacle::Broken(Breakage::OutcomeUnknown { call: call.label }),
    }
}

const ATTRIBUTES: Call = Call::reads(ITEM, "Attributes");
const ITEM_LOCKED: Call = Call::reads(ITEM, "Locked");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Absence, Misconfiguration};

    #[test]
    fn what_is_met_after_the_bytes_were_taken_does_not_read_as_if_they_had_not_been() {
        for obstacle in [
            Obstacle::Absent(Absence::NoCollection),
            Obstacle::Broken(Breakage::Disconnected { call: "Get" }),
            Obstacle::Broken(Breakage::TimedOut { call: "Get" }),
            Obstacle::Locked,
            Obstacle::Misconfigured(Misconfiguration::NoDefaultAlias),
            Obstacle::Misconfigured(Misconfiguration::SessionAlias),
            Obstacle::Refused { reason: "because".to_owned() },
        ] {
            let doubt = in_doubt(SET_SECRET, obstacle);
            assert!(
                matches!(&doubt, Obstacle::Broken(Breakage::OutcomeUnknown { call: "SetSecret" })),
                "{doubt:?}"
            );
        }
    }

    #[test]
    fn what_is_said_of_the_item_that_was_written_stays() {
        let ambiguous = in_doubt(SET_SECRET, Obstacle::Ambiguous { count: 2 });
        assert!(matches!(ambiguous, Obstacle::Ambiguous { count: 2 }), "{ambiguous:?}");
        let differs = in_doubt(SET_SECRET, Obstacle::Broken(Breakage::ReadBackDiffers));
        assert!(matches!(differs, Obstacle::Broken(Breakage::ReadBackDiffers)), "{differs:?}");
    }
}

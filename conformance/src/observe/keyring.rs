//! The observer of the keyring's contents.

use std::{collections::BTreeMap, fmt};

use super::Lost;
use crate::{
    canary::{Scanner, Search},
    observation::{EvidenceLog, Fact, KeyringItem, Observer, SessionIndex, SightingPlace, Snapshot},
};

/// The items, or the loss where not all of them could be read: then nothing can be said of what is missing.
///
/// # Errors
///
/// [`Lost`] for whatever kept them from being read.
pub fn all<T>(items: Result<T, impl fmt::Display>) -> Result<T, Lost> {
    items.map_err(|error| Lost { observer: Observer::Keyring, reason: error.to_string() })
}

/// Records every item, and every canary in a secret, a label or an attribute.
///
/// # Errors
///
/// [`Lost`] if a secret could not be searched as a whole.
pub fn record(
    items: Vec<(KeyringItem, Vec<u8>)>,
    scanner: &Scanner,
    log: &EvidenceLog,
    session: Option<SessionIndex>,
    snapshot: Snapshot,
) -> Result<(), Lost> {
    let mut shown: Vec<KeyringItem> = items.iter().map(|(item, _)| redacted(item, scanner)).collect();
    shown.sort_by(|one, other| one.path.cmp(&other.path));
    log.record(Observer::Keyring, session, Fact::Keyring { snapshot, items: shown });
    sightings(&items, scanner, log, session, snapshot)
}

/// Records the sightings only: for the leak of the beacon, whose item belongs to no session.
///
/// # Errors
///
/// As [`record`].
pub fn sightings(
    items: &[(KeyringItem, Vec<u8>)],
    scanner: &Scanner,
    log: &EvidenceLog,
    session: Option<SessionIndex>,
    snapshot: Snapshot,
) -> Result<(), Lost> {
    let mut lost = Ok(());
    for (item, secret) in items {
        let path = scanner.redact(&item.path);
        for (bytes, place) in places(item, secret, &path, snapshot, scanner) {
            let Search { hits, exhausted } = scanner.search(bytes);
            let facts = hits.iter().filter_map(|hit| hit.fact(Observer::Keyring, place.clone()));
            facts.for_each(|fact| {
                log.record(Observer::Keyring, session, fact);
            });
            if exhausted && lost.is_ok() {
                let reason = format!("the item {path} decodes to more than can be searched");
                lost = Err(Lost { observer: Observer::Keyring, reason });
            }
        }
    }
    lost
}

/// Everything of an item that could hold a canary, with its place.
fn places<'a>(
    item: &'a KeyringItem,
    secret: &'a [u8],
    path: &str,
    snapshot: Snapshot,
    scanner: &Scanner,
) -> Vec<(&'a [u8], SightingPlace)> {
    let attribute = |name: &str| SightingPlace::KeyringAttribute {
        snapshot,
        item: path.into(),
        attribute: scanner.redact(name),
    };
    let mut places = vec![
        (secret, SightingPlace::KeyringSecret { snapshot, item: path.into() }),
        (item.label.as_bytes(), attribute("label")),
        (item.content_type.as_bytes(), attribute("content type")),
    ];
    for (name, value) in &item.attributes {
        places.push((name.as_bytes(), attribute(name)));
        places.push((value.as_bytes(), attribute(name)));
    }
    places
}

fn redacted(item: &KeyringItem, scanner: &Scanner) -> KeyringItem {
    let attributes: BTreeMap<String, String> =
        item.attributes.iter().map(|(name, value)| (scanner.redact(name), scanner.redact(value))).collect();
    KeyringItem {
        collection: scanner.redact(&item.collection),
        path: scanner.redact(&item.path),
        label: scanner.redact(&item.label),
        content_type: scanner.redact(&item.content_type),
        attributes,
        ..item.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        canary::CanarySet,
        case::CanaryRole,
        observation::{Clock, Encoding},
    };

    #[test]
    fn canaries_in_secrets_and_attributes_are_seen_and_spelled_out_nowhere() {
        let role = CanaryRole("alice".into());
        let set = CanarySet::generate([role.clone()]);
        let canary = set.text(&role).unwrap();
        let item = KeyringItem {
            collection: "/collection/login".into(),
            path: "/collection/login/1".into(),
            label: format!("label {canary}"),
            attributes: BTreeMap::from([("account".into(), canary.into())]),
            content_type: "text/plain".into(),
            bytes: 42,
        };
        let log = EvidenceLog::new(Clock::start());
        let snapshot = Snapshot::After(SessionIndex(0));
        let items = vec![(item, canary.as_bytes().to_vec())];
        record(items, &set.scanner(), &log, Some(SessionIndex(0)), snapshot).unwrap();

        let item: String = "/collection/login/1".into();
        let attribute = |name: &str| SightingPlace::KeyringAttribute {
            snapshot,
            item: item.clone(),
            attribute: name.into(),
        };
        let places: Vec<SightingPlace> = log
            .entries()
            .into_iter()
            .filter_map(|entry| {
                let Fact::CanarySeen { place, encoding: Encoding::Raw, .. } = entry.fact else { return None };
                Some(place)
            })
            .collect();
        let secret = SightingPlace::KeyringSecret { snapshot, item: item.clone() };
        assert_eq!(places, [secret, attribute("label"), attribute("account")]);
        let recorded = serde_json::to_string(&log.entries()).unwrap();
        assert!(recorded.contains("label {alice}"));
        assert_eq!(set.scanner().scan(recorded.as_bytes()), []);
    }
}

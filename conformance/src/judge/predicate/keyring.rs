//! Items of the keyring, and what is kept in one object.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    case::{CanaryRole, Partition, Scope},
    judge::{
        Inconclusive, Searched, Witness,
        finding::Finding,
        scene::Scene,
        searched::{Search, complete},
    },
    observation::{EvidenceId, Observer, SightingPlace, Snapshot},
    protocol::Statement,
};

/// The canaries lie in different objects: no keyring item and no file ever held both, and each lies somewhere.
pub(super) fn storage_distinct(scene: &Scene<'_>, first: &CanaryRole, second: &CanaryRole) -> Finding {
    Finding::of(examine_distinct(scene, first, second))
}

fn examine_distinct(scene: &Scene<'_>, first: &CanaryRole, second: &CanaryRole) -> Result<Finding, Finding> {
    let (of_first, of_second) = (objects(scene, first), objects(scene, second));
    let shared =
        of_first.iter().find_map(|(object, id)| of_second.get(object).map(|other| (object, *id, *other)));
    if let Some((object, one, other)) = shared {
        let sentence = format!("{object} held the canary {first} and the canary {second}");
        return Ok(Finding::Violated(Witness::new(sentence, one).and([other])));
    }
    let files = complete(scene.run, Observer::Files)?;
    let keyring = complete(scene.run, Observer::Keyring)?;
    for (role, found) in [(first, &of_first), (second, &of_second)] {
        if found.is_empty() {
            let Some(issued) = scene.issued(role) else { return Err(Inconclusive::vacuous(role).into()) };
            let sentence = format!("the canary {role} lies in no file and in no keyring item");
            return Ok(Finding::Unmet(Witness::new(sentence, issued).and([files, keyring])));
        }
    }
    let names =
        |objects: &BTreeMap<String, EvidenceId>| objects.keys().cloned().collect::<Vec<_>>().join(", ");
    let sentence = format!(
        "the canary {first} lies in {}, the canary {second} in {}",
        names(&of_first),
        names(&of_second)
    );
    let seen = of_first.values().chain(of_second.values()).copied();
    Ok(Finding::Met(Witness::new(sentence, files).and([keyring]).and(seen)))
}

/// The files and items in which a canary was seen, each with its first evidence.
fn objects(scene: &Scene<'_>, role: &CanaryRole) -> BTreeMap<String, EvidenceId> {
    let mut objects = BTreeMap::new();
    for sighting in scene.sightings(role) {
        let object = if let SightingPlace::File { path, .. } = sighting.place {
            path.clone()
        } else if let SightingPlace::KeyringSecret { item, .. } = sighting.place {
            format!("the item {item}")
        } else {
            continue;
        };
        objects.entry(object).or_insert(sighting.evidence.id);
    }
    objects
}

/// The item that holds the canary has exactly the declared attributes.
pub(super) fn item_attributes(
    scene: &Scene<'_>,
    statement: &Statement,
    canary: &CanaryRole,
    name: Option<&str>,
    partition: Partition,
) -> Finding {
    Finding::of(examine_attributes(scene, statement, canary, name, partition))
}

fn examine_attributes(
    scene: &Scene<'_>,
    statement: &Statement,
    canary: &CanaryRole,
    name: Option<&str>,
    partition: Partition,
) -> Result<Finding, Finding> {
    let Some(declared) = &statement.item else {
        return Err(Finding::Unrecorded("the implementation declares no item".into()));
    };
    let wanted = declared
        .attributes
        .iter()
        .map(|(key, template)| (key.clone(), statement.fill(template, name, partition)))
        .collect::<BTreeMap<_, _>>();
    if let Search::Nowhere(searched) = Searched::search(scene, canary, &[Scope::KeyringSecrets])? {
        let sentence = format!("the canary {canary} is in no item of the keyring");
        return Ok(Finding::Unmet(Witness::by_search(sentence, searched)));
    }
    let mut witness: Option<Witness> = None;
    let mut looked = BTreeSet::new();
    for sighting in scene.sightings(canary) {
        let SightingPlace::KeyringSecret { snapshot, item } = sighting.place else { continue };
        let Some((tree, found)) = attributes(scene, *snapshot, item) else { continue };
        if !are_same(found, &wanted) {
            let sentence = format!(
                "the item {item} that holds the canary {canary} has the attributes {}, not {}",
                listed(found),
                listed(&wanted)
            );
            return Ok(Finding::Violated(Witness::new(sentence, sighting.evidence.id).and([tree])));
        }
        if looked.insert(item) {
            let sentence = format!("the item {item} has exactly the attributes {}", listed(&wanted));
            let further = witness.map_or_else(Vec::new, |witness| witness.evidence().to_vec());
            witness = Some(Witness::new(sentence, sighting.evidence.id).and([tree]).and(further));
        }
    }
    let keyring = complete(scene.run, Observer::Keyring)?;
    witness.map(|witness| Finding::Met(witness.and([keyring]))).ok_or_else(|| {
        let reason = "no snapshot shows the attributes of the item with the canary".into();
        Inconclusive::EvidenceLost { observer: Observer::Keyring, reason }.into()
    })
}

/// Whether attributes are the declared ones, where the schema that stands for none may come as an extra.
///
/// gnome-keyring gives it to an item that has none, once it has read the item from its file.
fn are_same(found: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    let is_extra =
        |name: &str, value: &str| name == SCHEMA && value == NO_SCHEMA && !wanted.contains_key(name);
    let counted = found.iter().filter(|(name, value)| !is_extra(name, value));
    counted.eq(wanted.iter())
}

fn attributes<'a>(
    scene: &Scene<'a>,
    snapshot: Snapshot,
    path: &str,
) -> Option<(EvidenceId, &'a BTreeMap<String, String>)> {
    let (id, items) = scene.keyring(snapshot)?;
    items.iter().find(|item| item.path == path).map(|item| (id, &item.attributes))
}

fn listed(attributes: &BTreeMap<String, String>) -> String {
    let listed = attributes.iter().map(|(key, value)| format!("{key}={value:?}"));
    format!("{{{}}}", listed.collect::<Vec<_>>().join(", "))
}

const SCHEMA: &str = "xdg:schema";
const NO_SCHEMA: &str = "org.freedesktop.Secret.Generic";

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, error, file, keyring, secret_of},
        },
        observation::Observer,
        protocol::ErrorCategory,
    };

    #[test]
    fn canaries_in_two_items_lie_apart() {
        let stage = two().seen(0, "token", secret_of(0, "/item/1")).seen(0, "other", secret_of(0, "/item/2"));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        for observer in [Observer::Files, Observer::Keyring] {
            assert_eq!(stage.clone().without(observer).judge().kind(), OutcomeKind::Inconclusive);
        }
    }

    #[test]
    fn one_item_that_held_both_in_turn_fails() {
        let stage = two().seen(0, "token", secret_of(0, "/item/1")).seen(1, "other", secret_of(1, "/item/1"));
        assert_eq!(stage.judge().why(), "the item /item/1 held the canary token and the canary other");
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn one_file_that_held_both_fails() {
        let stage = two().seen(0, "token", file(0, "/w/home/x")).seen(1, "other", file(1, "/w/home/x"));
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_canary_that_lies_nowhere_does_not_lie_apart() {
        let stage = two().seen(0, "token", secret_of(0, "/item/1"));
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn the_declared_attributes_pass() {
        let stage = holding(&[("schema", "msal.cache.nocae")]);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.without(Observer::Keyring).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn the_schema_that_stands_for_none_is_no_further_attribute_and_another_one_is() {
        let with = |schema| holding(&[("schema", "msal.cache.nocae"), ("xdg:schema", schema)]).judge().kind();
        assert_eq!(with("org.freedesktop.Secret.Generic"), OutcomeKind::Pass);
        assert_eq!(with("org.example.Other"), OutcomeKind::Fail);
    }

    #[test]
    fn other_further_or_missing_attributes_fail() {
        for attributes in
            [&[("schema", "other.nocae")][..], &[("schema", "msal.cache.nocae"), ("more", "x")][..], &[][..]]
        {
            assert_eq!(holding(attributes).judge().kind(), OutcomeKind::Fail, "{attributes:?}");
        }
    }

    #[test]
    fn no_item_with_the_canary_fails_and_no_canary_decides_nothing() {
        assert_eq!(declared().judge().kind(), OutcomeKind::Fail);
        let never = declared().open(0, error(ErrorCategory::Locked));
        assert_eq!(never.judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn an_item_without_a_snapshot_decides_nothing() {
        let stage = declared().seen(0, "token", secret_of(0, "/item/1"));
        assert_eq!(stage.judge().kind(), OutcomeKind::Inconclusive);
    }

    fn two() -> Stage {
        let sessions = r#"
            [[session]]
            steps = [
                { do = "open", store = "cache" },
                { do = "put", label = "write", store = "cache", canary = "token" },
                { do = "put", store = "cache", canary = "other" },
            ]
            [[session]]
            steps = [
                { do = "open", store = "cache" },
                { do = "get", label = "read", store = "cache", canary = "token" },
            ]
        "#;
        Stage::with_sessions(
            "",
            sessions,
            "predicate = \"storage_distinct\", first = \"token\", second = \"other\"",
        )
    }

    fn declared() -> Stage {
        Stage::new(
            "",
            "applies_when = [\"item\"]\njudge = { predicate = \"item_attributes\", canary = \"token\" }",
        )
    }

    fn holding(attributes: &[(&str, &str)]) -> Stage {
        declared().seen(0, "token", secret_of(0, "/item/1")).fact(0, keyring(0, "/item/1", attributes))
    }
}

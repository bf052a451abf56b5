//! What can be known of the mutants without running them: `sealcheck mutants` runs them.

use std::collections::{BTreeMap, BTreeSet};

use sealcheck::{
    case::{CheckId, catalogue},
    mutants::{self, Part},
};

#[test]
fn every_check_is_a_named_killer() {
    let unproved = catalogue::all()
        .checks()
        .map(|check| &check.id)
        .filter(|check| mutants::killed_by(check).next().is_none())
        .collect::<Vec<_>>();
    assert_eq!(unproved, Vec::<&CheckId>::new());
}

#[test]
fn every_named_killer_is_a_check_and_is_named_once() {
    for mutant in mutants::all() {
        assert!(!mutant.killers.is_empty(), "{}", mutant.name);
        let mut seen = BTreeSet::new();
        for killer in mutant.killers {
            let id: CheckId = killer.parse().expect("an id");
            assert!(catalogue::all().check(&id).is_some(), "{} names {id}", mutant.name);
            assert!(seen.insert(killer), "{} names {id} twice", mutant.name);
        }
    }
}

#[test]
fn every_name_belongs_to_one_mutant_or_variant_and_finds_its_parts() {
    let names = mutants::all().iter().map(|mutant| mutant.name);
    let mut seen = BTreeSet::new();
    for name in names.chain(mutants::honest().iter().map(|variant| variant.name)) {
        assert!(seen.insert(name), "{name}");
        assert!(mutants::parts(Some(name)).is_ok(), "{name}");
    }
    assert!(mutants::parts(Some("nobody")).is_err());
}

#[test]
fn every_part_has_a_mutant() {
    let mut parts = BTreeMap::new();
    for mutant in mutants::all() {
        *parts.entry(format!("{:?}", mutant.part)).or_insert(0) += 1;
    }
    let wanted = [Part::Credential, Part::Decision, Part::Files, Part::Lock, Part::Name, Part::Store];
    assert_eq!(parts.into_keys().collect::<Vec<_>>(), wanted.map(|part| format!("{part:?}")));
}

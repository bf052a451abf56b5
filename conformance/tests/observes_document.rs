//! `OBSERVES.md` has a row for every observer, condition and provider, and no other.

use std::collections::BTreeSet;

use sealcheck::{case::Condition, observation::Observer, world::providers::ProviderKind};

#[test]
fn every_observer_has_a_row() {
    let observers: BTreeSet<&str> = Observer::ALL.map(Observer::as_str).into();
    assert_eq!(rows("| observer |"), observers);
}

#[test]
fn every_condition_has_a_row() {
    let mut conditions: BTreeSet<&str> = Condition::ALL.map(Condition::as_str).into();
    conditions.insert(Condition::Usable.as_str());
    assert_eq!(rows("| condition |"), conditions);
}

#[test]
fn every_provider_has_a_row() {
    let providers: BTreeSet<&str> = ProviderKind::ALL.map(ProviderKind::as_str).into();
    assert_eq!(rows("| provider |"), providers);
}

/// The words in backticks that begin the rows of the table with this heading.
fn rows(heading: &str) -> BTreeSet<&'static str> {
    let below = PAGE.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let table = below.take_while(|line| line.starts_with('|'));
    table.map(|row| row.split('`').nth(1).expect("each row begins with a word in backticks")).collect()
}

const PAGE: &str = include_str!("../OBSERVES.md");

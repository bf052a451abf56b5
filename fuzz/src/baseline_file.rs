//! Baselines: an entry covers exactly the checks that its pattern says, and none stands without a reason.

use sealcheck::case::{Check, Pattern, Platform, catalogue};
use sealcheck::judge::{Baseline, Known, ResultKey};

use crate::{Seeds, seeds};

/// The text of a baseline's file.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let baseline = match Baseline::parse(FILE, text) {
        Ok(baseline) => baseline,
        Err(error) => return assert!(error.to_string().starts_with(FILE), "{error} names the file"),
    };
    // Enough to see that entries do not disturb each other.
    let known = &baseline.known()[..baseline.known().len().min(4)];
    for entry in known {
        for text in [&entry.check, &entry.reason, &entry.link] {
            assert!(!text.trim().is_empty(), "an entry says what, why and where");
        }
        let matched = catalogue::all().checks().filter(|check| is_about(entry, check)).count();
        let stale = baseline.stale(catalogue::all()).any(|stale| stale == entry);
        assert_eq!(stale, matched == 0, "{:?} stands for {matched} checks", entry.check);
    }
    for check in catalogue::all().checks().step_by(11) {
        let key = key(check);
        let first = baseline.known().iter().find(|entry| covers(entry, check, &key));
        assert_eq!(baseline.find(&key), first, "{:?}", check.id);
    }
}

/// The baselines of the adapters, and patterns that go back often.
pub fn seeds() -> Seeds {
    let mut seeds = seeds::files("conformance/adapters", &["baseline.toml"]);
    let patterns =
        ["*", "*#*", "naming/*", "nam*", "*a*a*a*a*a*a*b", "fail-closed/no-bus#refuses", "**/**#**"];
    seeds.extend(patterns.map(|pattern| {
        format!("[[known]]\ncheck = \"{pattern}\"\nprovider = \"scripted\"\nreason = \"r\"\nlink = \"l\"\n")
            .into_bytes()
    }));
    seeds
}

fn covers(entry: &Known, check: &Check, key: &ResultKey) -> bool {
    is_about(entry, check)
        && entry.provider.as_ref().is_none_or(|provider| *provider == key.provider)
        && entry.broker.as_ref().is_none_or(|broker| *broker == key.broker)
        && entry.platform.is_none_or(|platform| platform == key.platform)
}

fn is_about(entry: &Known, check: &Check) -> bool {
    let case = check.id.case();
    let text = match (entry.check.contains('#'), entry.check.contains('/')) {
        (true, _) => check.id.as_str(),
        (false, true) => case.as_str(),
        (false, false) => case.area().as_str(),
    };
    let expected = matches(entry.check.as_bytes(), text.as_bytes());
    assert_eq!(
        Pattern::new(entry.check.as_str()).matches(&check.id),
        expected,
        "{:?} on {text:?}",
        entry.check
    );
    expected
}

/// Whether a pattern matches a text, by a table of all their beginnings.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut row: Vec<bool> = vec![false; text.len() + 1];
    row[0] = true;
    for byte in pattern {
        let mut next = vec![false; text.len() + 1];
        for end in 0..=text.len() {
            next[end] = match byte {
                b'*' => row[end] || end > 0 && next[end - 1],
                byte => end > 0 && row[end - 1] && text[end - 1] == *byte,
            };
        }
        row = next;
    }
    row[text.len()]
}

fn key(check: &Check) -> ResultKey {
    ResultKey {
        check: check.id.clone(),
        rev: 1,
        adapter: "reference 0.1.0".into(),
        provider: "scripted".into(),
        broker: "busd".into(),
        platform: Platform::Linux,
    }
}

const FILE: &str = "baseline.toml";

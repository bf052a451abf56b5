//! Implementations whose word is not what happens.

use std::time::Duration;

use sealcheck::judge::OutcomeKind;

use crate::run::{Ran, Run, canaries_look_like_random_text};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_refusal_that_stored_in_a_file_fails", a_refusal_that_stored_in_a_file_fails),
    ("a_refusal_that_stored_in_a_keyring_fails", a_refusal_that_stored_in_a_keyring_fails),
    (
        "a_claim_of_encryption_does_not_help_against_base64",
        a_claim_of_encryption_does_not_help_against_base64,
    ),
    ("a_store_that_keeps_nothing_passes_nothing", a_store_that_keeps_nothing_passes_nothing),
    ("a_secret_in_a_name_of_its_own_is_not_repeated", a_secret_in_a_name_of_its_own_is_not_repeated),
    ("what_is_looked_for_in_outputs_is_what_canaries_are", canaries_look_like_random_text),
];

fn a_refusal_that_stored_in_a_file_fails() {
    let ran = run("refuses-and-stores", &["fail-closed/no-bus"]);
    let refuses = ran.check("fail-closed/no-bus#refuses");
    assert_eq!(refuses.outcome, OutcomeKind::Fail);
    assert!(refuses.explanation.contains("/home/.test/cache.nocae"), "{}", refuses.explanation);
    assert_eq!(ran.check("fail-closed/no-bus#nothing-created").outcome, OutcomeKind::Fail);
    assert_eq!(ran.code, 1);
}

fn a_refusal_that_stored_in_a_keyring_fails() {
    let ran = run("refuses-and-stores-in-a-keyring", &["fail-closed/no-default-collection#refuses"]);
    let refuses = ran.check("fail-closed/no-default-collection#refuses");
    assert_eq!(refuses.outcome, OutcomeKind::Fail, "{}", refuses.explanation);
    assert!(
        refuses.explanation.contains("in the secret of /org/freedesktop/secrets/collection/"),
        "{}",
        refuses.explanation
    );
    assert_eq!(ran.code, 1);
}

fn a_claim_of_encryption_does_not_help_against_base64() {
    let ran = run("says-encrypted", &["encryption/first-by-default"]);
    assert_eq!(
        ran.outcomes(),
        [
            ("encryption/first-by-default#in-the-protector", OutcomeKind::Fail),
            ("encryption/first-by-default#never-written", OutcomeKind::Fail),
            ("encryption/first-by-default#not-in-files", OutcomeKind::Fail),
        ]
        .map(owned)
    );
    for check in ["not-in-files", "never-written"] {
        let result = ran.check(&format!("encryption/first-by-default#{check}"));
        assert!(result.explanation.contains("base64"), "{}", result.explanation);
        assert!(result.explanation.contains("it says that it encrypts"), "{}", result.explanation);
    }
    assert!(ran.stdout.contains("it says that it encrypts"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

fn a_store_that_keeps_nothing_passes_nothing() {
    let selected = [
        "encryption/*",
        "fail-closed/no-bus",
        "fallback/opt-in-works-no-bus",
        "file-hygiene/directory-private",
        "isolation/names-keyring",
        "leakage/*",
    ];
    let ran = run("stores-nothing", &selected);
    let outcomes = ran.outcomes();
    assert!(outcomes.iter().all(|(_, outcome)| *outcome != OutcomeKind::Pass), "{outcomes:#?}");
    for (check, expected) in [
        ("encryption/first-by-default#not-in-files", OutcomeKind::Inconclusive),
        ("encryption/first-by-default#in-the-protector", OutcomeKind::Fail),
        ("encryption/relocation#not-returned", OutcomeKind::Inconclusive),
        ("fail-closed/no-bus#nothing-created", OutcomeKind::Inconclusive),
        ("fail-closed/no-bus#refuses", OutcomeKind::Fail),
        ("fallback/opt-in-works-no-bus#works", OutcomeKind::Fail),
        ("isolation/names-keyring#not-overwritten", OutcomeKind::Fail),
        ("isolation/names-keyring#not-read", OutcomeKind::Inconclusive),
        ("leakage/texts#output", OutcomeKind::Inconclusive),
    ] {
        assert_eq!(ran.check(check).outcome, expected, "{check}: {}", ran.check(check).explanation);
    }
    assert_eq!(ran.code, 1);
}

/// [`Run::go`] asserts that no canary is in what the program says.
fn a_secret_in_a_name_of_its_own_is_not_repeated() {
    let ran = run("is-named-by-its-secret", &["encryption/first-by-default#not-in-files"]);
    let result = ran.check("encryption/first-by-default#not-in-files");
    assert_eq!((result.outcome, ran.code), (OutcomeKind::AdapterError, 3), "{}", result.explanation);
    assert!(result.explanation.contains("holds a secret of the world"), "{}", result.explanation);
}

fn run(mode: &str, select: &[&str]) -> Ran {
    Run::of(mode, Duration::from_secs(20)).with(&["--select"]).with(select).go()
}

fn owned((check, outcome): (&str, OutcomeKind)) -> (String, OutcomeKind) {
    (check.to_owned(), outcome)
}

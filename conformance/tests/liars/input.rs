//! Input and machines that are wrong.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use sealcheck::judge::OutcomeKind;

use crate::run::Run;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("an_unknown_key_in_a_baseline_is_bad_input", an_unknown_key_in_a_baseline_is_bad_input),
    ("an_unknown_key_in_a_manifest_is_bad_input", an_unknown_key_in_a_manifest_is_bad_input),
    (
        "a_stale_entry_of_a_baseline_fails_a_run_that_passes",
        a_stale_entry_of_a_baseline_fails_a_run_that_passes,
    ),
    ("a_known_failure_that_passes_fails_the_run", a_known_failure_that_passes_fails_the_run),
    ("a_selector_that_matches_nothing_is_a_usage_error", a_selector_that_matches_nothing_is_a_usage_error),
    ("an_adapter_that_is_unknown_is_a_usage_error", an_adapter_that_is_unknown_is_a_usage_error),
    (
        "a_folder_that_cannot_be_read_is_never_a_silent_gap",
        a_folder_that_cannot_be_read_is_never_a_silent_gap,
    ),
    ("a_machine_without_room_for_worlds_is_named", a_machine_without_room_for_worlds_is_named),
];

fn an_unknown_key_in_a_baseline_is_bad_input() {
    let text = format!("{}colour = \"blue\"\n", known(CHECK));
    let ran = Run::of_reference().with_file("--baseline", &text).with(&["--select", CHECK]).go();
    assert_eq!(ran.code, 65);
    assert!(ran.stderr.contains("given.toml") && ran.stderr.contains("colour"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

fn an_unknown_key_in_a_manifest_is_bad_input() {
    let ran = Run::of_manifest("name = \"test-liar\"\ncolour = \"blue\"\n").go();
    assert_eq!(ran.code, 65);
    assert!(ran.stderr.contains("adapter.toml") && ran.stderr.contains("colour"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

fn a_stale_entry_of_a_baseline_fails_a_run_that_passes() {
    let stale = "encryption/first-by-default#gone";
    let ran = Run::of_reference().with_file("--baseline", &known(stale)).with(&["--select", CHECK]).go();
    assert_eq!(ran.check(CHECK).outcome, OutcomeKind::Pass);
    assert_eq!(ran.results().header.baseline.unwrap().unmatched, [stale]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains(stale), "{}", ran.stdout);
}

fn a_known_failure_that_passes_fails_the_run() {
    let ran = Run::of_reference().with_file("--baseline", &known(CHECK)).with(&["--select", CHECK]).go();
    assert_eq!(ran.check(CHECK).outcome, OutcomeKind::Pass);
    assert_eq!(ran.code, 1);
}

fn a_selector_that_matches_nothing_is_a_usage_error() {
    let ran = Run::of_reference().with(&["--select", CHECK, "encryption/nonsense"]).go();
    assert_eq!(ran.code, 64);
    assert!(ran.stderr.contains("encryption/nonsense"), "{}", ran.stderr);
}

fn an_adapter_that_is_unknown_is_a_usage_error() {
    let ran = Run::of_reference().with(&["--adapter", "cobol-cache"]).go();
    assert_eq!(ran.code, 64);
    assert!(ran.stderr.contains("cobol-cache") && ran.stderr.contains("reference"), "{}", ran.stderr);
}

/// Root reads it all the same, and then nothing is missing; anybody else must say what was not seen.
fn a_folder_that_cannot_be_read_is_never_a_silent_gap() {
    let ran = Run::of("locks-a-folder", Duration::from_secs(20)).with(&["--select", NOT_IN_FILES]).go();
    let result = ran.check(NOT_IN_FILES);
    if can_read_anything() {
        assert_eq!((result.outcome, ran.code), (OutcomeKind::Pass, 0), "{}", result.explanation);
    } else {
        assert_eq!((result.outcome, ran.code), (OutcomeKind::Inconclusive, 2), "{}", result.explanation);
        let explanation = &result.explanation;
        assert!(explanation.contains("the observer files lost evidence"), "{explanation}");
        assert!(explanation.contains("/locked: the folder: Permission denied"), "{explanation}");
    }
}

fn a_machine_without_room_for_worlds_is_named() {
    let nowhere = Path::new("/nowhere/at-all");
    let ran = Run::of_reference().in_temporary(nowhere).with(&["--select", CHECK]).go();
    let result = ran.check(CHECK);
    assert_eq!((result.outcome, ran.code), (OutcomeKind::HarnessError, 70));
    assert!(result.explanation.contains("/nowhere/at-all"), "{}", result.explanation);
    assert!(result.explanation.contains("No such file or directory"), "{}", result.explanation);
}

fn can_read_anything() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    fs::read_dir(locked).is_ok()
}

fn known(check: &str) -> String {
    format!("[[known]]\ncheck = {check:?}\nreason = \"a test\"\nlink = \"https://example.com\"\n")
}

const CHECK: &str = "encryption/first-by-default#never-written";
const NOT_IN_FILES: &str = "encryption/first-by-default#not-in-files";

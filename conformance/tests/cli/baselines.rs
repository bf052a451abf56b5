//! Baselines are strict in both directions.

use std::{fs, path::Path, process::Output};

use crate::{
    leaky,
    program::{Test, assert_exit, sealcheck, tally, tests, text},
};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        an_entry_for_a_check_that_passes_exits_with_1,
        an_entry_that_matches_no_check_exits_with_1_even_if_everything_passed,
        an_unknown_key_exits_with_65_and_is_named,
        a_baseline_that_is_not_there_exits_with_65_and_is_named,
        failures_that_are_all_listed_exit_with_5_and_a_missing_entry_with_1,
        an_adapter_whose_folder_is_not_there_exits_with_65,
    ]
    .into()
}

fn an_entry_for_a_check_that_passes_exits_with_1() {
    let output = reference(&known("naming/default-name#item"));
    assert_exit(&output, 1);
    assert!(tally(&output).contains("(1 unexpectedly)"), "{}", tally(&output));
}

fn an_entry_that_matches_no_check_exits_with_1_even_if_everything_passed() {
    let output = reference(&known("naming/default-name#gone"));
    assert_exit(&output, 1);
    assert!(tally(&output).ends_with(" passed, 0 failed"), "{}", tally(&output));
    assert!(text(&output.stdout).contains("naming/default-name#gone"));
}

fn an_unknown_key_exits_with_65_and_is_named() {
    let output = reference("colour = 'red'\n");
    assert_exit(&output, 65);
    assert_eq!(text(&output.stdout), "");
    let complaint = text(&output.stderr);
    assert!(complaint.contains("unknown field `colour`"), "{complaint}");
    assert!(!complaint.contains("\\u{a}"), "lines are lines:\n{complaint}");
}

fn a_baseline_that_is_not_there_exits_with_65_and_is_named() {
    let output = sealcheck(&["run", "--baseline", "/nowhere/known.toml"]);
    assert_exit(&output, 65);
    assert!(text(&output.stderr).contains("/nowhere/known.toml"), "{}", text(&output.stderr));
}

fn failures_that_are_all_listed_exit_with_5_and_a_missing_entry_with_1() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let adapter = leaky::folder(folder.path()).to_string_lossy().into_owned();
    let run = |entries: &str| {
        let baseline = written(folder.path(), entries);
        sealcheck(&["run", "--adapter-dir", &adapter, "--select", CASE, "--baseline", &baseline])
    };
    let (first, second) = (known(&format!("{CASE}#not-in-files")), known(&format!("{CASE}#never-written")));

    let all = run(&format!("{first}{second}"));
    assert_exit(&all, 5);
    assert_eq!(tally(&all), "sealcheck: 1 passed, 2 failed (2 expected)");
    let one_missing = run(&first);
    assert_exit(&one_missing, 1);
    assert_eq!(tally(&one_missing), "sealcheck: 1 passed, 2 failed (1 expected)");
    assert_exit(&run(&format!("{first}{second}{}", known("naming/gone#item"))), 1);
    assert_exit(&run(&format!("{first}{second}{}", known(&format!("{CASE}#in-the-protector")))), 1);
}

fn an_adapter_whose_folder_is_not_there_exits_with_65() {
    let output = sealcheck(&["run", "--adapter-dir", "/nowhere/rust-leaky"]);
    assert_exit(&output, 65);
    assert!(text(&output.stderr).contains("/nowhere/rust-leaky"), "{}", text(&output.stderr));
}

/// A run of the reference with this text as its baseline.
fn reference(baseline: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let baseline = written(folder.path(), baseline);
    sealcheck(&["run", "--select", "naming/default-name", "--baseline", &baseline])
}

fn written(folder: &Path, baseline: &str) -> String {
    let path = folder.join("known.toml");
    fs::write(&path, baseline).expect("a file can be written");
    path.to_string_lossy().into_owned()
}

fn known(check: &str) -> String {
    format!("[[known]]\ncheck = {check:?}\nreason = \"a test\"\nlink = \"https://sealcheck.test/1\"\n")
}

const CASE: &str = "encryption/first-by-default";

//! What needs no world: help, wrong command lines, schemas.

use std::process::{Command, Stdio};

use crate::program::{Test, sealcheck, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        help_is_an_answer_and_names_every_command_and_exit_code,
        every_command_has_examples_in_its_help,
        the_version_is_an_answer,
        a_wrong_command_line_exits_with_64_and_prints_nothing_on_standard_output,
        a_results_file_that_cannot_be_made_exits_with_65_and_says_which,
        a_reader_that_goes_away_is_no_error,
        colours_are_printed_when_asked_for_and_not_into_a_pipe,
        the_schemas_that_are_checked_in_are_the_ones_that_are_printed,
    ]
    .into()
}

fn help_is_an_answer_and_names_every_command_and_exit_code() {
    let output = sealcheck(&["--help"]);
    let help = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for word in [
        "run", "report", "merge", "list", "explain", "rejudge", "replay", "doctor", "setup", "adapter",
        "world", "mutants", "trace", "schema", "  64  ", "  69  ", "  70  ",
    ] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
    for hidden in ["supervise", "beacon", "adapter-reference"] {
        assert!(!help.contains(hidden), "{hidden} is no command for people:\n{help}");
    }
}

fn every_command_has_examples_in_its_help() {
    for command in [
        "run",
        "report",
        "merge",
        "list",
        "explain",
        "rejudge",
        "replay",
        "doctor",
        "setup",
        "adapter check",
        "adapter list",
        "world",
        "mutants",
        "trace",
        "schema",
    ] {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--help");
        let output = sealcheck(&words);
        let help = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0));
        assert!(help.contains(&format!("Examples:\n  sealcheck {command}")), "{help}");
    }
}

fn the_version_is_an_answer() {
    let output = sealcheck(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), format!("sealcheck {}\n", env!("CARGO_PKG_VERSION")));
}

fn a_wrong_command_line_exits_with_64_and_prints_nothing_on_standard_output() {
    for arguments in [
        &["fly"][..],
        &["run", "--jobs", "none"],
        &["run", "--without-observer", "ghosts"],
        &["explain"],
        &["explain", "nonsense"],
        &["rejudge"],
        &["run", "--record-all"],
        &["schema", "xml"],
        &[],
    ] {
        let output = sealcheck(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_ne!(text(&output.stderr), "", "{arguments:?}");
    }
}

fn a_results_file_that_cannot_be_made_exits_with_65_and_says_which() {
    let output = sealcheck(&["run", "--results", "/nowhere/at/all/run.jsonl"]);
    assert_eq!(output.status.code(), Some(65));
    let message = text(&output.stderr);
    assert!(message.starts_with("error: the file /nowhere/at/all/run.jsonl cannot be made"), "{message}");
    assert!(message.contains("\n  because: "), "{message}");
}

fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealcheck"))
        .args(["schema", "results"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary of this package can be started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the child can be awaited");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
}

fn colours_are_printed_when_asked_for_and_not_into_a_pipe() {
    let plain = sealcheck(&["doctor"]);
    assert!(!text(&plain.stdout).contains('\u{1b}'));
    let coloured = sealcheck(&["doctor", "--color", "always"]);
    assert!(text(&coloured.stdout).contains('\u{1b}'));
}

fn the_schemas_that_are_checked_in_are_the_ones_that_are_printed() {
    for name in ["results", "protocol", "case", "baseline", "recording"] {
        let printed = text(&sealcheck(&["schema", name]).stdout);
        let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let checked_in = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            printed == checked_in,
            "{path} is out of date; renew it by: sealcheck schema {name} > conformance/schemas/{name}.schema.json"
        );
    }
}

//! The program on machines with little on them, and on a terminal.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::program::{Test, assert_exit, is_installed, output, sealcheck, tally, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = tests![
        the_reference_is_judged_where_no_program_and_no_variable_is,
        an_adapter_that_needs_a_folder_says_so_where_no_variable_is,
        an_adapter_that_is_not_set_up_exits_with_64_and_says_how,
        the_doctor_finds_this_machine_well_in_words_and_in_json,
    ]
    .into();
    tests.push(Test {
        name: "an_adapter_is_set_up_and_run_below_a_relative_folder",
        lacks: (!["jq", "secret-tool"].into_iter().all(is_installed))
            .then_some("jq or secret-tool is missing"),
        run: an_adapter_is_set_up_and_run_below_a_relative_folder,
    });
    tests.push(Test {
        name: "colours_are_printed_on_a_terminal_unless_they_are_not_wanted",
        lacks: (!Path::new(SCRIPT).is_file()).then_some("script of util-linux is not installed"),
        run: colours_are_printed_on_a_terminal_unless_they_are_not_wanted,
    });
    tests
}

fn the_reference_is_judged_where_no_program_and_no_variable_is() {
    let output = bare(&["run", "--select", "naming/*", "fail-closed/*"]);
    assert_exit(&output, 0);
    // What only a credential can do does not apply to the reference, which is a cache.
    assert!(tally(&output).contains(" passed, 0 failed, "), "{}", tally(&output));
    assert!(tally(&output).ends_with(" not applicable"), "{}", tally(&output));
}

fn an_adapter_that_needs_a_folder_says_so_where_no_variable_is() {
    let output = bare(&["run", "-a", "python-azure-identity"]);
    assert_exit(&output, 64);
    let complaint = text(&output.stderr);
    assert!(complaint.contains("set HOME or XDG_STATE_HOME"), "{complaint}");
}

fn an_adapter_that_is_not_set_up_exits_with_64_and_says_how() {
    let state = tempfile::tempdir().expect("a folder can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command.args(["run", "-a", "python-azure-identity"]).env("XDG_STATE_HOME", state.path());
    let output = output(&mut command);
    assert_exit(&output, 64);
    let complaint = text(&output.stderr);
    assert!(complaint.contains("sealcheck setup python-azure-identity"), "{complaint}");
}

fn an_adapter_is_set_up_and_run_below_a_relative_folder() {
    let here = tempfile::tempdir().expect("a folder can be made");
    let said = |line: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
        output(command.args(line).args(["--state", "state"]).current_dir(here.path()))
    };
    assert_exit(&said(&["setup", "sh-secret-tool"]), 0);
    assert!(here.path().join("state/adapters/sh-secret-tool").is_dir());
    assert_exit(&said(&["run", "-a", "sh-secret-tool", "--select", IN_PROTECTOR]), 0);
}

fn the_doctor_finds_this_machine_well_in_words_and_in_json() {
    let output = sealcheck(&["doctor"]);
    assert_exit(&output, 0);
    assert_eq!(tally(&output), "sealcheck: this machine can make worlds");
    let output = sealcheck(&["doctor", "--format", "json"]);
    assert_exit(&output, 0);
    let list: Vec<serde_json::Value> =
        serde_json::from_slice(&output.stdout).expect("the list of abilities is JSON");
    assert!(list.len() > 10, "{list:#?}");
}

fn colours_are_printed_on_a_terminal_unless_they_are_not_wanted() {
    assert!(on_a_terminal(&[]).contains(ESCAPE));
    assert!(!on_a_terminal(&[("NO_COLOR", "1")]).contains(ESCAPE));
    assert!(!on_a_terminal(&[("TERM", "dumb")]).contains(ESCAPE));
}

/// What `doctor` prints to a terminal.
fn on_a_terminal(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(SCRIPT);
    command
        .args(["-qec", &format!("'{}' doctor", env!("CARGO_BIN_EXE_sealcheck")), "/dev/null"])
        .env_clear()
        .env("TERM", "xterm")
        .envs(variables.iter().copied());
    let output = output(&mut command);
    assert_exit(&output, 0);
    text(&output.stdout)
}

/// Starts the binary with nothing in its environment but a path that leads nowhere.
fn bare(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command.args(arguments).env_clear().env("PATH", "/nonexistent");
    output(&mut command)
}

const ESCAPE: &str = "\u{1b}[";
const IN_PROTECTOR: &str = "encryption/first-by-default#in-the-protector";
const SCRIPT: &str = "/usr/bin/script";

//! Runs, lists and explanations of what is built in.

use std::{collections::BTreeMap, fs, sync::LazyLock};

use sealcheck::{
    adapter::{Catalogue, resolve, state_folder},
    case::{CheckId, catalogue},
    mutants,
    record::{Line, OutcomeKind, Results, read_results},
    spec,
    world::providers::ProviderKind,
};

use crate::program::{Test, assert_exit, is_installed, sealcheck, tally, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = tests![
        a_run_in_which_everything_passes_exits_with_0_and_prints_its_tally_last,
        a_results_file_reads_back_with_every_selected_check_and_its_evidence,
        what_is_selected_and_skipped_is_what_runs,
        an_observer_that_is_disabled_makes_what_depends_on_it_inconclusive,
        the_list_groups_all_checks_by_area,
        the_list_for_programs_holds_the_same_checks,
        a_case_is_explained_with_the_texts_of_its_sentences_and_the_mutants_that_it_kills,
        a_check_is_explained_with_its_last_outcome,
    ]
    .into();
    tests.push(Test {
        name: "both_brokers_give_the_same_outcomes",
        lacks: (!is_installed("dbus-daemon")).then_some("dbus-daemon is not installed"),
        run: both_brokers_give_the_same_outcomes,
    });
    let lacks_keyring = ProviderKind::GnomeKeyring.probe().is_err();
    tests.push(Test {
        name: "both_providers_give_the_same_outcomes",
        lacks: lacks_keyring.then_some("gnome-keyring-daemon is not installed"),
        run: both_providers_give_the_same_outcomes,
    });
    let lacks_python = (!is_set_up(PYTHON)).then_some("python-azure-identity is not set up");
    tests.push(Test {
        name: "both_providers_give_the_same_outcomes_of_the_python_sdk",
        lacks: lacks_keyring.then_some("gnome-keyring-daemon is not installed").or(lacks_python),
        run: both_providers_give_the_same_outcomes_of_the_python_sdk,
    });
    tests
}

fn a_run_in_which_everything_passes_exits_with_0_and_prints_its_tally_last() {
    let output = sealcheck(&["run", "--select", DEFAULT_NAME]);
    assert_exit(&output, 0);
    assert_eq!(tally(&output), format!("sealcheck: {} passed, 0 failed", checks_of(DEFAULT_NAME).len()));
    assert_eq!(text(&output.stderr), "", "progress is for terminals");
}

fn a_results_file_reads_back_with_every_selected_check_and_its_evidence() {
    let (results, lines) = recorded(&["--select", "naming/*-name", "naming/partition-*"]);
    let mut found: Vec<CheckId> = results.checks.iter().map(|check| check.check.clone()).collect();
    found.sort_unstable();
    let mut expected = [checks_of(DEFAULT_NAME), checks_of("naming/partition-suffix")].concat();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for check in &results.checks {
        assert_eq!(check.outcome, OutcomeKind::Pass, "{}", check.check);
        assert!(!check.evidence.is_empty(), "{} passed without evidence", check.check);
    }
    assert_eq!(results.header.selection.select, ["naming/*-name", "naming/partition-*"]);
    assert_eq!((results.footer.exit_code, results.footer.complete), (0, true));
    for line in lines.lines() {
        let written: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        let read: Line = serde_json::from_str(line).expect("a line fits the type that the schema is made of");
        assert_eq!(serde_json::to_value(read).expect("a line is plain data"), written);
    }
}

fn what_is_selected_and_skipped_is_what_runs() {
    let (results, _) = recorded(&["--select", "naming/default-name", "--skip", "*#item"]);
    let found: Vec<_> = results.checks.iter().map(|check| check.check.as_str()).collect();
    assert_eq!(found, ["naming/default-name#reached-by-its-name", "naming/default-name#place"]);
}

fn an_observer_that_is_disabled_makes_what_depends_on_it_inconclusive() {
    let select = ["run", "--select", "encryption/first-by-default#in-the-protector"];
    assert_exit(&sealcheck(&select), 0);
    let output = sealcheck(&[&select[..], &["--without-observer", "keyring"]].concat());
    assert_exit(&output, 2);
    assert_eq!(tally(&output), "sealcheck: 0 passed, 0 failed, 1 inconclusive");
}

fn the_list_groups_all_checks_by_area() {
    let output = sealcheck(&["list"]);
    assert_exit(&output, 0);
    let list = text(&output.stdout);
    let catalogue = catalogue::all();
    let mut expected: Vec<&str> = catalogue.cases().iter().map(|case| case.id.area().as_str()).collect();
    expected.dedup();
    let (cases, checks) = (catalogue.cases().len(), catalogue.checks().count());
    let tally = format!("sealcheck: {checks} checks in {cases} cases");
    expected.push(&tally);
    let outermost: Vec<&str> =
        list.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    assert_eq!(outermost, expected, "a heading for each area, in the order of the catalogue, and the tally");
    let listed = list.lines().filter(|line| line.trim_start().starts_with('#')).count();
    assert_eq!(listed, checks);
}

fn the_list_for_programs_holds_the_same_checks() {
    let output = sealcheck(&["list", "--format", "json"]);
    assert_exit(&output, 0);
    let list: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(&output.stdout).expect("the list is JSON");
    let listed: Vec<_> = list.iter().map(|check| check["check"].as_str().unwrap_or_default()).collect();
    let expected: Vec<_> = catalogue::all().checks().map(|check| check.id.as_str()).collect();
    assert_eq!(listed, expected);
}

fn a_case_is_explained_with_the_texts_of_its_sentences_and_the_mutants_that_it_kills() {
    for case in catalogue::all().cases() {
        let output = sealcheck(&["explain", case.id.as_str()]);
        assert_exit(&output, 0);
        // Long lines are wrapped, so words are compared.
        let explained = words(&text(&output.stdout));
        for check in &case.checks {
            assert!(explained.contains(&words(&check.sentence)), "{}: its own sentence", check.id);
            for id in &check.requirement.sentences {
                let id = id.parse().expect("a loaded case cites sentences by their ids");
                let sentence = spec::sentences().find(id).expect("every cited sentence is there");
                assert!(explained.contains(&words(&sentence.text)), "{}: {}", check.id, sentence.text);
            }
            for mutant in mutants::killed_by(&check.id) {
                assert!(explained.contains(mutant.name), "{}: {}", check.id, mutant.name);
            }
        }
    }
}

fn a_check_is_explained_with_its_last_outcome() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("run.jsonl").to_string_lossy().into_owned();
    assert_exit(&sealcheck(&["run", "--select", DEFAULT_NAME, "--results", &path]), 0);
    let output = sealcheck(&["explain", "naming/default-name#item", "--results", &path]);
    assert_exit(&output, 0);
    let explained = text(&output.stdout);
    assert!(explained.contains("pass") && explained.contains("MSALCache"), "{explained}");
    assert!(!explained.contains("naming/default-name#place"), "one check was asked for:\n{explained}");
}

fn both_brokers_give_the_same_outcomes() {
    let (installed, _) = recorded(&["--broker", "dbus-daemon"]);
    assert_eq!(
        (whole_run().header.broker.as_str(), installed.header.broker.as_str()),
        ("busd", "dbus-daemon")
    );
    assert_eq!(whole_run().checks.len(), catalogue::all().checks().count());
    assert_eq!(outcomes(whole_run()), outcomes(&installed));
}

fn both_providers_give_the_same_outcomes() {
    let (real, _) = recorded(&["--provider", "gnome-keyring"]);
    let providers = (whole_run().header.provider.as_str(), real.header.provider.as_str());
    assert_eq!(providers, ("scripted", "gnome-keyring"));
    assert_eq!(whole_run().checks.len(), catalogue::all().checks().count());
    assert_eq!(outcomes(whole_run()), outcomes(&real));
}

/// Every check of the reference with the broker and the provider of the harness; run once for all tests.
fn whole_run() -> &'static Results {
    static RUN: LazyLock<Results> = LazyLock::new(|| recorded(&[]).0);
    &RUN
}

fn outcomes(results: &Results) -> Outcomes {
    results.checks.iter().map(|check| (check.check.clone(), check.outcome)).collect()
}

fn both_providers_give_the_same_outcomes_of_the_python_sdk() {
    let arguments = ["-a", PYTHON, "--select", "encryption/*", "fallback/*", "fail-closed/*", "naming/*"];
    let on = |provider| {
        let (results, _) = recorded_with(5, &[&arguments[..], &["--provider", provider]].concat());
        assert_eq!(results.header.provider, provider);
        outcomes(&results)
    };
    let (scripted, real) = (on("scripted"), on("gnome-keyring"));
    assert!(scripted.values().any(|outcome| *outcome == OutcomeKind::Fail), "its baseline is not empty");
    assert_same_where_both_ran(&scripted, &real);
}

fn assert_same_where_both_ran(scripted: &Outcomes, real: &Outcomes) {
    let checks = |outcomes: &Outcomes| outcomes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(checks(scripted), checks(real));
    for (check, outcome) in real.iter().filter(|(_, outcome)| **outcome != OutcomeKind::NotRun) {
        assert_eq!(outcome, &scripted[check], "{check}");
    }
}

type Outcomes = BTreeMap<CheckId, OutcomeKind>;

/// What a run of the reference records, read back and as it stands in the file.
fn recorded(arguments: &[&str]) -> (Results, String) {
    recorded_with(0, arguments)
}

/// What a run records that exits in a certain way; in more worlds than processors, for sessions mostly wait.
fn recorded_with(exit: i32, arguments: &[&str]) -> (Results, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("run.jsonl");
    let results = path.to_string_lossy();
    assert_exit(&sealcheck(&[&["run", "--jobs", "8", "--results", &results], arguments].concat()), exit);
    let lines = fs::read_to_string(&path).expect("the file is there");
    (read_results(lines.as_bytes(), "run.jsonl").expect("the file is whole"), lines)
}

fn checks_of(case: &str) -> Vec<CheckId> {
    let case = case.parse().expect("it is the id of a case");
    let case = catalogue::all().case(&case).expect("the case exists");
    case.checks.iter().map(|check| check.id.clone()).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_set_up(adapter: &str) -> bool {
    let adapters = Catalogue::embedded().expect("the built-in adapters can be read");
    let adapter = adapters.find(adapter).expect("it is built in");
    resolve(adapter, state_folder().as_deref()).is_ok()
}

const PYTHON: &str = "python-azure-identity";
const DEFAULT_NAME: &str = "naming/default-name";

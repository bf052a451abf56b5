//! The recordings that are checked in are judged as they were.

use std::{collections::BTreeMap, fs, process::Command};

use sealcheck::record::OutcomeKind;

use crate::program::{
    FAILING, PASSING, Test, assert_exit, golden, output, read, sealcheck, tally, tests, text,
};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        the_golden_recordings_are_judged_as_they_were,
        judging_again_needs_no_environment_and_no_program,
        the_evidence_of_a_recording_is_told_whole,
        a_case_is_explained_out_of_its_recording,
        a_verdict_that_differs_exits_with_1_and_is_shown,
        a_case_that_the_catalogue_has_in_another_revision_is_judged_as_recorded_and_said_to_be,
        the_comparison_for_programs_says_the_same,
        no_golden_recording_names_a_folder_of_the_machine_that_made_it,
    ]
}

fn the_golden_recordings_are_judged_as_they_were() {
    let expected = [
        (PASSING, &[("fail-closed/no-bus#refuses", OutcomeKind::Pass)][..]),
        (FAILING, &[("file-hygiene/directory-private#mode", OutcomeKind::Fail)]),
    ];
    for (name, outcomes) in expected {
        let recording = read(&golden(name));
        let now: BTreeMap<_, _> =
            recording.judge().into_iter().map(|(check, outcome)| (check.to_string(), outcome)).collect();
        for (check, outcome) in outcomes {
            assert_eq!(now[*check].kind(), *outcome, "{check}: {}", now[*check].why());
        }
        for comparison in recording.rejudged() {
            assert_eq!(comparison.now, comparison.recorded, "{}", comparison.check);
        }
    }
    let both = [PASSING, FAILING].map(|name| golden(name).display().to_string());
    let judged = sealcheck(&["rejudge", &both[0], &both[1]]);
    assert_exit(&judged, 0);
    let checks: usize = [PASSING, FAILING].iter().map(|name| read(&golden(name)).outcomes().len()).sum();
    assert_eq!(tally(&judged), format!("sealcheck: {checks} of {checks} verdicts are as recorded"));
}

fn judging_again_needs_no_environment_and_no_program() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command.arg("rejudge").arg(golden(FAILING)).env_clear().env("PATH", "/nonexistent").current_dir("/");
    let judged = output(&mut command);
    assert_exit(&judged, 0);
    assert!(text(&judged.stdout).contains("azure-identity"), "{}", text(&judged.stdout));
}

fn the_evidence_of_a_recording_is_told_whole() {
    let path = golden(PASSING);
    let judged = sealcheck(&["rejudge", "--evidence", &path.display().to_string()]);
    assert_exit(&judged, 0);
    let said = text(&judged.stdout);
    let recording = read(&path);
    for (heading, seen) in [("seen of the case", recording.run()), ("seen of the twin", recording.twin())] {
        let (_, after) = said.split_once(heading).unwrap_or_else(|| panic!("no {heading:?}: {said}"));
        for evidence in &seen.evidence {
            let begins = format!("\n  {:<6}", evidence.id.to_string());
            assert!(after.contains(&begins), "{} is missing below {heading:?}", evidence.id);
        }
    }
}

fn a_case_is_explained_out_of_its_recording() {
    let path = golden(FAILING).display().to_string();
    let explained = sealcheck(&["explain", "file-hygiene/directory-private", "--recording", &path]);
    assert_exit(&explained, 0);
    let said = text(&explained.stdout);
    assert!(said.contains("last run  python-azure-identity, ") && said.contains(": failed."), "{said}");
    assert!(said.contains("again     sealcheck replay "), "{said}");
    let other = sealcheck(&["explain", "fail-closed/no-bus", "--recording", &path]);
    assert_exit(&other, 64);
}

fn a_verdict_that_differs_exits_with_1_and_is_shown() {
    // As if a later judge no longer saw the failure: the recorded outcome is the one that is changed.
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("changed.rec.json");
    let mut file: serde_json::Value =
        serde_json::from_slice(&fs::read(golden(FAILING)).expect("it is there")).expect("it is JSON");
    file["outcomes"][0]["outcome"] =
        serde_json::json!({ "outcome": "not_run", "reason": "it was switched off" });
    fs::write(&path, file.to_string()).expect("there is room");
    let judged = sealcheck(&["rejudge", &path.display().to_string()]);
    assert_exit(&judged, 1);
    let said = text(&judged.stdout);
    assert!(said.contains("≠ was not run, is now failed #mode"), "{said}");
    assert!(said.contains("recorded  it was switched off"), "{said}");
}

fn a_case_that_the_catalogue_has_in_another_revision_is_judged_as_recorded_and_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("older.rec.json");
    let mut file: serde_json::Value =
        serde_json::from_slice(&fs::read(golden(FAILING)).expect("it is there")).expect("it is JSON");
    let catalogue = file["case"]["definition"]["rev"].clone();
    for rev in ["/case/definition/rev", "/observations/case/rev"] {
        *file.pointer_mut(rev).expect("it has a revision") = 4711.into();
    }
    fs::write(&path, file.to_string()).expect("there is room");
    let judged = sealcheck(&["rejudge", &path.display().to_string()]);
    assert_exit(&judged, 0);
    let said = text(&judged.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    let note = format!("note the catalogue of this sealcheck has rev {catalogue} of this case;");
    assert!(said.contains(&note), "{said}");
}

fn the_comparison_for_programs_says_the_same() {
    let path = golden(FAILING).display().to_string();
    let judged = sealcheck(&["rejudge", "--format", "json", &path]);
    assert_exit(&judged, 0);
    let list: serde_json::Value = serde_json::from_slice(&judged.stdout).expect("it is JSON");
    let check = &list[0]["checks"][0];
    assert_eq!(
        (&check["recorded"], &check["now"], &check["repetition"]),
        (&"fail".into(), &"fail".into(), &"reproduced".into())
    );
    assert!(check["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty()), "{check}");
}

fn no_golden_recording_names_a_folder_of_the_machine_that_made_it() {
    for name in [PASSING, FAILING] {
        let text = fs::read_to_string(golden(name)).expect("it is there");
        // A world has a home as well, and so has the one to which files are carried.
        let outside: String = text
            .split("/tmp/sc-")
            .enumerate()
            .map(|(number, part)| if number == 0 { part } else { &part[RANDOM..] })
            .map(|part| part.strip_prefix("/home").unwrap_or(part))
            .collect();
        for folder in ["/root", "/home", "/Users", "/target/debug"] {
            assert!(!outside.contains(folder), "{folder} is in {name}");
        }
        assert!(text.contains("<sealcheck>"), "the control: a folder was taken out of {name}");
    }
}

/// How many random letters follow the prefix of a world's folder.
const RANDOM: usize = 8;

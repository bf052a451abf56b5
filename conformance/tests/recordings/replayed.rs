//! What a run records, and what comes of it when it is played again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use sealcheck::world::program::find;

use crate::program::{
    FAILING, PASSING, Test, adapter, assert_exit, golden, mutant, read, sealcheck, tally, tests, text,
};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = tests![
        only_cases_in_which_something_goes_wrong_are_recorded_unless_all_are_asked_for,
        a_case_that_goes_well_now_leaves_no_earlier_recording_and_those_of_other_cases_stay,
        a_folder_for_recordings_that_cannot_be_made_exits_with_65_before_anything_runs,
        a_recording_of_the_reference_is_reproduced,
        the_line_that_a_failure_prints_reproduces_it,
        a_failure_that_was_mended_is_not_reproduced,
        a_failure_in_whose_place_something_else_goes_wrong_is_different,
        an_adapter_that_is_not_set_up_exits_with_64_and_says_how,
        an_adapter_of_a_folder_is_asked_for,
        a_world_that_this_build_does_not_know_exits_with_65,
    ];
    tests.push(Test {
        name: "recordings_of_other_worlds_lie_beside_those_of_the_usual_one",
        lacks: find("dbus-daemon").is_none().then(|| "dbus-daemon is not installed".into()),
        run: recordings_of_other_worlds_lie_beside_those_of_the_usual_one,
    });
    tests
}

fn only_cases_in_which_something_goes_wrong_are_recorded_unless_all_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("deep/records").display().to_string();
    let run = ["run", "--select", "naming/default-name", "fail-closed/no-bus", "--record", &path];
    assert_exit(&sealcheck(&run), 0);
    assert_eq!(names(Path::new(&path)), [""; 0]);
    let all = sealcheck(&[&run[..], &["--record-all", "--seed", "5eed"]].concat());
    assert_exit(&all, 0);
    assert_eq!(names(Path::new(&path)), [PASSING, "reference--naming--default-name.rec.json"]);
    let recorded = read(&Path::new(&path).join(PASSING));
    let seed = recorded.file().options.seed.map(|seed| seed.to_string());
    assert!(seed.as_deref().is_some_and(|seed| seed.ends_with("5eed")), "{seed:?}");
    assert!(recorded.rejudged().iter().all(|comparison| comparison.now == comparison.recorded));
}

fn a_case_that_goes_well_now_leaves_no_earlier_recording_and_those_of_other_cases_stay() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().display().to_string();
    let run = |more: &[&str]| sealcheck(&[&["run", "--record", &path][..], more].concat());
    assert_exit(&run(&["--record-all", "--select", "naming/default-name", "fail-closed/no-bus"]), 0);
    let other = "reference--naming--default-name.rec.json";
    assert_eq!(names(folder.path()), [PASSING, other]);
    assert_exit(&run(&["--select", "fail-closed/no-bus"]), 0);
    assert_eq!(names(folder.path()), [other]);
}

fn recordings_of_other_worlds_lie_beside_those_of_the_usual_one() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().display().to_string();
    let run = ["run", "--record", &path, "--record-all", "--select", "naming/default-name"];
    assert_exit(&sealcheck(&run), 0);
    assert_exit(&sealcheck(&[&run[..], &["--broker", "dbus-daemon"]].concat()), 0);
    let usual = "reference--naming--default-name.rec.json";
    let other = "reference--naming--default-name--dbus-daemon.rec.json";
    assert_eq!(names(folder.path()), [other, usual]);
    let brokers = [usual, other].map(|name| read(&folder.path().join(name)).file().options.broker.clone());
    assert_eq!(brokers, ["busd", "dbus-daemon"]);
}

fn a_folder_for_recordings_that_cannot_be_made_exits_with_65_before_anything_runs() {
    let output = sealcheck(&["run", "--record", "/dev/null/records"]);
    assert_exit(&output, 65);
    assert_eq!(text(&output.stdout), "");
    let complaint = text(&output.stderr);
    assert!(complaint.contains("/dev/null/records cannot be made"), "{complaint}");
}

fn a_recording_of_the_reference_is_reproduced() {
    let path = golden(PASSING);
    let replayed = sealcheck(&["replay", &path.display().to_string()]);
    assert_exit(&replayed, 0);
    let checks = read(&path).outcomes().len();
    assert_eq!(tally(&replayed), format!("sealcheck: {checks} reproduced (0 of what went wrong)"));
}

fn the_line_that_a_failure_prints_reproduces_it() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (_, said) = recorded(folder.path());
    let line = said.lines().find_map(|line| line.trim_start().strip_prefix("replay    sealcheck "));
    let line = line.unwrap_or_else(|| panic!("there is no line to copy:\n{said}"));
    let replayed = sealcheck(&line.split(' ').collect::<Vec<_>>());
    assert_exit(&replayed, 0);
    assert!(tally(&replayed).ends_with(" reproduced (1 of what went wrong)"), "{}", tally(&replayed));
    assert!(text(&replayed.stdout).contains("= reproduced: failed #labels"), "{}", text(&replayed.stdout));
}

fn a_failure_that_was_mended_is_not_reproduced() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (path, _) = recorded(folder.path());
    adapter(folder.path(), env!("CARGO_BIN_EXE_sealcheck"), &["adapter-reference"]);
    let replayed = replay(&path, folder.path());
    assert_exit(&replayed, 1);
    let said = text(&replayed.stdout);
    assert!(said.contains("≠ not reproduced: was failed, is now passed #labels"), "{said}");
    assert!(said.contains("the files of the adapter are not the recorded ones"), "{said}");
    assert_eq!(
        tally(&replayed),
        "sealcheck: 3 reproduced (0 of what went wrong), 1 not reproduced (1 of what went wrong)"
    );
}

fn a_failure_in_whose_place_something_else_goes_wrong_is_different() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (path, _) = recorded(folder.path());
    adapter(folder.path(), "/bin/false", &[]);
    let replayed = replay(&path, folder.path());
    assert_exit(&replayed, 1);
    let said = text(&replayed.stdout);
    assert!(said.contains("≠ different: was failed, is now adapter error #labels"), "{said}");
}

fn an_adapter_that_is_not_set_up_exits_with_64_and_says_how() {
    let state = tempfile::tempdir().expect("a folder can be made");
    let state = state.path().display().to_string();
    let output = sealcheck(&["replay", &golden(FAILING).display().to_string(), "--state", &state]);
    assert_exit(&output, 64);
    let complaint = text(&output.stderr);
    assert!(complaint.contains("run \"sealcheck setup python-azure-identity\""), "{complaint}");
}

fn an_adapter_of_a_folder_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (path, _) = recorded(folder.path());
    let output = sealcheck(&["replay", &path.display().to_string()]);
    assert_exit(&output, 64);
    let complaint = text(&output.stderr);
    assert!(complaint.contains("there is no adapter \"rust-mutant\""), "{complaint}");
    assert!(complaint.contains("next: the recorded adapter was in a folder of its own"), "{complaint}");
}

fn a_world_that_this_build_does_not_know_exits_with_65() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for option in ["provider", "broker"] {
        let mut file: serde_json::Value =
            serde_json::from_slice(&fs::read(golden(PASSING)).expect("it is there")).expect("it is JSON");
        file["options"][option] = "of-tomorrow".into();
        let path = folder.path().join("x.rec.json");
        fs::write(&path, file.to_string()).expect("there is room");
        let path = path.display().to_string();
        let output = sealcheck(&["replay", &path]);
        assert_exit(&output, 65);
        let complaint = text(&output.stderr);
        assert!(complaint.contains("`of-tomorrow` is no "), "{complaint}");
        assert!(complaint.contains("`sealcheck rejudge` judges it here"), "{complaint}");
        assert_exit(&sealcheck(&["rejudge", &path]), 0);
    }
}

/// Records a mutant that shows the secret in a label; gives the file and what the run said.
fn recorded(folder: &Path) -> (PathBuf, String) {
    let adapter = mutant(folder, "label-shows-the-value").display().to_string();
    let records = folder.join("records");
    let records_text = records.display().to_string();
    let run = ["run", "--adapter-dir", &adapter, "--select", "leakage/texts", "--record", &records_text];
    let ran = sealcheck(&run);
    assert_exit(&ran, 1);
    (records.join("rust-mutant--leakage--texts.rec.json"), text(&ran.stdout))
}

fn replay(recording: &Path, folder: &Path) -> Output {
    let adapter = folder.join("rust-mutant").display().to_string();
    sealcheck(&["replay", &recording.display().to_string(), "--adapter-dir", &adapter])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the run made the folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").file_name().into_string().expect("it is text"))
        .collect();
    names.sort_unstable();
    names
}

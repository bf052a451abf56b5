//! A recording holds no secret: canaries are named by role, in whatever form they were seen.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sealcheck::{
    adapter::AdapterCommand,
    canary::CanarySet,
    case::{CanaryRole, Case, Step, catalogue},
    judge::OutcomeKind,
    observation::{Observation, ObservationVersion, Role, SessionIndex},
    record::{AdapterSource, MachinePaths, RecordedAdapter, RecordedOptions, Recording},
    run::{Performance, Stage},
};

use crate::program::{Test, adapter, assert_exit, mutant, output, sealcheck, tests};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        the_canaries_of_a_world_are_not_in_its_recording_in_any_form,
        recordings_of_leaking_mutants_hold_nothing_of_the_form_of_a_canary,
        a_recording_does_not_name_the_folder_of_an_adapter,
    ]
}

/// Plays a case with an implementation that leaks, keeping the canaries, which a run never does.
fn the_canaries_of_a_world_are_not_in_its_recording_in_any_form() {
    for mutant in LEAKING {
        let (recording, canaries) = recorded(mutant);
        let outcomes = recording.outcomes().iter().map(|recorded| recorded.outcome.kind());
        assert!(outcomes.clone().any(|kind| kind == OutcomeKind::Fail), "{mutant} leaks nothing");
        let text = recording.text();
        let scanner = canaries.scanner();
        let search = scanner.search(text.as_bytes());
        assert_eq!(search.hits, [], "{mutant}");
        assert!(!search.exhausted, "{mutant}: not all could be searched");
        // The control: the search would have found it, as it is and in base64.
        let canary = canaries.text(&role()).expect("the case has this role");
        for leak in [canary.to_owned(), BASE64_STANDARD.encode(format!("..{canary}.."))] {
            let leaked = text.replacen("\"why\":\"", &format!("\"why\":\"{leak} "), 1);
            assert_ne!(leaked, text);
            assert!(!scanner.search(leaked.as_bytes()).hits.is_empty(), "{leak} would not be found");
        }
    }
}

fn recordings_of_leaking_mutants_hold_nothing_of_the_form_of_a_canary() {
    for leaking in LEAKING {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let adapter = mutant(folder.path(), leaking).display().to_string();
        let records = folder.path().join("records");
        let line =
            ["run", "--adapter-dir", &adapter, "--select", CASE, "--record", &records.to_string_lossy()];
        assert_exit(&sealcheck(&line), 1);
        let path = records.join(format!("rust-mutant--{}.rec.json", CASE.replace('/', "--")));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(canaries(&text), 0, "{leaking}");
        let canary = format!("sc{}", "aB3dE".repeat(8));
        assert_eq!(
            canaries(&text.replacen("\"why\":\"", &format!("\"why\":\"{canary}"), 1)),
            1,
            "the control"
        );
        let own = folder.path().to_string_lossy();
        assert!(!text.contains(&*own), "a folder of this machine is in the recording");
    }
}

/// However the folder of an adapter is given, and whatever link leads there: evidence names the file that is run.
fn a_recording_does_not_name_the_folder_of_an_adapter() {
    let parent = tempfile::tempdir().expect("a folder can be made");
    let real = parent.path().join("real");
    let folder = adapter(&real, "{adapter_dir}/run", &[]);
    let program = folder.join("run");
    let line = ["exec", env!("CARGO_BIN_EXE_sealcheck"), "adapter-reference", "--mutant", LEAKING[0]];
    fs::write(&program, format!("#!/bin/sh\n{}\n", line.join(" "))).expect("there is room");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("the file is ours");
    symlink(&real, parent.path().join("link")).expect("there is room");
    let link = parent.path().join("link/rust-mutant");
    for given in [Path::new("real/rust-mutant"), Path::new("real/../link/rust-mutant"), &link] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
        run.args(["run", "--record", "records", "--select", CASE, "--adapter-dir"]).arg(given);
        assert_exit(&output(run.current_dir(parent.path())), 1);
        let path = parent.path().join(format!("records/rust-mutant--{}.rec.json", CASE.replace('/', "--")));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // The control: evidence does name the file.
        assert!(text.contains("<adapter>/run"), "{}", given.display());
        for folder in ["real/rust-mutant", "link/rust-mutant"] {
            assert!(!text.contains(folder), "{}: {folder} is in the recording", given.display());
        }
    }
}

fn recorded(mutant: &str) -> (Recording, CanarySet) {
    let case = case();
    let harness = PathBuf::from(env!("CARGO_BIN_EXE_sealcheck"));
    let adapter = AdapterCommand {
        name: "rust-mutant".into(),
        program: harness.clone(),
        arguments: ["adapter-reference", "--mutant", mutant].map(Into::into).into(),
        environment: BTreeMap::new(),
        startup: Duration::from_secs(30),
        operation: Duration::from_secs(10),
    };
    let options = crate::program::options(harness, adapter.clone());
    let roles = case.script.steps().filter_map(|(.., step)| match step {
        Step::Put { canary, .. } | Step::Get { canary, .. } => Some(canary.clone()),
        _other => None,
    });
    let seed = options.seed.world(&["leaking"]);
    let mut stage =
        Stage::build(Arc::new(options), &seed, roles, 0o022).expect("this machine can set up a world");
    let canaries = stage.canaries().clone();
    for (index, session) in case.script.sessions.iter().enumerate() {
        let performance = Performance {
            condition: case.condition(session),
            place: session.place,
            end: session.end,
            log: session.log,
            ..Performance::new(SessionIndex(index), &adapter, &session.steps)
        };
        stage.play(&performance).expect("the world can play a session");
    }
    let seen = stage.finish();
    let hello = seen.hello.expect("a mutant says hello");
    let run = Observation {
        format: ObservationVersion::CURRENT,
        case: case.id.clone(),
        rev: case.rev,
        role: Role::Case,
        world: seen.world,
        implementation: Some(hello.implementation),
        adapter: Some(hello.adapter),
        statement: Some(hello.statement),
        observers: seen.observers,
        evidence: seen.evidence,
    };
    let twin = Observation { role: Role::Twin, ..run.clone() };
    let adapter = RecordedAdapter { name: "rust-mutant".into(), source: AdapterSource::Folder, files: None };
    let options = RecordedOptions {
        provider: "scripted".into(),
        broker: "busd".into(),
        without_observers: Vec::new(),
        seed: None,
    };
    let recording = Recording::of(adapter, options, case, (&run, &twin), &MachinePaths::default())
        .expect("nothing is taken out");
    (recording, canaries)
}

fn case() -> &'static Case {
    catalogue::all().case(&CASE.parse().expect("it is an id")).expect("the case exists")
}

fn role() -> CanaryRole {
    let mut puts = case().script.steps().filter_map(|(.., step)| match step {
        Step::Put { canary, .. } => Some(canary.clone()),
        _other => None,
    });
    puts.next().expect("the case stores something")
}

/// How many texts of the form of a canary there are: `sc` and forty letters and digits.
fn canaries(text: &str) -> usize {
    let is_canary =
        |window: &[u8]| window.starts_with(b"sc") && window[2..].iter().all(u8::is_ascii_alphanumeric);
    let mut found = 0;
    let mut rest = text.as_bytes();
    while let Some(at) = rest.windows(42).position(is_canary) {
        found += 1;
        rest = &rest[at + 42..];
    }
    found
}

const CASE: &str = "leakage/texts";

/// Mutants that leak into errors, labels, arguments of processes, and output.
const LEAKING: [&str; 4] =
    ["error-quotes-the-value", "label-shows-the-value", "value-as-an-argument", "value-on-standard-error"];

//! Whole sessions in whole worlds: what a session gets, and what is left when a world is given up.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use sealcheck::{
    adapter::AdapterCommand,
    case::{CanaryRole, Case, Catalogue, Condition, End, catalogue},
    judge::{Outcome, judge_case},
    observation::{Fact, Observation, ProcessStart, Role, SessionEnd, SessionIndex},
    run::{Observations, Performance, Play, Progress, RunOptions, Stage, observe, run_cases},
    world::bus::BrokerKind,
};

#[test]
fn the_environment_of_a_session_is_the_allow_list_and_what_its_adapter_and_its_bus_add() {
    let adapter =
        AdapterCommand { environment: [("FROM_MANIFEST".to_owned(), "x".to_owned())].into(), ..reference() };
    let seen = observe_smoke(adapter);
    let starts = seen.evidence.iter().filter_map(|evidence| match &evidence.fact {
        Fact::ProcessStarted(ProcessStart { environment, .. }) if evidence.session.is_some() => {
            Some(environment)
        }
        _ => None,
    });
    let mut sessions = 0;
    for environment in starts {
        let names: BTreeSet<&str> = environment.iter().map(String::as_str).collect();
        assert_eq!(names, ENVIRONMENT.into());
        sessions += 1;
    }
    assert_eq!(sessions, smoke().script.sessions.len());
}

#[test]
fn a_world_that_is_given_up_leaves_no_folder_and_no_process() {
    let mut stage =
        Stage::build(options(hanging()), [CanaryRole("token".into())], 0o022).expect("a world can be made");
    let root = stage.home().sandbox().root().to_owned();
    assert!(root.is_dir());
    let adapter = hanging();
    let performance = Performance {
        index: SessionIndex(0),
        adapter: &adapter,
        statement: None,
        condition: Condition::Usable,
        place: sealcheck::case::Place::Home,
        end: End::Bye,
        plants: Vec::new(),
        steps: &[],
    };
    stage.play(&performance).expect("what the adapter does is evidence");
    let ended = stage.log().entries().into_iter().find_map(|evidence| match evidence.fact {
        Fact::SessionEnded { how, .. } => Some(how),
        _ => None,
    });
    assert!(matches!(ended, Some(SessionEnd::KilledByHarness { .. })), "{ended:?}");
    drop(stage);
    assert!(!root.exists());
    let named = root.to_string_lossy().into_owned();
    assert_eq!(processes_with(&named), Vec::<String>::new());
    // The search for processes finds one that is there.
    assert!(!processes_with("run-").is_empty());
}

#[test]
fn an_adapter_that_dies_before_it_declares_anything_is_at_fault_in_a_case_with_plants() {
    for outcome in judge_with_plants(shell("exit 3")) {
        assert!(matches!(outcome, Outcome::AdapterError { .. }), "{outcome:?}");
    }
}

#[test]
fn an_adapter_that_cannot_run_here_leaves_a_case_with_plants_not_run() {
    for outcome in judge_with_plants(shell("exit 89")) {
        assert!(matches!(outcome, Outcome::NotRun { .. }), "{outcome:?}");
    }
}

fn judge_with_plants(adapter: AdapterCommand) -> Vec<Outcome> {
    let case = with_plants();
    let mut outcomes = Vec::new();
    let ended = run_cases(&[case], &options(adapter), &mut |progress| {
        if let Progress::Ran(run) = progress {
            let Observations { case: seen, twin } = run.outcome?;
            outcomes.extend(judge_case(case, &seen, &twin).into_iter().map(|(_, outcome)| outcome));
        }
        Ok::<(), String>(())
    });
    assert_eq!(ended, Ok(()));
    assert_eq!(outcomes.len(), case.checks.len());
    outcomes
}

fn observe_smoke(adapter: AdapterCommand) -> Observation {
    let case = smoke();
    observe(case, Role::Case, &Play::of_case(case), None, &options(adapter)).expect("a world can be made")
}

fn smoke() -> &'static Case {
    let id = "naming/default-name".parse().expect("an id");
    catalogue::all().case(&id).expect("the case is built in")
}

fn with_plants() -> &'static Case {
    let catalogue: &Catalogue = catalogue::all();
    catalogue.cases().iter().find(|case| !case.plants.is_empty()).expect("some case plants something")
}

fn options(adapter: AdapterCommand) -> Arc<RunOptions> {
    let harness = PathBuf::from(env!("CARGO_BIN_EXE_sealcheck"));
    Arc::new(RunOptions { harness, adapter, broker: BrokerKind::Busd, without: BTreeSet::new(), jobs: 1 })
}

fn reference() -> AdapterCommand {
    AdapterCommand {
        name: "reference".into(),
        program: env!("CARGO_BIN_EXE_sealcheck").into(),
        arguments: vec!["adapter-reference".into()],
        environment: [].into(),
        startup: Duration::from_secs(60),
        operation: Duration::from_secs(30),
    }
}

fn hanging() -> AdapterCommand {
    AdapterCommand { startup: Duration::from_millis(100), ..shell("read -r line; read -r line") }
}

fn shell(script: &str) -> AdapterCommand {
    let arguments = vec!["-c".into(), script.into()];
    AdapterCommand { name: "shell".into(), program: "/bin/sh".into(), arguments, ..reference() }
}

/// The names of the processes in whose command line or environment a text stands.
fn processes_with(text: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").expect("there is a /proc").filter_map(Result::ok);
    let found = processes.filter(|process| {
        ["cmdline", "environ"].into_iter().any(|file| {
            std::fs::read(process.path().join(file))
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
        })
    });
    found.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
}

const ENVIRONMENT: [&str; 13] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "FROM_MANIFEST",
    "HOME",
    "LANG",
    "PATH",
    "SEALCHECK_TAG",
    "TMPDIR",
    "TZ",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

//! Whole sessions in whole worlds: what a session gets, and what is left when a world is given up.

use std::{collections::BTreeSet, error::Error, path::PathBuf, sync::Arc, time::Duration};

use sealcheck::{
    adapter::AdapterCommand,
    canary::Seed,
    case::{CanaryRole, Case, Catalogue, catalogue, load},
    interruption::Interruption,
    judge::{Outcome, judge_case},
    observation::{Fact, Observation, ProcessStart, Role, SessionEnd, SessionIndex},
    protocol::RequestKind,
    run::{Observations, Performance, Play, Progress, RunOptions, Stage, observe, run_cases},
    world::{bus::BrokerKind, providers::ProviderKind},
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
    let seed = Seed::fresh().world(&["given up"]);
    let mut stage = Stage::build(options(hanging()), &seed, [CanaryRole("token".into())], 0o022)
        .expect("a world can be made");
    let root = stage.home().sandbox().root().to_owned();
    assert!(root.is_dir());
    let adapter = hanging();
    let performance = Performance::new(SessionIndex(0), &adapter, &[]);
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

#[test]
fn sessions_that_overlap_run_at_the_same_time_and_meet_where_they_are_told() {
    let case = load("durability/overlapping.toml", OVERLAPPING).expect("the case is valid");
    let play = Play::of_case(&case);
    let seen = observe(&case, Role::Case, &play, None, &options(reference())).expect("a world can be made");
    let at = |session: usize, is_wanted: &dyn Fn(&Fact) -> bool| {
        let mut found =
            seen.evidence.iter().filter(|evidence| evidence.session == Some(SessionIndex(session)));
        found.find(|evidence| is_wanted(&evidence.fact)).expect("it was recorded").at
    };
    let ended = |fact: &Fact| matches!(fact, Fact::SessionEnded { how: SessionEnd::Exited { code: 0 }, .. });
    let put = |fact: &Fact| matches!(fact, Fact::Replied { request: RequestKind::Put, .. });
    let met = |fact: &Fact| matches!(fact, Fact::RendezvousMet { rendezvous: 0, .. });
    let hello = |fact: &Fact| matches!(fact, Fact::Replied { request: RequestKind::Hello, .. });
    // The first session was there before the second ended, and put only afterwards.
    assert!(at(0, &hello) < at(1, &ended));
    assert!(at(1, &put) < at(1, &ended));
    assert!(at(1, &ended) < at(0, &put));
    assert!(at(0, &met) < at(0, &put));
    for (check, outcome) in judge_case(&case, &seen, &twin_of(&case)) {
        assert!(matches!(outcome, Outcome::Pass(_)), "{check}: {outcome:?}");
    }
}

fn twin_of(case: &Case) -> Observation {
    let play = Play::of_twin(case);
    observe(case, Role::Twin, &play, None, &options(reference())).expect("a world can be made")
}

fn judge_with_plants(adapter: AdapterCommand) -> Vec<Outcome> {
    let case = with_plants();
    let mut outcomes = Vec::new();
    let ended = run_cases(&[case], &options(adapter), &mut |progress| {
        if let Progress::Ran(run) = progress {
            let Observations { case: seen, twin } = run.outcome?;
            outcomes.extend(judge_case(case, &seen, &twin).into_iter().map(|(_, outcome)| outcome));
        }
        Ok::<(), Box<dyn Error>>(())
    });
    ended.expect("the harness does its part");
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
    Arc::new(RunOptions {
        harness,
        adapter,
        broker: BrokerKind::Busd,
        provider: ProviderKind::Scripted,
        without: BTreeSet::new(),
        seed: Seed::fresh(),
        jobs: 1,
        interruption: Interruption::default(),
    })
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

/// The first session is held at its put until the second one, which overlaps it, has ended.
const OVERLAPPING: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["CON-01"]
cwe = [362]
severity = "high"
twin = { round_trip = "read" }

[[rendezvous]]
hold = { session = 0, at = { point = "step", step = "first" } }
until = { session = 1, at = { point = "end" } }

[[session]]
steps = [
    { do = "open", store = "cache", name = "one" },
    { do = "put", label = "first", store = "cache", canary = "token" },
]

[[session]]
overlaps = true
steps = [
    { do = "open", store = "cache", name = "two" },
    { do = "put", store = "cache", canary = "other" },
]

[[session]]
steps = [
    { do = "open", store = "cache", name = "one" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]

[[check]]
id = "check"
sentence = "x"
requirement = { level = "should", sources = ["CWE-362"] }
judge = { predicate = "value_equals", step = "read", canary = "token" }
"#;

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

//! A canary that is hidden from all observers but one.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::Path,
    sync::Arc,
    time::Duration,
};

use sealcheck::{
    adapter::AdapterCommand,
    canary::Seed,
    case::{CanaryRole, Interaction, Options, Partition, Place, Step},
    interruption::Interruption,
    observation::{Fact, Observer, ObserverState, ReplyFact, SessionEnd, SessionIndex, ValueFact},
    run::{Performance, RunOptions, Seen, Stage},
    world::{bus::BrokerKind, providers::ProviderKind},
};

use crate::leaks::{AUTHORITY_CA, AUTHORITY_URL};

/// The leak to an observer is seen by it, in the expected place, and by no other although all of them watch.
pub(crate) fn sees(observer: Observer) {
    let seen = play(observer.as_str(), BTreeSet::new());
    assert_all_watched(&seen);
    if observer == Observer::Relocation {
        // Nothing shows the secret but that a process elsewhere gives it back.
        assert_eq!(sightings(&seen), []);
        assert_eq!(given_back(&seen), [(SessionIndex(1), Some(token()))]);
        return;
    }
    let places: Vec<_> = sightings(&seen)
        .into_iter()
        .map(|(who, place)| (who, place["place"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(places, [(observer, place(observer).to_owned())]);
    assert_eq!(given_back(&seen), [(SessionIndex(1), None)]);
}

/// Where nothing leaks, nobody sees anything: what the others see is the leak and not the way to it.
pub(crate) fn nobody() {
    let seen = play("nobody", BTreeSet::new());
    assert_all_watched(&seen);
    assert_eq!(sightings(&seen), []);
    assert_eq!(given_back(&seen), [(SessionIndex(1), None)]);
}

/// A disabled observer records no fact of any kind, and says that it did not watch.
pub(crate) fn is_silent(observer: Observer) {
    let seen = play(observer.as_str(), BTreeSet::from([observer]));
    assert_eq!(sightings(&seen), []);
    let facts: Vec<&Fact> =
        seen.evidence.iter().filter(|entry| entry.observer == observer).map(|entry| &entry.fact).collect();
    assert_eq!(facts, [] as [&Fact; 0]);
    let reason = "disabled by --without-observer".to_owned();
    assert_eq!(seen.observers[&observer], ObserverState::Unavailable { reason });
    let others = Observer::ALL.into_iter().filter(|other| *other != observer);
    for other in others {
        assert!(matches!(seen.observers[&other], ObserverState::Complete { .. }), "{other}");
    }
    let numbers: Vec<usize> = seen.evidence.iter().map(|entry| entry.id.index()).collect();
    assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>());
}

/// What the only sighting of an observer's leak names.
fn place(observer: Observer) -> &'static str {
    match observer {
        Observer::Files => "extended_attribute",
        Observer::SystemCalls => "write",
        Observer::Processes => "argument",
        Observer::Output => "standard_error",
        Observer::Bus => "bus_message",
        Observer::Keyring => "keyring_secret",
        Observer::Network => "request",
        Observer::Harness | Observer::Relocation => unreachable!("it has no sightings"),
    }
}

/// One session that stores and leaks, and one that reads elsewhere.
fn play(leak: &str, without: BTreeSet<Observer>) -> Seen {
    let own = env::current_exe().unwrap();
    let mut adapter = AdapterCommand {
        name: "leak".into(),
        program: own,
        arguments: vec!["leak".into(), leak.into()],
        environment: BTreeMap::new(),
        startup: Duration::from_secs(30),
        operation: Duration::from_secs(30),
    };
    let options = RunOptions {
        harness: Path::new(env!("CARGO_BIN_EXE_sealcheck")).to_owned(),
        adapter: adapter.clone(),
        broker: BrokerKind::Busd,
        provider: ProviderKind::Scripted,
        without,
        seed: Seed::fresh(),
        jobs: 1,
        interruption: Interruption::default(),
    };
    let seed = options.seed.world(&["alone"]);
    let mut stage = Stage::build(Arc::new(options), &seed, [token()], 0o077).unwrap();
    let authority = stage.authority().parameters();
    adapter.environment =
        [(AUTHORITY_URL.to_owned(), authority.url), (AUTHORITY_CA.to_owned(), authority.ca_file)].into();
    let put = Step::Put {
        label: None,
        store: "cache".into(),
        partition: Partition::default(),
        canary: token(),
        padding: 0,
    };
    let get =
        Step::Get { label: None, store: "cache".into(), partition: Partition::default(), canary: token() };
    for (index, (place, step)) in [(Place::Home, put), (Place::Relocated, get)].into_iter().enumerate() {
        stage
            .play(&Performance { place, ..Performance::new(SessionIndex(index), &adapter, &[open(), step]) })
            .unwrap();
    }
    let canary = stage.canaries().text(&token()).unwrap().to_owned();
    let seen = stage.finish();
    let recorded = serde_json::to_string(&seen.evidence).unwrap();
    assert!(!recorded.contains(&canary), "the canary is spelled out in the evidence");
    let ends = seen.evidence.iter().filter_map(|entry| match &entry.fact {
        Fact::SessionEnded { how, .. } => Some(how.clone()),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [SessionEnd::Exited { code: 0 }, SessionEnd::Exited { code: 0 }]);
    seen
}

fn open() -> Step {
    Step::Open {
        label: None,
        store: "cache".into(),
        name: None,
        allow_unencrypted_storage: None,
        interaction: Interaction::default(),
        credential: None,
        options: Options::default(),
    }
}

fn assert_all_watched(seen: &Seen) {
    for observer in Observer::ALL {
        let state = &seen.observers[&observer];
        assert!(matches!(state, ObserverState::Complete { .. }), "{observer}: {state:?}");
    }
}

/// Who saw the canary, and where.
fn sightings(seen: &Seen) -> Vec<(Observer, serde_json::Value)> {
    let facts = seen.evidence.iter().filter_map(|entry| match &entry.fact {
        Fact::CanarySeen { role, place, .. } => {
            assert_eq!(*role, token());
            Some((entry.observer, serde_json::to_value(place).unwrap()))
        }
        _ => None,
    });
    facts.collect()
}

/// What every `get` gave back: the canary that is all of it, if it is one.
fn given_back(seen: &Seen) -> Vec<(SessionIndex, Option<CanaryRole>)> {
    let facts = seen.evidence.iter().filter_map(|entry| match &entry.fact {
        Fact::Replied { reply: ReplyFact::Ok { value: Some(value), .. }, .. } => {
            let exactly = match value {
                ValueFact::Null => None,
                ValueFact::Some { exactly, .. } => exactly.clone(),
            };
            Some((entry.session.unwrap(), exactly))
        }
        _ => None,
    });
    facts.collect()
}

fn token() -> CanaryRole {
    CanaryRole("token".into())
}

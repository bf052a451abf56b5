//! Every effect of a fault on every class of calls that it fits, as a client meets it, and what the keyring holds then.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::{BusClass, BusEffect, Condition, Repeat},
    observation::{Evidence, Fact, SessionIndex},
    world::{
        bus::{BrokerKind, BusFault, Guest},
        client::{Algorithm, ClientError, KeyringClient, NewItem},
        condition::apply,
        providers::{Keyring, ProviderKind},
    },
};

use crate::stage::{World, calls, same, with_both_brokers, with_providers};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for class in BusClass::ALL {
        for effect in BusEffect::ALL.into_iter().filter(|effect| effect.fits(class)) {
            let name = format!("{} of the class {}", effect.as_str(), class.as_str());
            let takes_seconds = matches!(effect, BusEffect::Slow | BusEffect::Hang);
            // What takes seconds is shown with one broker: nothing about it depends on which.
            let brokers = if takes_seconds { &BrokerKind::ALL[..1] } else { &BrokerKind::ALL[..] };
            trials.extend(with_providers(&name, brokers, move |broker, provider| {
                one(broker, provider, class, effect)
            }));
        }
    }
    trials.extend(with_both_brokers("a call that cannot be struck is named and is not a hit", missing));
    trials.extend(with_both_brokers("a fault repeats on every connection of its session only", repeating));
    trials
}

/// Has the call of a class struck, once it is the second of a session where it can be.
fn one(broker: BrokerKind, provider: ProviderKind, class: BusClass, effect: BusEffect) -> Result<(), Failed> {
    let prompts = class == BusClass::Prompt;
    let condition = if prompts { Condition::Locked } else { Condition::Usable };
    let scene = Scene::set(broker, provider, condition)?;
    let foreign = if effect == BusEffect::Foreign { Some(scene.foreign()?) } else { None };
    let fault = BusFault { number: 4, call: class, nth: 1, repeat: Repeat::Once, effect };
    let guest = Guest { foreign_item: foreign, ..Guest::session(SESSION).with_faults(vec![fault]) };
    let door = scene.world.bus.open_door(guest)?;
    let before = scene.keyring.items()?.len();
    let mut client = KeyringClient::connect(&door.client_address())?;
    let began = Instant::now();
    let met = act(&mut client, class);
    let took = began.elapsed();
    let after = scene.keyring.items()?.len();
    let name = |error: &str| Met::Refused(format!("org.freedesktop.DBus.Error.{error}"));
    let expected = match effect {
        BusEffect::Deny => name("AccessDenied"),
        BusEffect::TooLarge => name("LimitsExceeded"),
        BusEffect::Disconnect => Met::Broken,
        BusEffect::Hang => Met::Nothing,
        BusEffect::Slow | BusEffect::Drop => Met::Success,
        BusEffect::Dismiss => Met::Dismissed,
        BusEffect::Alter => Met::Other,
        BusEffect::Foreign => Met::Foreign,
    };
    // Where nobody answers a prompt, it is dismissed anyway; late, if it is slow.
    let expected = if prompts && effect == BusEffect::Slow { Met::Dismissed } else { expected };
    same(met, expected)?;
    same(took >= Duration::from_secs(4), matches!(effect, BusEffect::Slow | BusEffect::Hang))?;
    let carried_out = i32::from(effect == BusEffect::Slow);
    let change = match class {
        BusClass::Save => carried_out,
        BusClass::Delete => 1 - carried_out,
        // What is stored before it is read, by the same client.
        BusClass::Read => 1,
        BusClass::Any | BusClass::OpenSession | BusClass::Search | BusClass::Unlock | BusClass::Prompt => 0,
    };
    same(i32::try_from(after)? - i32::try_from(before)?, change)?;
    drop((client, door));
    let (lost, evidence) = scene.finish();
    same(lost, Ok(()))?;
    same(hits(&evidence), vec![(Some(SESSION), 4)])
}

/// Reads an item that is not there, and then one that is: only the secret of the second one can be altered.
fn missing(broker: BrokerKind) -> Result<(), Failed> {
    for (nth, wanted) in [(1, (0, 1)), (2, (1, 0)), (3, (0, 0))] {
        let scene = Scene::set(broker, ProviderKind::Scripted, Condition::Usable)?;
        let (call, effect) = (BusClass::Read, BusEffect::Alter);
        let fault = BusFault { number: 0, call, nth, repeat: Repeat::Once, effect };
        let door = scene.world.bus.open_door(Guest::session(SESSION).with_faults(vec![fault]))?;
        let mut client = KeyringClient::connect(&door.client_address())?;
        client.open_session(Algorithm::DiffieHellman)?;
        let item = client.create_item(DEFAULT, &new_item(), SECRET)?;
        same(client.secret(&format!("{item}0")).is_err(), true)?;
        same(client.secret(&item)? == SECRET, nth != 2)?;
        drop((client, door));
        let (lost, evidence) = scene.finish();
        same(lost, Ok(()))?;
        let missed = |entry: &&Evidence| matches!(entry.fact, Fact::FaultMissed { fault: 0, .. });
        same((hits(&evidence).len(), evidence.iter().filter(missed).count()), wanted)?;
    }
    Ok(())
}

fn repeating(broker: BrokerKind) -> Result<(), Failed> {
    let scene = Scene::set(broker, ProviderKind::Scripted, Condition::Usable)?;
    let fault = BusFault {
        number: 0,
        call: BusClass::Search,
        nth: 2,
        repeat: Repeat::FromThenOn,
        effect: BusEffect::Deny,
    };
    let door = scene.world.bus.open_door(Guest::session(SESSION).with_faults(vec![fault]))?;
    let other = scene.world.bus.open_door(Guest::session(SessionIndex(1)))?;
    let search = |address: &str| {
        let mut client = KeyringClient::connect(address)?;
        Ok::<_, ClientError>(client.search(&BTreeMap::new()).is_ok())
    };
    let mut found = Vec::new();
    for _ in 0..3 {
        found.push((search(&door.client_address())?, search(&other.client_address())?));
    }
    same(found, vec![(true, true), (false, true), (false, true)])?;
    drop((door, other));
    let (lost, evidence) = scene.finish();
    same(lost, Ok(()))?;
    same(hits(&evidence), vec![(Some(SESSION), 0); 2])?;
    let answers = calls(&evidence).into_iter().filter(|(session, _)| *session == Some(SESSION));
    let answers: Vec<_> = answers.map(|(_, call)| call.answer.as_str()).collect();
    same(answers, vec!["ok", DENIED, DENIED])
}

/// What a client meets.
#[derive(Debug, Eq, PartialEq)]
enum Met {
    Success,
    Refused(String),
    /// The connection ended.
    Broken,
    /// No answer.
    Nothing,
    Dismissed,
    /// Another secret than was stored.
    Other,
    /// The secret of the item that is somebody else's.
    Foreign,
}

/// Makes a call of a class, and those that must come before it.
fn act(client: &mut KeyringClient, class: BusClass) -> Met {
    match class {
        BusClass::Any => met(client.alias("default")),
        BusClass::OpenSession => met(client.open_session(Algorithm::DiffieHellman)),
        BusClass::Search => met(client.search(&BTreeMap::new())),
        BusClass::Unlock => met(client.unlock(DEFAULT)),
        BusClass::Prompt => {
            let unlocking = client.unlock(DEFAULT).expect("the fault is of another class");
            let prompt = unlocking.prompt.expect("it is locked");
            match client.prompt(&prompt) {
                Ok(true) => Met::Dismissed,
                other => met(other),
            }
        }
        BusClass::Save => {
            client.open_session(Algorithm::DiffieHellman).expect("the fault is of another class");
            met(client.create_item(DEFAULT, &new_item(), SECRET))
        }
        BusClass::Read => {
            client.open_session(Algorithm::DiffieHellman).expect("the fault is of another class");
            let item =
                client.create_item(DEFAULT, &new_item(), SECRET).expect("the fault is of another class");
            match client.secret(&item) {
                Ok(secret) if secret == FOREIGN => Met::Foreign,
                Ok(secret) if secret != SECRET => Met::Other,
                other => met(other),
            }
        }
        BusClass::Delete => {
            client.open_session(Algorithm::DiffieHellman).expect("the fault is of another class");
            let item =
                client.create_item(DEFAULT, &new_item(), SECRET).expect("the fault is of another class");
            met(client.delete(&item))
        }
    }
}

fn met<T>(result: Result<T, ClientError>) -> Met {
    match result {
        Ok(_) => Met::Success,
        Err(ClientError::Refused { name, .. }) => Met::Refused(name),
        Err(ClientError::Deadline) => Met::Nothing,
        Err(_) => Met::Broken,
    }
}

fn hits(evidence: &[Evidence]) -> Vec<(Option<SessionIndex>, usize)> {
    let hits = evidence.iter().filter_map(|entry| match entry.fact {
        Fact::FaultHit { fault, .. } => Some((entry.session, fault)),
        _ => None,
    });
    hits.collect()
}

/// A world with a keyring in a condition.
struct Scene {
    // Declared before the world, so that the provider leaves while there is a bus.
    keyring: Keyring,
    world: World,
}

impl Scene {
    fn set(broker: BrokerKind, provider: ProviderKind, condition: Condition) -> Result<Self, Failed> {
        let world = World::start(broker);
        let mut keyring = Keyring::new(provider, &world.folder().join("keyring"));
        apply(condition, &world.bus, &mut keyring, world.folder())?;
        Ok(Self { keyring, world })
    }

    /// Stores an item of somebody else.
    fn foreign(&self) -> Result<String, Failed> {
        let mut client = KeyringClient::connect(&self.world.bus.client_address())?;
        client.open_session(Algorithm::DiffieHellman)?;
        let other = NewItem { attributes: [("whose".to_owned(), "other".to_owned())].into(), ..new_item() };
        Ok(client.create_item(DEFAULT, &other, FOREIGN)?)
    }

    fn finish(self) -> (Result<(), String>, Vec<Evidence>) {
        drop(self.keyring);
        let (lost, evidence, _) = self.world.finish();
        (lost, evidence)
    }
}

fn new_item() -> NewItem {
    NewItem {
        label: "label".into(),
        // With none, an item would replace every other one.
        attributes: [("whose".to_owned(), "own".to_owned())].into(),
        content_type: "text/plain".into(),
        replace: true,
    }
}

const SESSION: SessionIndex = SessionIndex(0);
const DEFAULT: &str = "/org/freedesktop/secrets/aliases/default";
const DENIED: &str = "org.freedesktop.DBus.Error.AccessDenied";
/// Longer than five blocks of the cipher, so that there is a middle.
const SECRET: &[u8] = &[b's'; 100];
const FOREIGN: &[u8] = b"foreign";

//! Every condition is proved where it holds and nowhere else.

use std::{fs, os::unix::net::UnixListener};

use crate::stage::{World, same, with_both_brokers, with_every_provider};
use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::Condition,
    world::{
        bus::BrokerKind,
        condition::{Reach, apply, prove},
        providers::{Keyring, ProviderKind},
        secret_service::{DefaultCollection, KeyringContents, OnPrompt, Provider, ProviderScript},
    },
};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = with_every_provider("a condition is proved where it holds and nowhere else", every_pair);
    trials.extend(with_every_provider("conditions can follow each other with the same keyring", in_turn));
    trials
        .extend(with_both_brokers("a locked keyring that a prompt unlocks is not locked enough", unlockable));
    trials.extend(with_every_provider("proving leaves nothing behind", traceless));
    trials.push(Trial::test("a missing socket is not a dead one", missing_socket));
    trials.push(Trial::test("a default socket is a bus, though no address is set", default_socket));
    trials
}

fn every_pair(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    for holds in all() {
        let world = World::start(broker);
        let mut keyring = keyring(provider, &world);
        let reach = apply(holds, &world.bus, &mut keyring, world.folder())?;
        let environment = environment(&world, &reach);
        for wanted in all() {
            let proof = prove(wanted, &environment);
            let beginning = format!("{wanted} was wanted, but the world is in {holds}: ");
            let as_expected = match &proof {
                Ok(_) => wanted == holds,
                Err(found) => wanted != holds && found.starts_with(&beginning),
            };
            if !as_expected {
                return Err(format!("in {holds}, proving {wanted} gave {proof:?}").into());
            }
        }
        drop(keyring);
        same(world.finish().0, Ok(()))?;
    }
    Ok(())
}

fn in_turn(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let world = World::start(broker);
    let mut keyring = keyring(provider, &world);
    for condition in all().into_iter().chain(all().into_iter().rev()) {
        let reach = apply(condition, &world.bus, &mut keyring, world.folder())?;
        prove(condition, &environment(&world, &reach))?;
    }
    Ok(())
}

fn unlockable(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let script = ProviderScript {
        default_collection: DefaultCollection::Present { locked: true },
        on_prompt: OnPrompt::Complete,
    };
    let _provider = Provider::start(&world.bus.broker_address(), &KeyringContents::new(), script)?;
    let address = ("DBUS_SESSION_BUS_ADDRESS".to_owned(), world.bus.client_address());
    let expected = "locked was wanted, but the world is in something else: \
                    /org/freedesktop/secrets/collection/login was locked, and a prompt unlocked it";
    same(prove(Condition::Locked, &[address]), Err(expected.to_owned()))
}

fn traceless(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let world = World::start(broker);
    let mut keyring = keyring(provider, &world);
    let reach = apply(Condition::Usable, &world.bus, &mut keyring, world.folder())?;
    let detail = prove(Condition::Usable, &reach.environment(&world.bus.client_address()))?;
    let expected = "an item was stored in /org/freedesktop/secrets/collection/login, read back and deleted";
    same(detail.as_str(), expected)?;
    same(keyring.items()?.len(), 0)
}

fn missing_socket() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("none.sock");
    let address = ("DBUS_SESSION_BUS_ADDRESS".to_owned(), format!("unix:path={}", socket.display()));
    let found = prove(Condition::DeadSocket, &[address]).err().unwrap_or_default();
    same(
        found.starts_with("dead_socket was wanted, but the world is in something else: cannot connect"),
        true,
    )
}

fn default_socket() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let environment = [("XDG_RUNTIME_DIR".to_owned(), folder.path().display().to_string())];
    prove(Condition::NoBus, &environment)?;
    drop(UnixListener::bind(folder.path().join("bus"))?);
    let found = prove(Condition::NoBus, &environment).err().unwrap_or_default();
    same(found.starts_with("no_bus was wanted, but the world is in dead_socket: "), true)
}

/// A keyring with its files in the world's folder.
fn keyring(provider: ProviderKind, world: &World) -> Keyring {
    Keyring::new(provider, &world.folder().join("keyring"))
}

fn environment(world: &World, reach: &Reach) -> Vec<(String, String)> {
    let runtime = world.folder().join("run");
    fs::create_dir_all(&runtime).expect("the folder can be made");
    let mut environment = reach.environment(&world.bus.client_address());
    environment.push(("XDG_RUNTIME_DIR".to_owned(), runtime.display().to_string()));
    environment
}

fn all() -> Vec<Condition> {
    [Condition::Usable].into_iter().chain(Condition::ALL).collect()
}

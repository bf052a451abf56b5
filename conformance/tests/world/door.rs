//! Every session has a door of its own, and its calls are counted and held by themselves.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::BusClass,
    observation::SessionIndex,
    world::{
        bus::{BrokerKind, Gate, Guest},
        client::{Algorithm, KeyringClient, NewItem},
        secret_service::{KeyringContents, Provider, ProviderScript},
    },
};

use crate::stage::{World, calls, same, with_both_brokers};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    [
        with_both_brokers("sessions at the same time keep their calls apart", at_the_same_time),
        with_both_brokers("calls are counted by class over all connections of a session", counting),
        with_both_brokers("a call to the owner of the name counts like one to the name", owner),
        with_both_brokers("a call that is held has not happened, and holds nobody else", holding),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn at_the_same_time(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let provider = Provider::start(&world.bus.broker_address(), &KeyringContents::new(), USABLE)?;
    let doors = [world.bus.open_door(Guest::session(FIRST))?, world.bus.open_door(Guest::session(SECOND))?];
    let mut clients = Vec::new();
    for door in &doors {
        clients.push(KeyringClient::connect(&door.client_address())?);
    }
    for _ in 0..2 {
        for client in &mut clients {
            client.alias("default")?;
        }
    }
    drop((clients, doors, provider));
    let (lost, evidence, _) = world.finish();
    same(lost, Ok(()))?;
    let found: Vec<_> = calls(&evidence).into_iter().map(|(session, _)| session).collect();
    same(found, vec![Some(FIRST), Some(SECOND), Some(FIRST), Some(SECOND)])
}

fn counting(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let _provider = Provider::start(&world.bus.broker_address(), &KeyringContents::new(), USABLE)?;
    let (gate, heard) = Listener::new();
    let door = world.bus.open_door(Guest::session(SECOND).with_gate(gate.clone()))?;
    // A door of another session counts by itself.
    let other = world.bus.open_door(Guest::session(FIRST))?;
    KeyringClient::connect(&other.client_address())?.open_session(Algorithm::Plain)?;
    for _ in 0..2 {
        let mut client = KeyringClient::connect(&door.client_address())?;
        client.open_session(Algorithm::Plain)?;
        let item = client.create_item(DEFAULT, &new_item(), b"value")?;
        client.set_secret(&item, b"other", "text/plain")?;
        client.secret(&item)?;
        client.search(&BTreeMap::new())?;
        client.attributes(&item)?;
        client.delete(&item)?;
    }

    drop(world);
    let heard: Vec<_> = heard.try_iter().collect();
    let before: Vec<_> = heard.iter().filter(|(when, ..)| *when == Before).map(told).collect();
    let mut after: Vec<_> = heard.iter().filter(|(when, ..)| *when == After).map(told).collect();
    let expected = [
        (BusClass::OpenSession, [1, 2]),
        (BusClass::Save, [1, 3]),
        (BusClass::Save, [2, 4]),
        (BusClass::Read, [1, 2]),
        (BusClass::Search, [1, 2]),
        (BusClass::Any, [0, 0]),
        (BusClass::Delete, [1, 2]),
    ];
    let mut wanted = Vec::new();
    for round in 0..2 {
        for (index, (class, nth)) in expected.into_iter().enumerate() {
            let count = u32::try_from(round * expected.len() + index)? + 1;
            wanted.push((SECOND, BusClass::Any, count));
            // To read a property belongs to no class of its own.
            if class != BusClass::Any {
                wanted.push((SECOND, class, nth[round]));
            }
        }
    }
    same(&before, &wanted)?;
    // Whoever has its last answer may connect again before the answer is counted.
    after.sort_unstable();
    wanted.sort_unstable();
    same(&after, &wanted)
}

fn owner(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let _provider = Provider::start(&world.bus.broker_address(), &KeyringContents::new(), USABLE)?;
    let (gate, heard) = Listener::new();
    let door = world.bus.open_door(Guest::session(FIRST).with_gate(gate.clone()))?;
    let mut client = KeyringClient::connect(&door.client_address())?;
    let owner = client.owner("org.freedesktop.secrets")?.ok_or("the provider owns its name")?;
    zbus::block_on(async {
        let client = zbus::connection::Builder::address(door.client_address().as_str()).build().await?;
        let root = "/org/freedesktop/secrets";
        let service = Some("org.freedesktop.Secret.Service");
        client.call_method(Some(owner.as_str()), root, service, "ReadAlias", &"default").await?;
        // The broker is not the Secret Service.
        let broker = "org.freedesktop.DBus";
        client.call_method(Some(broker), "/org/freedesktop/DBus", Some(broker), "GetId", &()).await
    })?;

    drop(world);
    same(heard.try_iter().map(|heard| told(&heard)).collect(), vec![(FIRST, BusClass::Any, 1); 2])
}

fn holding(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let contents = KeyringContents::new();
    let _provider = Provider::start(&world.bus.broker_address(), &contents, USABLE)?;
    let (arrived, arrivals) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let gate = Arc::new(Barrier { arrived, released: Mutex::new(released) });
    let door = world.bus.open_door(Guest::session(FIRST).with_gate(gate))?;
    let mut held = KeyringClient::connect(&door.client_address())?;
    held.open_session(Algorithm::Plain)?;
    std::thread::scope(|scope| {
        let saving = scope.spawn(|| held.create_item(DEFAULT, &new_item(), b"value"));
        arrivals.recv_timeout(DEADLINE)?;
        // Another connection of the same session is not held, and nothing has been stored yet.
        let mut other = KeyringClient::connect(&door.client_address())?;
        same(other.search(&BTreeMap::new())?.unlocked.len(), 0)?;
        same(contents.items().len(), 0)?;
        release.send(())?;
        saving.join().expect("nobody panics")?;
        Ok::<(), Failed>(())
    })?;
    same(contents.items().len(), 1)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum When {
    Before,
    After,
}
use When::{After, Before};

type Heard = (When, SessionIndex, BusClass, u32);

fn told(&(_, session, class, nth): &Heard) -> (SessionIndex, BusClass, u32) {
    (session, class, nth)
}

/// Passes on what it hears, in order.
struct Listener(Mutex<mpsc::Sender<Heard>>);

impl Listener {
    fn new() -> (Arc<Self>, mpsc::Receiver<Heard>) {
        let (sender, heard) = mpsc::channel();
        (Arc::new(Self(Mutex::new(sender))), heard)
    }

    fn hear(&self, heard: Heard) {
        // Whoever listens no longer has heard enough.
        let _ = self.0.lock().expect("nobody panics while holding it").send(heard);
    }
}

impl Gate for Listener {
    fn before(&self, session: SessionIndex, call: BusClass, nth: u32) {
        self.hear((Before, session, call, nth));
    }

    fn after(&self, session: SessionIndex, call: BusClass, nth: u32) {
        self.hear((After, session, call, nth));
    }
}

/// Holds what stores something.
struct Barrier {
    arrived: mpsc::Sender<()>,
    released: Mutex<mpsc::Receiver<()>>,
}

impl Gate for Barrier {
    fn before(&self, _: SessionIndex, call: BusClass, _: u32) {
        if call == BusClass::Save {
            self.arrived.send(()).expect("the test waits for it");
            let released = self.released.lock().expect("only one call is held");
            let _ = released.recv_timeout(DEADLINE);
        }
    }

    fn after(&self, _: SessionIndex, _: BusClass, _: u32) {}
}

fn new_item() -> NewItem {
    NewItem { label: "label".into(), content_type: "text/plain".into(), replace: true, ..NewItem::default() }
}

const USABLE: ProviderScript = ProviderScript::USABLE;
const DEFAULT: &str = "/org/freedesktop/secrets/aliases/default";
const FIRST: SessionIndex = SessionIndex(0);
const SECOND: SessionIndex = SessionIndex(1);
const DEADLINE: Duration = Duration::from_secs(4);

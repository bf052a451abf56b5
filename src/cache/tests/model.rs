//! The cache against a model that fits on a page: any sequence of events, on one machine, by one user.

use proptest::prelude::*;

use super::world::{World, absent, locked, secret, usable};
use crate::{ErrorKind, TokenCache};

/// Something that happens to a cache.
#[derive(Clone, Debug)]
enum Event {
    KeyringAppears,
    KeyringDisappears,
    KeyringLocks,
    Reopen,
    Write(u8),
    Read,
    Clear,
}

/// What may be known: a plain item, a plain file, and how the handle is protected.
#[derive(Debug, Default)]
struct Model {
    keyring: Keyring,
    item: Option<u8>,
    /// Plaintext; `Some(None)` is the empty signal.
    file: Option<Option<u8>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Keyring {
    #[default]
    Usable,
    Absent,
    Locked,
}

impl Model {
    /// Plaintext moves into a usable keyring wherever it is met, unless an item is there already.
    fn settle(&mut self) {
        if let (Keyring::Usable, Some(Some(plaintext))) = (self.keyring, self.file) {
            self.item = self.item.or(Some(plaintext));
            self.file = Some(None);
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::KeyringAppears),
        Just(Event::KeyringDisappears),
        Just(Event::KeyringLocks),
        Just(Event::Reopen),
        any::<u8>().prop_map(Event::Write),
        Just(Event::Read),
        Just(Event::Clear),
    ]
}

/// Applies one event to both; a handle is opened anew for each, so that each starts from what is stored.
fn step(world: &World, model: &mut Model, event: &Event) -> Result<(), TestCaseError> {
    match event {
        Event::KeyringAppears => {
            world.probe_answers(usable);
            model.keyring = Keyring::Usable;
        }
        Event::KeyringDisappears => {
            world.probe_answers(absent);
            model.keyring = Keyring::Absent;
        }
        Event::KeyringLocks => {
            world.probe_answers(locked);
            model.keyring = Keyring::Locked;
        }
        Event::Reopen => drop(open(world, model)?),
        Event::Write(value) => {
            let Some(cache) = open(world, model)? else { return Ok(()) };
            cache.write(secret(&value.to_string())).expect("written");
            match model.keyring {
                Keyring::Usable => {
                    model.item = Some(*value);
                    model.file = Some(None);
                }
                Keyring::Absent => model.file = Some(Some(*value)),
                Keyring::Locked => unreachable!("a locked cache does not open"),
            }
        }
        Event::Read => {
            let Some(cache) = open(world, model)? else { return Ok(()) };
            let expected = match model.keyring {
                Keyring::Usable => model.item,
                Keyring::Absent | Keyring::Locked => model.file.flatten(),
            };
            let expected = expected.map(|value| secret(&value.to_string()));
            prop_assert_eq!(cache.read().expect("read"), expected);
        }
        Event::Clear => {
            let report = world.builder(true).clear().expect("cleared");
            let complete = model.keyring == Keyring::Usable;
            prop_assert_eq!(report.is_complete(), complete);
            if complete {
                model.item = None;
                model.file = None;
            } else if let Some(Some(_)) = model.file {
                model.file = None;
            }
        }
    }
    Ok(())
}

fn open(world: &World, model: &mut Model) -> Result<Option<TokenCache>, TestCaseError> {
    let opened = world.open(true);
    if model.keyring == Keyring::Locked {
        prop_assert_eq!(opened.err().map(|error| error.kind()), Some(ErrorKind::Locked));
        return Ok(None);
    }
    model.settle();
    Ok(Some(opened.expect("open")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_events_leaves_what_the_model_says(events in prop::collection::vec(event(), 1..14)) {
        let world = World::new();
        let mut model = Model::default();
        for event in &events {
            step(&world, &mut model, event)?;
            let item = model.item.map(|value| secret(&value.to_string()));
            prop_assert_eq!(world.item(), item, "{:?} {:?}", event, model);
            let file = world.file().exists().then(|| world.content());
            let expected = model.file.map(|content| content.map_or_else(String::new, |value| value.to_string()));
            prop_assert_eq!(file, expected, "{:?} {:?}", event, model);
        }
    }
}

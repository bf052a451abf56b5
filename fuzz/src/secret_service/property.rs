//! What must hold whatever the service says, and the lives from which a search begins.

use std::thread;
use std::time::{Duration, Instant};

use super::bus::{Bus, End};
use super::keyring::{Keyring, attributes};
use super::script::Script;
use super::service::Service;
use super::{cache, store};
use crate::{Seeds, place};

/// The first byte says what is there, the second how many things are done, then one byte for each of them; then one act
/// of the service after the other.
pub fn check(bytes: &[u8]) {
    let script = Script::parse(bytes);
    let home = place::home();
    let bus = Bus::new(home.path(), Service::new(&script, keyring(&script)));
    thread::scope(|scope| {
        scope.spawn(|| bus.serve(scope));
        let _end = End(&bus);
        if script.is_whole() {
            cache::play(&script, &bus, home.path());
        } else {
            store::play(&script, &bus);
        }
        bus.settle();
    });
}

/// A sound life in each world, and each kind of misconduct at calls at which it matters.
pub fn seeds() -> Seeds {
    let sound = (0..=u8::MAX).step_by(8).map(|flags| vec![flags, 3, 2, 0, 2, 6]);
    let doubles = [vec![3, 2, 2, 0, 6], vec![4, 3, 0, 2, 6, 2], vec![9, 3, 4, 2, 5, 2]];
    // A write to a new item takes 14 calls, and a read of it 7.
    let misconduct = (0..12).flat_map(|kind| {
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12].into_iter().flat_map(move |after| {
            [0, 1].map(|first| {
                let mut life = vec![first, 1, first * 2, 0, after, kind, after];
                life.extend(b"text\nvalue\n");
                life
            })
        })
    });
    sound.chain(doubles).chain(misconduct).collect()
}

/// How long the library may take for one step.
pub(super) fn patience(script: &Script) -> Duration {
    if script.answers() { PATIENT } else { IMPATIENT }
}

/// A moment at which a step began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    at: Instant,
    wait: Duration,
}

impl Begun {
    pub(super) fn with(wait: Duration) -> Self {
        Self { at: Instant::now(), wait }
    }

    /// Whether the deadline has passed; it must not have passed for long.
    pub(super) fn is_late(self) -> bool {
        let taken = self.at.elapsed();
        assert!(taken < self.wait + OVERTIME, "{taken:?} instead of {:?}", self.wait);
        taken >= self.wait
    }
}

/// What is written in one of the steps, or was there before.
pub(super) fn secret(number: usize) -> Vec<u8> {
    format!("{CANARY}-{number}").into_bytes()
}

/// A secret must be nowhere in a text.
pub(super) fn has_no_secret(text: &str) {
    assert!(!text.contains(CANARY), "a secret in {text}");
}

fn keyring(script: &Script) -> Keyring {
    let mut keyring = Keyring::default();
    keyring.locked = script.is_locked();
    if script.has_item() {
        keyring.add(attributes(), &secret(100));
    }
    if script.has_double() {
        keyring.add(attributes(), &secret(101));
    }
    if script.has_superset() {
        let mut wider = attributes();
        wider.insert("owner".to_owned(), "somebody else".to_owned());
        keyring.add(wider, &secret(102));
    }
    keyring
}

/// What every secret begins with, and nothing that the service makes up.
pub(super) const CANARY: &str = "canary-of-the-search";

/// Where every call is answered.
const PATIENT: Duration = Duration::from_secs(5);

/// Where the library may have to wait for what never comes.
const IMPATIENT: Duration = Duration::from_millis(40);

/// By how much a loaded machine may be late.
const OVERTIME: Duration = Duration::from_secs(3);

//! Sequences of events against a model that fits on a page: two partitions, a keyring that comes, goes, locks and fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use token_cache::seams::Seams;
use token_cache::store::{Absence, Breakage, MemoryStore, Obstacle, Store};
use token_cache::{
    Builder, Deadline, Environment, ErrorKind, Interaction, LockGuard, Partition, Platform, SecretBytes,
    TokenCache, TokenCachePersistenceOptions,
};

use crate::{Seeds, place};

/// Two bytes for each event; at most 32 of them.
pub fn check(bytes: &[u8]) {
    let world = World::new();
    let mut model = Model::default();
    for event in bytes.chunks_exact(2).take(32) {
        let partition = usize::from(event[1] & 1);
        match event[0] % 8 {
            0 => world.turn(&mut model, Keyring::Usable),
            1 => world.turn(&mut model, Keyring::Absent),
            2 => world.turn(&mut model, Keyring::Locked),
            3 => world.turn(&mut model, Keyring::Failing),
            4 => drop(world.open(&mut model, partition)),
            5 => world.write(&mut model, partition, event[1]),
            6 => world.read(&mut model, partition),
            _ => world.clear(&mut model, partition),
        }
        world.compare(&model, event);
    }
}

/// Usual lives of a cache.
pub fn seeds() -> Seeds {
    let lives: [&[u8]; 5] = [
        &[5, 2, 6, 0, 7, 0, 6, 0],
        &[1, 0, 5, 4, 6, 0, 0, 0, 6, 0, 5, 6, 1, 0, 6, 0],
        &[1, 0, 5, 4, 3, 0, 4, 0, 0, 0, 6, 0, 7, 0],
        &[5, 2, 5, 3, 2, 0, 6, 0, 6, 1, 0, 0, 6, 1],
        &[3, 0, 5, 2, 6, 0, 0, 0, 6, 0, 1, 0, 7, 0, 5, 9],
    ];
    lives.map(<[u8]>::to_vec).to_vec()
}

/// What may be known of each partition.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Kept {
    item: Option<u8>,
    /// Plaintext; `Some(None)` is the empty signal.
    file: Option<Option<u8>>,
}

#[derive(Debug, Default)]
struct Model {
    keyring: Keyring,
    kept: [Kept; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Keyring {
    #[default]
    Usable,
    /// It answers every look, and fails every change.
    Failing,
    Absent,
    Locked,
}

struct World {
    home: TempDir,
    keyring: Arc<Mutex<Keyring>>,
    items: [MemoryStore; 2],
}

impl World {
    fn new() -> Self {
        Self { home: place::home(), keyring: Arc::default(), items: [MemoryStore::new(), MemoryStore::new()] }
    }

    fn turn(&self, model: &mut Model, keyring: Keyring) {
        *self.keyring.lock().expect("not poisoned") = keyring;
        model.keyring = keyring;
    }

    fn builder(&self, partition: usize) -> Builder {
        let options = TokenCachePersistenceOptions::new().name("app").allow_unencrypted_storage(true);
        let environment = Environment {
            platform: Platform::Linux,
            home: Some(self.home.path().to_owned()),
            ..Environment::default()
        };
        let store = Failing { keyring: Arc::clone(&self.keyring), items: self.items[partition].clone() };
        let seams = Seams { store: Box::new(move |_, _| Ok(Box::new(store.clone()))), ..Seams::real() };
        let builder = TokenCache::builder(&options).environment(environment).seams(seams);
        builder.partition(PARTITIONS[partition]).deadline(Duration::from_secs(20))
    }

    /// Plaintext moves into a keyring wherever it is met, unless an item is there already; then it is emptied.
    fn open(&self, model: &mut Model, partition: usize) -> Option<TokenCache> {
        let opened = self.builder(partition).open();
        let kept = &mut model.kept[partition];
        match (model.keyring, *kept) {
            (Keyring::Locked, _) => {
                assert_eq!(opened.err().map(|error| error.kind()), Some(ErrorKind::Locked));
                return None;
            }
            (Keyring::Failing, Kept { item: None, file: Some(Some(_)) }) => {
                assert_eq!(opened.err().map(|error| error.kind()), Some(ErrorKind::Io));
                return None;
            }
            (Keyring::Usable | Keyring::Failing, Kept { item, file: Some(Some(plaintext)) }) => {
                *kept = Kept { item: item.or(Some(plaintext)), file: Some(None) };
            }
            (Keyring::Usable | Keyring::Failing | Keyring::Absent, _) => {}
        }
        Some(opened.expect("it opens"))
    }

    fn write(&self, model: &mut Model, partition: usize, value: u8) {
        let Some(cache) = self.open(model, partition) else { return };
        let written = cache.write(secret(value));
        let kept = &mut model.kept[partition];
        match model.keyring {
            Keyring::Usable => *kept = Kept { item: Some(value), file: Some(None) },
            Keyring::Absent => kept.file = Some(Some(value)),
            Keyring::Failing => {
                assert_eq!(written.err().map(|error| error.kind()), Some(ErrorKind::Io));
                // The signal is made before the item.
                kept.file = kept.file.or(Some(None));
                return;
            }
            Keyring::Locked => unreachable!("a locked cache does not open"),
        }
        written.expect("it is written");
    }

    fn read(&self, model: &mut Model, partition: usize) {
        let Some(cache) = self.open(model, partition) else { return };
        let kept = model.kept[partition];
        let expected = match model.keyring {
            Keyring::Usable | Keyring::Failing => kept.item,
            Keyring::Absent | Keyring::Locked => kept.file.flatten(),
        };
        assert_eq!(cache.read().expect("it is read"), expected.map(secret));
    }

    fn clear(&self, model: &mut Model, partition: usize) {
        let untouched = !self.file(partition).parent().is_some_and(Path::exists);
        let report = self.builder(partition).clear().expect("it is cleared");
        let kept = &mut model.kept[partition];
        match model.keyring {
            // It says that there is no item, and where there is no folder nothing else is asked of it.
            Keyring::Failing if untouched && kept.item.is_none() => assert!(report.is_complete()),
            Keyring::Usable => {
                assert!(report.is_complete());
                *kept = Kept::default();
            }
            Keyring::Failing | Keyring::Absent | Keyring::Locked => {
                assert!(!report.is_complete(), "nobody could ask for the item");
                // A signal stays: it says that there may be an item.
                if let Some(Some(_)) = kept.file {
                    kept.file = None;
                }
            }
        }
    }

    fn compare(&self, model: &Model, event: &[u8]) {
        for (partition, kept) in model.kept.iter().enumerate() {
            let deadline = Deadline::after(Duration::from_secs(1));
            let item = self.items[partition].read(deadline).expect("memory does not fail");
            assert_eq!(item, kept.item.map(secret), "the item after {event:?}: {model:?}");
            let file = fs::read_to_string(self.file(partition)).ok();
            let expected = kept.file.map(|file| file.map_or_else(String::new, |value| value.to_string()));
            assert_eq!(file, expected, "the file after {event:?}: {model:?}");
        }
    }

    fn file(&self, partition: usize) -> PathBuf {
        self.home.path().join(".IdentityService").join(format!("app{}", PARTITIONS[partition].suffix()))
    }
}

/// A keyring in memory, behind the state that the sequence chooses.
#[derive(Clone)]
struct Failing {
    keyring: Arc<Mutex<Keyring>>,
    items: MemoryStore,
}

impl Failing {
    fn change(&self) -> Result<(), Obstacle> {
        self.probe(Interaction::Never, Deadline::after(Duration::ZERO))?;
        match *self.keyring.lock().expect("not poisoned") {
            Keyring::Failing => {
                Err(Obstacle::Broken(Breakage::Service { call: "change", name: "fuzz.Failed".to_owned() }))
            }
            Keyring::Usable | Keyring::Absent | Keyring::Locked => Ok(()),
        }
    }
}

impl Store for Failing {
    fn probe(&self, _interaction: Interaction, _deadline: Deadline) -> Result<(), Obstacle> {
        match *self.keyring.lock().expect("not poisoned") {
            Keyring::Usable | Keyring::Failing => Ok(()),
            Keyring::Absent => Err(Absence::NoService.into()),
            Keyring::Locked => Err(Obstacle::Locked),
        }
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.items.read(deadline)
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        self.change()?;
        self.items.write(lock, bytes, deadline)
    }

    fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
        self.change()?;
        self.items.clear(lock, deadline)
    }
}

fn secret(value: u8) -> SecretBytes {
    SecretBytes::from(value.to_string().into_bytes())
}

const PARTITIONS: [Partition; 2] = [Partition::NoCae, Partition::Cae];

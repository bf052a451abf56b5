//! A home, and a protector whose state a test chooses.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::fs::allow_others;
use crate::fs::testing::Others;
use crate::seams::Seams;
use crate::store::{Absence, Deadline, Interaction, MemoryStore, Obstacle, Store};
use crate::{
    Builder, Environment, Error, LockGuard, Platform, SecretBytes, TokenCache, TokenCachePersistenceOptions,
};

/// What stands in the way; a function, because an obstacle is made anew for each call, and may depend on its deadline.
pub(super) type Way = fn(Deadline) -> Result<(), Obstacle>;

/// A machine with one user, who has a home and perhaps a keyring.
pub(super) struct World {
    home: tempfile::TempDir,
    pub(super) keyring: MemoryStore,
    probe: Arc<Mutex<Way>>,
    write: Arc<Mutex<Way>>,
}

impl World {
    /// A world with a keyring that works.
    pub(super) fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
            keyring: MemoryStore::new(),
            probe: Arc::new(Mutex::new(usable)),
            write: Arc::new(Mutex::new(usable)),
        }
    }

    /// Chooses what a probe answers from now on.
    pub(super) fn probe_answers(&self, way: Way) -> &Self {
        *self.probe.lock().expect("not poisoned") = way;
        self
    }

    /// Chooses what a write answers from now on.
    pub(super) fn write_answers(&self, way: Way) -> &Self {
        *self.write.lock().expect("not poisoned") = way;
        self
    }

    pub(super) fn builder(&self, consent: bool) -> Builder {
        let options = TokenCachePersistenceOptions::new().name("app").allow_unencrypted_storage(consent);
        self.builder_with(&options)
    }

    pub(super) fn builder_with(&self, options: &TokenCachePersistenceOptions) -> Builder {
        let environment = Environment {
            platform: Platform::Linux,
            home: Some(self.home.path().to_owned()),
            ..Environment::default()
        };
        let wait = Duration::from_millis(500);
        TokenCache::builder(options).environment(environment).deadline(wait).seams(self.seams())
    }

    /// The right parts, with this world's keyring.
    pub(super) fn seams(&self) -> Seams {
        let store =
            Keyring { memory: self.keyring.clone(), probe: self.probe.clone(), write: self.write.clone() };
        Seams { store: Box::new(move |_, _| Ok(Box::new(store.clone()))), ..Seams::real() }
    }

    pub(super) fn open(&self, consent: bool) -> Result<TokenCache, Error> {
        self.builder(consent).open()
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.home.path().join(".IdentityService")
    }

    /// The file of the cache `app`: signal and plaintext.
    pub(super) fn file(&self) -> PathBuf {
        self.directory().join("app.nocae")
    }

    /// Puts a file in the place of the plaintext, as an earlier program would.
    pub(super) fn plant(&self, content: &str, others: Others) -> &Self {
        fs::create_dir_all(self.directory()).expect("made");
        allow_others(&self.directory(), Others::Nothing);
        fs::write(self.file(), content).expect("written");
        allow_others(&self.file(), others);
        self
    }

    pub(super) fn content(&self) -> String {
        fs::read_to_string(self.file()).expect("there is a file")
    }

    /// The names in the folder of the caches, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory()).expect("there is a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    pub(super) fn item(&self) -> Option<SecretBytes> {
        self.keyring.read(Deadline::after(Duration::from_secs(1))).expect("memory does not fail")
    }

    pub(super) fn set_item(&self, text: &str) -> &Self {
        let lock = LockGuard::without_lock();
        let deadline = Deadline::after(Duration::from_secs(1));
        self.keyring.write(&lock, &secret(text), deadline).expect("memory does not fail");
        self
    }
}

/// A keyring in memory, behind the chosen answers.
#[derive(Clone)]
struct Keyring {
    memory: MemoryStore,
    probe: Arc<Mutex<Way>>,
    write: Arc<Mutex<Way>>,
}

impl Store for Keyring {
    fn probe(&self, _interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        let way = *self.probe.lock().expect("not poisoned");
        way(deadline)
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.memory.read(deadline)
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        let way = *self.write.lock().expect("not poisoned");
        way(deadline)?;
        self.memory.write(lock, bytes, deadline)
    }

    fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
        self.memory.clear(lock, deadline)
    }
}

pub(super) fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

pub(super) fn usable(_deadline: Deadline) -> Result<(), Obstacle> {
    Ok(())
}

pub(super) fn absent(_deadline: Deadline) -> Result<(), Obstacle> {
    Err(Absence::NoService.into())
}

pub(super) fn locked(_deadline: Deadline) -> Result<(), Obstacle> {
    Err(Obstacle::Locked)
}

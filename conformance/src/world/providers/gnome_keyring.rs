//! gnome-keyring: its folders, its password, how it is started and read.
//!
//! Without a desktop there is no prompter, so it dismisses every prompt at once. With a password on standard input and
//! `--unlock` it makes the login collection, or unlocks it; without both, a login collection that exists stays locked,
//! and where none exists the alias `default` leads nowhere.

use std::{
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use super::{daemon::Daemon, inventory::Inventory, kind::GNOME_KEYRING};
use crate::{
    observation::{Clock, EvidenceLog, KeyringItem, Observer, SessionIndex},
    world::{
        bus::{BrokerKind, Bus, WireTap},
        client::KeyringClient,
        program,
        secret_service::DefaultCollection,
    },
};

/// The keyring of one home, kept in files, and the daemon that serves them at present.
pub(super) struct GnomeKeyring {
    folder: PathBuf,
    password: Password,
    running: Option<Running>,
}

/// A daemon and what it serves.
struct Running {
    daemon: Daemon,
    /// The address of the broker itself: the harness's own reading is no call of a client.
    address: String,
    files: Files,
}

/// Which files a daemon serves.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Files {
    /// Those of the keyring.
    Own,
    /// None, as on a fresh machine.
    Fresh,
}

/// How a daemon begins.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Start {
    Unlocked,
    Locked,
}

impl GnomeKeyring {
    /// A keyring that holds nothing yet, with its files in a folder that need not exist.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, password: Password::fresh(), running: None }
    }

    /// Has a daemon join the bus, in place of the one before; none for a world without a service.
    pub(super) fn set(&mut self, wanted: Option<DefaultCollection>, bus: &Bus) -> Result<(), String> {
        if let Some(running) = self.running.take() {
            running.daemon.stop()?;
        }
        let Some(wanted) = wanted else { return Ok(()) };
        let (files, start) = match wanted {
            DefaultCollection::Missing => (Files::Fresh, Start::Locked),
            DefaultCollection::Present { locked: false } => (Files::Own, Start::Unlocked),
            DefaultCollection::Present { locked: true } => (Files::Own, Start::Locked),
        };
        let folder = self.folder_of(files);
        if files == Files::Fresh {
            remove(&folder)?;
        }
        if wanted == (DefaultCollection::Present { locked: true }) && !self.login().exists() {
            // Only a collection that exists can be locked.
            self.start(&folder, Start::Unlocked, bus)?.stop()?;
        }
        let daemon = self.start(&folder, start, bus)?;
        let address = bus.broker_address();
        self.running = Some(Running { daemon, address: address.clone(), files });
        let found = default_collection(&address)?;
        if found == wanted {
            Ok(())
        } else {
            Err(format!("its default collection is {found:?} where {wanted:?} was wanted"))
        }
    }

    /// Every item with its secret: what is unlocked as a client sees it, the rest as it lies in the files.
    pub(super) fn items(&self) -> Result<Vec<(KeyringItem, Vec<u8>)>, String> {
        let Some(running) = &self.running else { return self.items_at_rest() };
        let Inventory { mut items, locked } = read(&running.address)?;
        if locked.iter().any(|collection| collection != LOGIN) {
            return Err(format!("{} cannot be unlocked by the harness", locked.join(" or ")));
        }
        if running.files != Files::Own || !locked.is_empty() {
            items.extend(self.items_at_rest()?);
        }
        Ok(items)
    }

    /// Every item of the files, read from a copy of them that another daemon unlocks on a bus of its own.
    pub(super) fn items_at_rest(&self) -> Result<Vec<(KeyringItem, Vec<u8>)>, String> {
        if !self.login().exists() {
            return self.nothing_at_rest();
        }
        let folder = self.folder.join("copy");
        remove(&folder)?;
        let copied = copy(&keyrings(&self.folder_of(Files::Own)), &keyrings(&folder));
        let items = copied.and_then(|()| self.items_of_copy(&folder));
        remove(&folder)?;
        items
    }

    /// Removes an item by its object path, past the interposer.
    pub(super) fn remove_item(&self, path: &str) -> Result<(), String> {
        let running = self.running.as_ref().ok_or("nobody serves it at present")?;
        let mut client = KeyringClient::connect(&running.address).map_err(|error| error.to_string())?;
        client.delete(path).map_err(|error| error.to_string())
    }

    fn items_of_copy(&self, folder: &Path) -> Result<Vec<(KeyringItem, Vec<u8>)>, String> {
        let sockets = folder.join("bus");
        make_private(&sockets)?;
        let log = EvidenceLog::without(Clock::start(), [Observer::Bus]);
        let bus = Bus::start(BrokerKind::Busd, &sockets, &log, Arc::new(Deaf))
            .map_err(|error| error.to_string())?;
        let daemon = self.start(folder, Start::Unlocked, &bus)?;
        let inventory = read(&bus.broker_address());
        daemon.stop()?;
        let Inventory { mut items, locked } = inventory?;
        if !locked.is_empty() {
            return Err(format!("{} cannot be unlocked by the harness", locked.join(" or ")));
        }
        // The session collection of a daemon lives in its memory only; this one's is nobody's.
        items.retain(|(item, _)| item.collection != SESSION);
        Ok(items)
    }

    /// No login collection was made or it was deleted; another collection would need another password.
    fn nothing_at_rest(&self) -> Result<Vec<(KeyringItem, Vec<u8>)>, String> {
        let folder = keyrings(&self.folder_of(Files::Own));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(naming(&folder, &error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| naming(&folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "keyring") {
                return Err(format!("{} cannot be unlocked by the harness", path.display()));
            }
        }
        Ok(Vec::new())
    }

    fn start(&self, folder: &Path, start: Start, bus: &Bus) -> Result<Daemon, String> {
        let (home, runtime) = (home(folder), folder.join("run"));
        make_private(&home)?;
        make_private(&runtime)?;
        let program =
            program::find(GNOME_KEYRING).ok_or_else(|| format!("{GNOME_KEYRING} is not in PATH"))?;
        let mut command = Command::new(program);
        // Not `--daemonize`, which would leave the process group, and no component that listens elsewhere.
        command
            .args(["--foreground", "--components=secrets"])
            .env_clear()
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", &runtime)
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .current_dir(&home);
        let input = match start {
            Start::Unlocked => {
                command.arg("--unlock");
                self.password.0.as_bytes()
            }
            Start::Locked => b"",
        };
        Daemon::start(command, input, bus)
    }

    fn folder_of(&self, files: Files) -> PathBuf {
        self.folder.join(match files {
            Files::Own => "own",
            Files::Fresh => "fresh",
        })
    }

    /// The file of the login collection.
    fn login(&self) -> PathBuf {
        keyrings(&self.folder_of(Files::Own)).join("login.keyring")
    }
}

impl fmt::Debug for GnomeKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GnomeKeyring").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What opens the files of one keyring, and of no other.
struct Password(String);

impl Password {
    fn fresh() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system gives random bytes");
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn read(address: &str) -> Result<Inventory, String> {
    Inventory::read(address).map_err(|error| error.to_string())
}

/// The state of the default collection, as a client finds it.
fn default_collection(address: &str) -> Result<DefaultCollection, String> {
    let found = || {
        let mut client = KeyringClient::connect(address)?;
        Ok::<_, crate::world::client::ClientError>(match client.alias("default")? {
            None => DefaultCollection::Missing,
            Some(collection) => DefaultCollection::Present { locked: client.is_locked(&collection)? },
        })
    };
    found().map_err(|error| error.to_string())
}

fn home(folder: &Path) -> PathBuf {
    folder.join("home")
}

/// Where a daemon with a folder keeps its collections.
fn keyrings(folder: &Path) -> PathBuf {
    home(folder).join(".local/share/keyrings")
}

/// Copies the files of a folder, which has no folders in it.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    make_private(to)?;
    for entry in fs::read_dir(from).map_err(|error| naming(from, &error))? {
        let source = entry.map_err(|error| naming(from, &error))?.path();
        let Some(name) = source.file_name() else { continue };
        let copied = || -> io::Result<()> {
            let mut source = fs::File::open(&source)?;
            let target = to.join(name);
            let mut target = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(target)?;
            io::copy(&mut source, &mut target).map(drop)
        };
        copied().map_err(|error| naming(&source, &error))?;
    }
    Ok(())
}

fn make_private(folder: &Path) -> Result<(), String> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| naming(folder, &error))
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(naming(folder, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn naming(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Nothing on the bus of a copy is evidence.
struct Deaf;

impl WireTap for Deaf {
    fn bytes(&self, _: Option<SessionIndex>, _: &str, _: &[u8]) {}
}

/// The collection that the password opens.
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
/// The collection that lives as long as a daemon.
const SESSION: &str = "/org/freedesktop/secrets/collection/session";

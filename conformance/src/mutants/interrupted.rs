//! Saves that are lost, torn or left lying about when something goes wrong in the middle.

use std::{
    collections::HashMap,
    env,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use token_cache::{
    Deadline, Error, FileError, Location, LockGuard, SecretBytes,
    seams::{Files, Locking, PrivateDir, Seams, SystemFiles, SystemLocking},
    store::{Obstacle, Store},
};

use super::{
    Mutant, Part,
    altered::{AlteredFiles, AlteredStore},
    files::with,
    store::{beside, failed, wrapping},
};
use crate::modes::OpenOptionsMode as _;

/// The mutants of this kind.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "fallback-written-in-place",
        part: Part::Files,
        defect: "The fallback file is emptied, and then written.",
        killers: &[
            "durability/disk-full#intact",
            "durability/killed-at-write#old-or-new",
            "durability/read-during-write#old-or-new",
        ],
        seams: || with(Through(in_place)),
    },
    Mutant {
        name: "item-deleted-first",
        part: Part::Store,
        defect: "An item is deleted, its marker removed, and a new item made.",
        killers: &["durability/killed-in-keyring-mode#old-or-new"],
        seams: || wrapping(|store, plan| MadeAnew { right: store, marker: beside(plan, "marker") }),
    },
    Mutant {
        name: "plaintext-emptied-first",
        part: Part::Store,
        defect: "The plaintext and its marker go before the item is made.",
        killers: &["lifecycle/interrupted-import#kept"],
        seams: || {
            wrapping(|store, plan| EmptiesFirst {
                right: store,
                plaintext: plan.location.plaintext_path(),
                marker: beside(plan, "marker"),
            })
        },
    },
    Mutant {
        name: "removal-errors-swallowed",
        part: Part::Files,
        defect: "Whether the plaintext could be emptied after an import is looked at by nobody, and nothing is said.",
        killers: &["fallback/residue-undeletable#reported"],
        seams: || Seams { announce: Box::new(|_| {}), ..with(EmptiesIfPossible) },
    },
    Mutant {
        name: "temporaries-left-behind",
        part: Part::Files,
        defect: "Nobody looks for what a killed writer left.",
        killers: &["file-hygiene/temporary-after-kill#swept"],
        seams: || with(NeverSweeps),
    },
    Mutant {
        name: "temporary-foreseeable",
        part: Part::Files,
        defect: "The temporary is the file's name with an ending, and is opened whether it is there or not.",
        killers: &["file-hygiene/temporary-guarded#guarded"],
        seams: || with(Through(by_a_known_name)),
    },
    Mutant {
        name: "temporary-elsewhere",
        part: Part::Files,
        defect: "The temporary lies in the folder for temporary files.",
        killers: &["file-hygiene/temporary-guarded#guarded"],
        seams: || with(Through(by_the_temporary_folder)),
    },
    Mutant {
        name: "save-kept-in-memory",
        part: Part::Files,
        defect: "A save that could not be carried out is kept in memory, and acknowledged.",
        killers: &["durability/disk-full#reported", "durability/read-only#reported"],
        seams: || Seams { locking: Arc::new(HeldOrNot), ..with(Hopeful::default()) },
    },
];

/// Writes the fallback in a way of its own.
#[derive(Debug)]
struct Through(fn(&Path, &[u8]) -> io::Result<()>);

impl AlteredFiles for Through {
    fn replace_private(
        &self,
        _: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        let path = directory.path().join(name);
        (self.0)(&path, bytes.expose()).map_err(|error| FileError::system("write", &path, error))
    }
}

fn in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    private(path)?.write_all(bytes)
}

fn by_a_known_name(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    private(Path::new(&temporary))?.write_all(bytes)?;
    fs::rename(&temporary, path)
}

fn by_the_temporary_folder(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unique = format!("cache-{}", std::process::id());
    let temporary = env::temp_dir().join(unique);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    fs::rename(&temporary, path)
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Replaces an item as one replaces a file.
struct MadeAnew {
    right: Box<dyn Store>,
    marker: PathBuf,
}

impl AlteredStore for MadeAnew {
    fn right(&self) -> &dyn Store {
        self.right.as_ref()
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        self.right.clear(lock, deadline)?;
        // There is none unless the last save did not come to its end.
        let _none = fs::remove_file(&self.marker);
        self.right.write(lock, bytes, deadline)
    }
}

/// Takes the plaintext away before its content is anywhere else.
struct EmptiesFirst {
    right: Box<dyn Store>,
    plaintext: PathBuf,
    marker: PathBuf,
}

impl AlteredStore for EmptiesFirst {
    fn right(&self) -> &dyn Store {
        self.right.as_ref()
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        let emptied = OpenOptions::new().write(true).truncate(true).open(&self.plaintext);
        emptied.map_err(|error| failed(&self.plaintext, error))?;
        // There is none unless the last move did not come to its end.
        let _none = fs::remove_file(&self.marker);
        self.right.write(lock, bytes, deadline)
    }
}

#[derive(Debug)]
struct EmptiesIfPossible;

impl AlteredFiles for EmptiesIfPossible {
    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        let replaced = SystemFiles.replace_private(lock, directory, name, bytes);
        if bytes.is_empty() { Ok(()) } else { replaced }
    }
}

#[derive(Debug)]
struct NeverSweeps;

impl AlteredFiles for NeverSweeps {
    fn sweep(&self, _: &LockGuard, _: &PrivateDir, _: &str) -> Result<usize, FileError> {
        Ok(0)
    }

    fn has_temporary(&self, _: &PrivateDir, _: &str) -> Result<bool, FileError> {
        Ok(false)
    }
}

/// Takes every save for one that worked, as far as this process can tell.
#[derive(Debug, Default)]
struct Hopeful(Mutex<HashMap<String, SecretBytes>>);

impl AlteredFiles for Hopeful {
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => SystemFiles.read_private(directory, name),
        }
    }

    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        if SystemFiles.replace_private(lock, directory, name, bytes).is_err() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.clone());
        }
        Ok(())
    }
}

/// Goes on without the lock where there is none to be had.
#[derive(Debug)]
struct HeldOrNot;

impl Locking for HeldOrNot {
    fn acquire(
        &self,
        directory: &Arc<PrivateDir>,
        location: &Location,
        program: &str,
        deadline: Deadline,
    ) -> Result<LockGuard, Error> {
        let held = SystemLocking.acquire(directory, location, program, deadline);
        Ok(held.unwrap_or_else(|_| LockGuard::without_lock()))
    }
}

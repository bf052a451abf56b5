//! Variants that do it otherwise and keep every sentence.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::Arc,
};

use token_cache::{
    Deadline, Error, FileError, Interaction, Location, LockGuard, SecretBytes,
    seams::{
        Decision, Files, Locking, NotedFile, PrivateDir, Residue, Seams, SystemFiles, SystemLocking, decide,
    },
    store::{Absence, Obstacle, Store},
};

use super::{
    Variant,
    altered::{AlteredFiles, AlteredStore},
    decision::deciding,
    files::with,
    store::wrapping,
};
use crate::modes::OpenOptionsMode as _;

/// Every variant.
pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "absence-in-other-words",
        difference: "All ways in which a protector can be missing have the same error text.",
        seams: || wrapping(|store, _| OtherWords(store)),
    },
    Variant {
        name: "asks-twice",
        difference: "The protector is probed twice, and the item is read twice.",
        seams: || wrapping(|store, _| Twice(store)),
    },
    Variant {
        name: "item-made-anew",
        difference: "A new item takes the place of the old one at each save.",
        seams: || wrapping(|store, _| Anew(store)),
    },
    Variant {
        name: "lock-without-a-program",
        difference: "The lock file names the process and not the program.",
        seams: || Seams { locking: Arc::new(Nameless), ..Seams::real() },
    },
    Variant {
        name: "missing-collection-is-trouble",
        difference: "A keyring without a collection is one that is not set up: an error, also with consent.",
        seams: || {
            deciding(|probe, consent, existing| match probe {
                Err(Obstacle::Absent(Absence::NoCollection)) => Decision::Refuse,
                other => decide(other, consent, existing),
            })
        },
    },
    Variant {
        name: "residue-emptied-unread",
        difference: "When encryption returns, the fallback's tokens are dropped, and the user signs in again.",
        seams: || {
            deciding(|probe, consent, existing| match decide(probe, consent, existing) {
                Decision::Encrypted(Residue::Import) => Decision::Encrypted(Residue::Empty),
                other => other,
            })
        },
    },
    Variant {
        name: "signal-marked-twice",
        difference: "The signal file is marked as changed twice for each change.",
        seams: || with(MarksTwice),
    },
    Variant {
        name: "temporary-named-otherwise",
        difference: "The temporary file is named after the process and put on the disk twice; what was left is swept by its ending.",
        seams: || with(OtherTemporary),
    },
];

struct OtherWords(Box<dyn Store>);

impl AlteredStore for OtherWords {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        match self.0.probe(interaction, deadline) {
            Err(Obstacle::Absent(_)) => Err(Absence::Platform { platform: "of this session" }.into()),
            other => other,
        }
    }
}

struct Twice(Box<dyn Store>);

impl AlteredStore for Twice {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.probe(interaction, deadline)?;
        self.0.probe(interaction, deadline)
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.0.read(deadline)?;
        self.0.read(deadline)
    }
}

struct Anew(Box<dyn Store>);

impl AlteredStore for Anew {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.clear(lock, deadline)?;
        self.0.write(lock, bytes, deadline)
    }
}

#[derive(Debug)]
struct Nameless;

impl Locking for Nameless {
    fn acquire(
        &self,
        directory: &Arc<PrivateDir>,
        location: &Location,
        _: &str,
        deadline: Deadline,
    ) -> Result<LockGuard, Error> {
        SystemLocking.acquire(directory, location, "", deadline)
    }
}

#[derive(Debug)]
struct MarksTwice;

impl AlteredFiles for MarksTwice {
    fn note(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        let noted = SystemFiles.note(lock, directory, name)?;
        SystemFiles.note(lock, directory, name)?;
        Ok(noted)
    }
}

#[derive(Debug)]
struct OtherTemporary;

impl AlteredFiles for OtherTemporary {
    fn replace_private(
        &self,
        _: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        let path = directory.path().join(name);
        // What is no file of ours is refused here as the reference refuses it.
        SystemFiles.look(directory, name)?;
        replace(directory.path(), &path, bytes.expose())
            .map_err(|error| FileError::system("replace", &path, error))
    }

    fn sweep(&self, _: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
        let removed = leftovers(directory.path(), name).and_then(|left| {
            left.iter().try_for_each(fs::remove_file)?;
            Ok(left.len())
        });
        removed.map_err(|error| FileError::system("sweep", directory.path(), error))
    }

    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        let left = leftovers(directory.path(), name);
        left.map(|left| !left.is_empty())
            .map_err(|error| FileError::system("look at", directory.path(), error))
    }
}

/// The temporaries of a file, whoever made them; the caller holds the cache, or will before it touches them.
fn leftovers(folder: &Path, name: &str) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_of_it = path.file_name().and_then(OsStr::to_str).is_some_and(|found| {
            found.starts_with(name) && found.len() > name.len() && found.ends_with(".new")
        });
        if is_of_it {
            left.push(path);
        }
    }
    Ok(left)
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_added_extension(format!("{}.new", process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

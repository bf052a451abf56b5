//! Files that others can read, that are somebody else's, or that are not there.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use token_cache::{
    FileError, LockGuard, SecretBytes,
    seams::{FileState, NotedFile, PrivateDir, Seams, unchecked_directory},
};

use super::{
    Mutant, Part,
    altered::{Altered, AlteredFiles},
};
use crate::modes::{self, DirBuilderMode as _, OpenOptionsMode as _};

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "fallback-by-the-mask",
        part: Part::Files,
        defect: "The fallback file is made with the mode that the mask leaves.",
        killers: &["fallback/opt-in-works-no-service#private", "file-hygiene/no-umask#private"],
        seams: || with(Written(|path, bytes| fs::write(path, bytes))),
    },
    Mutant {
        name: "fallback-forgotten",
        part: Part::Files,
        defect: "The fallback lasts as long as the process.",
        killers: &[
            "fallback/after-encryption#works",
            "fallback/opt-in-works-no-bus#works",
            "fallback/opt-in-works-no-service#works",
        ],
        seams: || with(InMemory::default()),
    },
    Mutant {
        name: "fallback-tightened-too-late",
        part: Part::Files,
        defect: "The fallback file is made open to all and made private in the next call.",
        killers: &["file-hygiene/no-umask#born-private"],
        seams: || with(Written(tighten_then_write)),
    },
    Mutant {
        name: "file-used-as-it-is",
        part: Part::Files,
        defect: "New fallback files are private; one that is there keeps its mode.",
        killers: &["file-hygiene/loose-file#not-used-as-it-is"],
        seams: || with(Written(write_private_if_new)),
    },
    Mutant {
        name: "folder-open-to-all",
        part: Part::Files,
        defect: "The folder is made with the usual mode, and its mode is never looked at.",
        killers: &["file-hygiene/directory-private#mode", "file-hygiene/writable-folder#not-used-as-it-is"],
        seams: || with(OpenFolder),
    },
    Mutant {
        name: "link-followed",
        part: Part::Files,
        defect: "Files are opened by their path, through whatever link is there.",
        killers: &["file-hygiene/symlink#not-followed"],
        seams: || with(Followed),
    },
    Mutant {
        name: "no-signal-file",
        part: Part::Files,
        defect: "No signal file is made beside the item, so other tools never look for it.",
        killers: &["naming/default-name#place", "naming/partition-suffix#place"],
        seams: || with(Unsignalled),
    },
    Mutant {
        name: "signal-file-reused",
        part: Part::Files,
        defect: "The empty signal file may be read by all, and a later fallback is written into it.",
        killers: &["fallback/after-encryption#private"],
        seams: || with(ReadableSignal),
    },
];

/// The right parts, but for the files.
pub(super) fn with(files: impl AlteredFiles + 'static) -> Seams {
    Seams { files: Arc::new(Altered(files)), ..Seams::real() }
}

/// Writes the fallback in a way of its own, and reads it without making it private.
#[derive(Debug)]
struct Written(fn(&Path, &[u8]) -> io::Result<()>);

impl AlteredFiles for Written {
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        read(&directory.path().join(name))
    }

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

fn tighten_then_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    modes::set_mode(&file, 0o600)?;
    file.write_all(bytes)
}

fn write_private_if_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

/// Keeps plaintext in memory.
#[derive(Debug, Default)]
struct InMemory(Mutex<HashMap<String, SecretBytes>>);

impl AlteredFiles for InMemory {
    fn read_private(&self, _: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn replace_private(
        &self,
        _: &LockGuard,
        _: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.clone());
        Ok(())
    }
}

#[derive(Debug)]
struct OpenFolder;

impl AlteredFiles for OpenFolder {
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        if path.exists() { unchecked_directory(path).map(Some) } else { Ok(None) }
    }

    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        let made = DirBuilder::new().recursive(true).mode(0o755).create(path);
        made.map_err(|error| FileError::system("make", path, error))?;
        unchecked_directory(path)
    }
}

/// Takes a link for the file that it leads to.
#[derive(Debug)]
struct Followed;

impl AlteredFiles for Followed {
    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
        let path = directory.path().join(name);
        let looked = fs::metadata(&path).and_then(|metadata| {
            Ok(FileState {
                bytes: metadata.len(),
                identity: modes::identity(&path, &metadata)?,
                modified: metadata.modified()?,
                touched: metadata.modified()?,
                writable_by_others: false,
            })
        });
        if_there(looked, "look at", &path)
    }

    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        read(&directory.path().join(name))
    }

    fn replace_private(
        &self,
        _: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        let path = directory.path().join(name);
        write_private_if_new(&path, bytes.expose()).map_err(|error| FileError::system("write", &path, error))
    }

    fn listed_as(&self, _: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
        Ok(Some(name.to_owned()))
    }
}

#[derive(Debug)]
struct Unsignalled;

impl AlteredFiles for Unsignalled {
    fn note(&self, _: &LockGuard, _: &PrivateDir, _: &str) -> Result<NotedFile, FileError> {
        Ok(NotedFile::Touched)
    }
}

#[derive(Debug)]
struct ReadableSignal;

impl AlteredFiles for ReadableSignal {
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        read(&directory.path().join(name))
    }

    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        Written(write_private_if_new).replace_private(lock, directory, name, bytes)
    }

    fn note(&self, _: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        let path = directory.path().join(name);
        let noted = if path.exists() { NotedFile::Touched } else { NotedFile::Created };
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o644).open(&path);
        let marked = opened.and_then(|file| file.set_modified(SystemTime::now()));
        marked.map_err(|error| FileError::system("mark", &path, error))?;
        Ok(noted)
    }
}

pub(super) fn read(path: &Path) -> Result<Option<SecretBytes>, FileError> {
    if_there(fs::read(path).map(SecretBytes::from), "read", path)
}

fn if_there<T>(done: io::Result<T>, action: &'static str, path: &Path) -> Result<Option<T>, FileError> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::system(action, path, error)),
    }
}

//! Files that are replaced, shared and removed without care.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Seek, Write},
    path::Path,
};

use token_cache::{
    FileError, LockGuard, SecretBytes,
    seams::{FileState, PrivateDir, unchecked_directory},
};

use super::{
    Mutant, Part,
    altered::AlteredFiles,
    files::{read, with},
};
use crate::modes::{DirBuilderMode as _, OpenOptionsMode as _};

/// The mutants of this kind.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "fallback-generations",
        part: Part::Files,
        defect: "The fallback that is replaced is kept under another name, for safety.",
        killers: &["file-hygiene/no-remains#generations"],
        seams: || with(InPlace { write: keep_then_write }),
    },
    Mutant {
        name: "fallback-never-looked-for",
        part: Part::Files,
        defect: "Whether a fallback was left behind is looked at by nobody, at a removal neither.",
        killers: &["lifecycle/remove-everywhere#plaintext"],
        seams: || with(Overlooked),
    },
    Mutant {
        name: "fallback-overwritten",
        part: Part::Files,
        defect: "A fallback is written over the one before, whose tail stays if it was longer.",
        killers: &["file-hygiene/no-remains#longer"],
        seams: || with(InPlace { write: write_over }),
    },
    Mutant {
        name: "folder-made-by-one",
        part: Part::Files,
        defect: "A folder that appears between the look and the making is an error.",
        killers: &["durability/parallel-first-use#first"],
        seams: || with(MadeByOne),
    },
    Mutant {
        name: "removal-of-all",
        part: Part::Files,
        defect: "A removal takes every file of the folder along.",
        killers: &["lifecycle/remove-one#others-kept"],
        seams: || with(RemovesAll),
    },
    Mutant {
        name: "removal-of-nothing",
        part: Part::Files,
        defect: "A removal leaves the fallback where it is.",
        killers: &["lifecycle/remove-one#removed"],
        seams: || with(RemovesNothing),
    },
];

/// Writes the fallback into the file that is there.
#[derive(Debug)]
struct InPlace {
    write: fn(&Path, &[u8]) -> io::Result<()>,
}

impl AlteredFiles for InPlace {
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
        (self.write)(&path, bytes.expose()).map_err(|error| FileError::system("write", &path, error))
    }
}

fn keep_then_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() {
        fs::copy(path, path.with_extension("old"))?;
    }
    private(path, true)?.write_all(bytes)
}

/// White space keeps what is read whole where it was longer.
fn write_over(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(path, false)?;
    file.seek(io::SeekFrom::Start(0))?;
    file.write_all(bytes)
}

fn private(path: &Path, truncate: bool) -> io::Result<fs::File> {
    OpenOptions::new().write(true).create(true).truncate(truncate).mode(0o600).open(path)
}

/// Sees no file, and so has none to remove.
#[derive(Debug)]
struct Overlooked;

impl AlteredFiles for Overlooked {
    fn look(&self, _: &PrivateDir, _: &str) -> Result<Option<FileState>, FileError> {
        Ok(None)
    }

    fn remove(&self, _: &LockGuard, _: &PrivateDir, _: &str) -> Result<bool, FileError> {
        Ok(false)
    }
}

#[derive(Debug)]
struct MadeByOne;

impl AlteredFiles for MadeByOne {
    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        if !path.exists() {
            let made = DirBuilder::new().mode(0o700).create(path);
            made.map_err(|error| FileError::system("make", path, error))?;
        }
        unchecked_directory(path)
    }
}

#[derive(Debug)]
struct RemovesAll;

impl AlteredFiles for RemovesAll {
    fn remove(&self, _: &LockGuard, directory: &PrivateDir, _: &str) -> Result<bool, FileError> {
        let path = directory.path();
        let removed = fs::read_dir(path)
            .and_then(|mut entries| entries.try_for_each(|entry| fs::remove_file(entry?.path())));
        removed.map(|()| true).map_err(|error| FileError::system("remove", path, error))
    }
}

#[derive(Debug)]
struct RemovesNothing;

impl AlteredFiles for RemovesNothing {
    fn remove(&self, _: &LockGuard, _: &PrivateDir, _: &str) -> Result<bool, FileError> {
        Ok(true)
    }
}

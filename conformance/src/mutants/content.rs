//! Content that is trusted: parsed without care, run, or held against every other cache.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::Path,
};

use serde_json::Value;
use token_cache::{
    FileError, SecretBytes,
    seams::{Files as _, PrivateDir, SystemFiles},
};

use super::{Mutant, Part, altered::AlteredFiles, files::with};

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "dies-of-garbage",
        part: Part::Files,
        defect: "What is read is taken for a cache, and the program ends where it is none.",
        killers: &[
            "input/corrupt-depth#answered",
            "input/corrupt-encoding#answered",
            "input/corrupt-half#answered",
            "input/corrupt-noise#answered",
            "input/corrupt-shape#answered",
            "input/corrupt-tail#answered",
        ],
        seams: || with(Trusting),
    },
    Mutant {
        name: "one-broken-cache-locks-all",
        part: Part::Files,
        defect: "No cache is read while any file of the folder is no cache.",
        killers: &[
            "input/corrupt-depth#others-kept",
            "input/corrupt-encoding#others-kept",
            "input/corrupt-half#others-kept",
            "input/corrupt-noise#others-kept",
            "input/corrupt-shape#others-kept",
            "input/corrupt-tail#others-kept",
        ],
        seams: || with(AllOrNothing),
    },
    Mutant {
        name: "runs-what-it-reads",
        part: Part::Files,
        defect: "A pickle in place of the cache is carried out.",
        killers: &["input/corrupt-pickle#nothing-ran"],
        seams: || with(Unpickling),
    },
];

#[derive(Debug)]
struct Trusting;

impl AlteredFiles for Trusting {
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        let read = SystemFiles.read_private(directory, name)?;
        if let Some(bytes) = &read
            && !bytes.is_empty()
        {
            parse(bytes.expose()).expect("the defect: it is taken for granted that this is a cache");
        }
        Ok(read)
    }
}

#[derive(Debug)]
struct AllOrNothing;

impl AlteredFiles for AllOrNothing {
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        every_file_is_a_cache(directory.path())
            .map_err(|error| FileError::system("read", directory.path(), error))?;
        SystemFiles.read_private(directory, name)
    }
}

fn every_file_is_a_cache(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "nocae") {
            let content = fs::read(path)?;
            if !content.is_empty() {
                parse(&content)?;
            }
        }
    }
    Ok(())
}

fn parse(content: &[u8]) -> Result<HashMap<String, HashMap<String, Value>>, serde_json::Error> {
    serde_json::from_slice(content)
}

/// Knows the one instruction that a pickle needs to do harm: a function of Python's own, and texts to call it with.
#[derive(Debug)]
struct Unpickling;

impl AlteredFiles for Unpickling {
    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        let read = SystemFiles.read_private(directory, name)?;
        let text = read.as_ref().and_then(|bytes| std::str::from_utf8(bytes.expose()).ok());
        let called = text.and_then(|text| text.strip_prefix("cbuiltins\nopen\n(S'"));
        if let Some((file, _)) = called.and_then(|arguments| arguments.split_once('\'')) {
            File::create(file).map_err(|error| FileError::system("open", Path::new(file), error))?;
        }
        Ok(read)
    }
}

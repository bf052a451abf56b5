//! Files that become others by a rename.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use super::checked::is_missing;
use super::directory::PrivateDir;
use super::ffi::{self, Purpose, Which};
use super::patience::{Until, patiently};
use super::private::{private, verify_private};
use crate::fs::FileError;
use crate::fs::security_descriptor::Inheritance;
use crate::fs::temporary_name::{Leftovers, temporary_name};

/// A new file in the folder of the one that it will replace; gone when dropped, unless it was persisted.
#[derive(Debug)]
pub(super) struct Temporary {
    file: File,
    path: PathBuf,
    persisted: bool,
}

impl Temporary {
    pub(super) fn create(directory: &PrivateDir, target: &str) -> Result<Self, FileError> {
        let make = |error| FileError::system("make a temporary for", &directory.path_of(target), error);
        let path = directory.path_of(&temporary_name(target).map_err(make)?);
        let descriptor = private(Inheritance::Nothing).map_err(make)?;
        let file = ffi::open(&path, Purpose::Change, Which::New(&descriptor)).map_err(make)?;
        let temporary = Self { file, path, persisted: false };
        verify_private(&temporary.file, &temporary.path)?;
        Ok(temporary)
    }

    /// Writes everything and puts it on the disk.
    pub(super) fn write(&self, bytes: &[u8], modified: SystemTime) -> Result<(), FileError> {
        (&self.file).write_all(bytes).map_err(|error| self.error("write", error))?;
        self.file.set_modified(modified).map_err(|error| self.error("mark", error))?;
        self.sync()
    }

    /// Takes the place of `target`, and puts that on the disk.
    pub(super) fn persist(mut self, directory: &PrivateDir, target: &str) -> Result<(), FileError> {
        let target = directory.path_of(target);
        patiently(Until::Free, || fs::rename(&self.path, &target))
            .map_err(|error| FileError::system("replace", &target, error))?;
        self.persisted = true;
        self.sync()
    }

    fn sync(&self) -> Result<(), FileError> {
        self.file.sync_all().map_err(|error| self.error("put on the disk", error))
    }

    fn error(&self, action: &'static str, source: io::Error) -> FileError {
        FileError::system(action, &self.path, source)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.persisted {
            // The error that led here is the one to report; what stays is swept at the next start.
            ffi::delete(&self.file).ok();
        }
    }
}

/// Removes what a killed writer of `target` left behind; the caller holds the lock, so no writer is alive.
pub(super) fn sweep(directory: &PrivateDir, target: &str) -> Result<usize, FileError> {
    let leftovers = Leftovers::of(target);
    let mut removed = 0;
    for entry in directory.entries()? {
        if !leftovers.include(entry.file_name().as_encoded_bytes()) {
            continue;
        }
        match patiently(Until::Free, || fs::remove_file(entry.path())) {
            Ok(()) => removed += 1,
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(FileError::system("remove", &entry.path(), error)),
        }
    }
    Ok(removed)
}

/// Whether there is a temporary of `target`.
pub(super) fn exists(directory: &PrivateDir, target: &str) -> Result<bool, FileError> {
    let leftovers = Leftovers::of(target);
    let names = directory.entries()?;
    Ok(names.into_iter().any(|entry| leftovers.include(entry.file_name().as_encoded_bytes())))
}

/// Leaves a temporary as a killed writer does, who does not run the guard.
#[cfg(test)]
pub(crate) fn leave_a_temporary(directory: &PrivateDir, target: &str) {
    let mut temporary = Temporary::create(directory, target).expect("made");
    // The system closes the handles of a process that is killed.
    temporary.persisted = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &PrivateDir) -> usize {
        directory.entries().expect("listed").len()
    }

    #[test]
    fn a_temporary_that_is_dropped_is_removed() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        let temporary = Temporary::create(&directory, "a").expect("made");
        assert_eq!(names(&directory), 1);
        drop(temporary);
        assert_eq!(names(&directory), 0);
    }

    #[test]
    fn leftovers_are_swept_and_those_of_other_caches_are_left() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        for target in ["a", "a", "b"] {
            leave_a_temporary(&directory, target);
        }
        assert!(exists(&directory, "a").expect("listed"));
        assert_eq!(sweep(&directory, "a").expect("swept"), 2);
        assert_eq!(names(&directory), 1);
        assert!(!exists(&directory, "a").expect("listed"));
    }
}

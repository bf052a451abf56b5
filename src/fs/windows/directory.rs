//! A folder that only its owner can use.

use std::ffi::OsString;
use std::fs::{DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::ERROR_ALREADY_EXISTS;

use super::checked::{is_link, is_missing};
use super::ffi::{self, Purpose, Which};
use super::patience::{Until, is, patiently};
use super::private;
use crate::fs::security_descriptor::{Inheritance, Openness};
use crate::fs::{FileError, Finding};

/// A folder that was checked: our own, and private.
///
/// It is held open without the right of others to delete or rename it, so its path leads to it for as long.
#[derive(Debug)]
pub struct PrivateDir {
    handle: File,
    path: PathBuf,
}

impl PrivateDir {
    /// Opens a folder that exists.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, FileError> {
        let handle = match patiently(Until::Shared, || ffi::open(path, Purpose::Pin, Which::Existing)) {
            Ok(handle) => handle,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(FileError::system("open", path, error)),
        };
        let directory = Self { handle, path: path.to_owned() };
        directory.verify_kind()?;
        directory.make_private()?;
        Ok(Some(directory))
    }

    /// Makes the folder if it is missing, but none of its parents: a home that does not exist is not ours to make.
    pub(super) fn create(path: &Path) -> Result<Self, FileError> {
        if let Some(directory) = Self::open(path)? {
            return Ok(directory);
        }
        let made = private::private(Inheritance::Everything)
            .and_then(|descriptor| ffi::make_directory(path, &descriptor));
        match made {
            Ok(()) => {}
            // Another process may have made it in the meantime; it is checked like any other.
            Err(error) if is(&error, ERROR_ALREADY_EXISTS) => {}
            Err(error) => return Err(FileError::system("make", path, error)),
        }
        let missing = || FileError::system("make", path, io::ErrorKind::NotFound);
        Self::open(path)?.ok_or_else(missing)
    }

    /// A folder that nobody checked, for parts that are wrong on purpose.
    #[cfg(feature = "seams")]
    pub(crate) fn unchecked(path: &Path) -> Result<Self, FileError> {
        let handle = ffi::open(path, Purpose::Pin, Which::Existing)
            .map_err(|error| FileError::system("open", path, error))?;
        Ok(Self { handle, path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file in it is.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What is in it.
    pub(super) fn entries(&self) -> Result<Vec<DirEntry>, FileError> {
        let listed = std::fs::read_dir(&self.path).and_then(Iterator::collect);
        listed.map_err(|error| FileError::system("list", &self.path, error))
    }

    /// The names in it.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, FileError> {
        Ok(self.entries()?.iter().map(DirEntry::file_name).collect())
    }

    fn verify_kind(&self) -> Result<(), FileError> {
        let metadata = self.handle.metadata().map_err(|error| self.error("look at", error))?;
        if is_link(&metadata) {
            return Err(FileError::not_safe(&self.path, Finding::Link));
        }
        if !metadata.is_dir() {
            let finding = Finding::Kind { found: "a file", expected: "a folder" };
            return Err(FileError::not_safe(&self.path, finding));
        }
        Ok(())
    }

    fn make_private(&self) -> Result<(), FileError> {
        match private::openness(&self.handle, &self.path)? {
            Openness::Private => Ok(()),
            Openness::Readable => private::make_private(&self.handle, &self.path, Inheritance::Everything),
            // What others could write to, they may have prepared; taking the right away now would hide that.
            Openness::Writable(finding) => Err(FileError::not_safe(&self.path, finding)),
        }
    }

    fn error(&self, action: &'static str, source: io::Error) -> FileError {
        FileError::system(action, &self.path, source)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::fs::testing::Others;
    use crate::fs::{Sid, allow_others, others_may};

    fn open_to(others: Others) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        fs::create_dir(&path).expect("made");
        allow_others(&path, others);
        (home, path)
    }

    #[test]
    fn a_missing_folder_is_none_and_is_not_made_by_looking() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        assert!(PrivateDir::open(&path).expect("no error").is_none());
        assert!(PrivateDir::open(&path.join("further")).expect("no error").is_none());
        assert!(!path.exists());
    }

    #[test]
    fn a_new_folder_is_private() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        PrivateDir::create(&path).expect("made");
        assert_eq!(others_may(&path), Others::Nothing);
    }

    #[test]
    fn a_missing_home_is_not_made() {
        let home = tempfile::tempdir().expect("a folder");
        let error = PrivateDir::create(&home.path().join("missing").join("cache")).expect_err("refused");
        assert!(matches!(error, FileError::System { action: "make", .. }), "{error:?}");
        assert!(!home.path().join("missing").exists());
    }

    #[test]
    fn an_own_folder_that_others_can_read_is_tightened() {
        let (_home, path) = open_to(Others::Read);
        assert_eq!(others_may(&path), Others::Read);
        assert!(PrivateDir::open(&path).expect("no error").is_some());
        assert_eq!(others_may(&path), Others::Nothing);
    }

    #[test]
    fn a_folder_that_everybody_can_write_to_is_refused_and_left_as_it_is() {
        let (_home, path) = open_to(Others::Write);
        for error in [PrivateDir::open(&path).err(), PrivateDir::create(&path).err()] {
            let expected = Finding::WritableBy { account: Sid::EVERYONE };
            let finding = match error {
                Some(FileError::Unsafe { finding, .. }) => Some(finding),
                _ => None,
            };
            assert_eq!(finding, Some(expected));
        }
        assert_eq!(others_may(&path), Others::Write);
        allow_others(&path, Others::Nothing);
        assert!(PrivateDir::open(&path).expect("private").is_some());
    }

    #[test]
    fn a_file_is_not_a_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        fs::write(&path, "").expect("written");
        let error = PrivateDir::open(&path).expect_err("refused");
        assert!(matches!(error, FileError::Unsafe { finding: Finding::Kind { .. }, .. }), "{error:?}");
    }
}

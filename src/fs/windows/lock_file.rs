//! Files that stand for a lock.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::time::SystemTime;

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_EXISTS, ERROR_SHARING_VIOLATION};

use super::checked::{Checked, is_missing};
use super::directory::PrivateDir;
use super::ffi::{self, Purpose, Which};
use super::patience::{Until, is, patiently};
use super::private::private;
use crate::fs::FileError;
use crate::fs::security_descriptor::Inheritance;
use crate::fs::temporary_name::temporary_name;

/// An open file that stands for a lock; it is released when this is dropped.
#[derive(Debug)]
pub(crate) struct LockFile(Checked);

impl LockFile {
    /// Opens the file, and makes it if there is none; `None` while somebody keeps us from opening it.
    pub(crate) fn open(directory: &PrivateDir, name: &str) -> Result<Option<Self>, FileError> {
        let mut opened = Self::open_existing(directory, name)?;
        if opened.is_none() {
            if let Some(made) = Self::create(directory, name, "")? {
                made.mark_as(UNMARKED);
                return Ok(Some(made));
            }
            // Somebody has made it in the meantime, or keeps us from opening it.
            opened = Self::open_existing(directory, name)?;
        }
        if let Some(opened) = &opened {
            opened.0.make_private()?;
        }
        Ok(opened)
    }

    /// Opens the file if there is one, and if nobody keeps us from opening it.
    pub(crate) fn open_existing(directory: &PrivateDir, name: &str) -> Result<Option<Self>, FileError> {
        let path = directory.path_of(name);
        let opened = match ffi::open(&path, Purpose::Change, Which::Existing) {
            Err(error) if is_missing(&error) => return Ok(None),
            opened => attempted(directory, name, opened)?,
        };
        opened.map(|file| Checked::of(file, path).map(Self)).transpose()
    }

    /// Makes the file with this content; `None` if there is one already.
    pub(crate) fn create(
        directory: &PrivateDir,
        name: &str,
        content: &str,
    ) -> Result<Option<Self>, FileError> {
        let path = directory.path_of(name);
        let made = private(Inheritance::Nothing)
            .and_then(|descriptor| ffi::open(&path, Purpose::Change, Which::New(&descriptor)));
        let file = match made {
            Err(error) if is(&error, ERROR_FILE_EXISTS) => return Ok(None),
            made => attempted(directory, name, made)?,
        };
        let Some(file) = file else { return Ok(None) };
        let checked = Checked::of(file, path)?;
        checked.make_private()?;
        let written = (&checked.file).write_all(content.as_bytes());
        let lock = Self(checked);
        match written {
            Ok(()) => Ok(Some(lock)),
            Err(error) => {
                // An empty lock file would hold up every other SDK.
                lock.remove(directory, name)?;
                Err(FileError::system("write", &lock.0.path, error))
            }
        }
    }

    /// Takes the system's lock on the file, without waiting; says whether it was free.
    pub(crate) fn try_hold(&self) -> Result<bool, FileError> {
        match self.0.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(FileError::system("lock", &self.0.path, error)),
        }
    }

    /// Takes the lock as [`try_hold`](Self::try_hold) does, and lets everybody read what is written in the file.
    ///
    /// It is another lock than that one: nobody may take both kinds on one file.
    pub(crate) fn try_hold_readable(&self) -> Result<bool, FileError> {
        ffi::try_lock_beyond(&self.0.file).map_err(|error| FileError::system("lock", &self.0.path, error))
    }

    /// Whether the name still leads to this very file.
    pub(crate) fn is_still(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        let now = match ffi::open(&directory.path_of(name), Purpose::Look, Which::Existing) {
            // A name that is about to go leads nowhere any more.
            Err(error) if is_missing(&error) || is(&error, ERROR_ACCESS_DENIED) => return Ok(false),
            now => now.and_then(|file| ffi::identity(&file)),
        };
        let now = now.map_err(|error| FileError::system("look at", &self.0.path, error))?;
        Ok(now.file == self.0.identity.file)
    }

    /// Removes this very file, if the name still leads to it; says whether it did.
    ///
    /// It goes by its handle, so that it can be no other; some systems keep its name until the handle is closed.
    pub(crate) fn remove(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        if !self.is_still(directory, name)? {
            return Ok(false);
        }
        let removed = ffi::delete(&self.0.file);
        removed.map_err(|error| FileError::system("remove", &self.0.path, error))?;
        Ok(true)
    }

    /// Removes the name as [`remove`](Self::remove) does, though somebody else has the file open; it is free at once.
    ///
    /// The file gets another name first, that of a temporary of `target`: where it keeps a name until its last handle is
    /// closed, it keeps that one, and where it keeps it for longer, it is swept.
    pub(crate) fn remove_in_use(
        &self,
        directory: &PrivateDir,
        name: &str,
        target: &str,
    ) -> Result<bool, FileError> {
        if !self.is_still(directory, name)? {
            return Ok(false);
        }
        let aside = temporary_name(target).and_then(|aside| {
            let aside = directory.path_of(&aside);
            patiently(Until::Free, || fs::rename(&self.0.path, &aside))
        });
        aside
            .and_then(|()| ffi::delete(&self.0.file))
            .map_err(|error| FileError::system("remove", &self.0.path, error))?;
        Ok(true)
    }

    /// What is written in it.
    pub(crate) fn content(&self) -> Result<String, FileError> {
        Ok(String::from_utf8_lossy(self.0.read()?.expose()).into_owned())
    }

    /// When it was last written or marked; long ago if it was only opened.
    pub(crate) fn modified(&self) -> Result<SystemTime, FileError> {
        let modified = self.0.file.metadata().and_then(|metadata| metadata.modified());
        modified.map_err(|error| FileError::system("look at", &self.0.path, error))
    }

    /// Makes now its time of modification; where that fails, it stays as it was.
    pub(crate) fn mark(&self) {
        self.mark_as(SystemTime::now());
    }

    fn mark_as(&self, time: SystemTime) {
        if let Err(error) = self.0.file.set_modified(time) {
            tracing::debug!(%error, "a lock file cannot be marked; whoever wants the lock may wait longer");
        }
    }
}

/// Nobody can have waited for a file that there was not.
const UNMARKED: SystemTime = SystemTime::UNIX_EPOCH;

/// The file that was opened; `None` where somebody is in the way who will not be for ever.
///
/// That is whoever has it open and does not share it, and whoever has removed it and not closed it yet. The latter looks
/// like a lack of rights, but then the file can still be looked at.
fn attempted(
    directory: &PrivateDir,
    name: &str,
    opened: io::Result<File>,
) -> Result<Option<File>, FileError> {
    let path = directory.path_of(name);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if is(&error, ERROR_SHARING_VIOLATION) => Ok(None),
        Err(error) if is(&error, ERROR_ACCESS_DENIED) => {
            match ffi::open(&path, Purpose::Look, Which::Existing) {
                Ok(file) => {
                    // It may be something else than a file, which is the better answer.
                    Checked::of(file, path.clone())?;
                    Err(FileError::system("open", &path, error))
                }
                Err(_) => Ok(None),
            }
        }
        Err(error) => Err(FileError::system("open", &path, error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::windows::fs::OpenOptionsExt;

    use super::*;

    fn place() -> (tempfile::TempDir, PrivateDir) {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        (home, directory)
    }

    #[test]
    fn a_lock_file_that_somebody_does_not_share_is_neither_opened_nor_an_error() {
        let (_home, directory) = place();
        let path = directory.path_of("a");
        let alone = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .share_mode(0)
            .open(path)
            .expect("open");
        assert!(LockFile::open(&directory, "a").expect("no error").is_none());
        assert!(LockFile::open_existing(&directory, "a").expect("no error").is_none());
        assert!(LockFile::create(&directory, "a", "1 test").expect("no error").is_none());
        drop(alone);
        assert!(LockFile::open(&directory, "a").expect("no error").is_some());
    }

    #[test]
    fn a_file_that_was_only_made_is_not_marked() {
        let (_home, directory) = place();
        let open = || LockFile::open(&directory, "a").expect("no error").expect("shared");
        assert_eq!(open().modified().expect("looked"), UNMARKED);
        open().mark();
        assert_ne!(open().modified().expect("looked"), UNMARKED);
    }

    #[test]
    fn a_folder_in_the_place_of_a_lock_file_is_an_error() {
        let (_home, directory) = place();
        fs::create_dir(directory.path_of("a")).expect("made");
        for opened in [LockFile::open(&directory, "a"), LockFile::open_existing(&directory, "a")] {
            assert!(matches!(opened, Err(FileError::Unsafe { .. })), "{opened:?}");
        }
    }

    #[test]
    fn a_name_that_was_removed_and_made_again_is_another_file() {
        let (_home, directory) = place();
        let first = LockFile::create(&directory, "a", "1 test").expect("made").expect("new");
        assert!(first.is_still(&directory, "a").expect("looked"));
        assert!(first.remove(&directory, "a").expect("removed"));
        drop(first);
        let second = LockFile::create(&directory, "a", "2 test").expect("made").expect("new");
        let opened = LockFile::open_existing(&directory, "a").expect("no error").expect("there");
        assert_eq!(opened.content().expect("read"), "2 test");
        assert!(second.is_still(&directory, "a").expect("looked"));
    }

    #[test]
    fn the_name_of_a_file_that_is_removed_while_somebody_has_it_open_is_free_at_once() {
        let (_home, directory) = place();
        let held = LockFile::create(&directory, "a", "1 test").expect("made").expect("new");
        assert!(held.try_hold().expect("asked"));
        let seen = LockFile::open_existing(&directory, "a").expect("no error").expect("there");
        assert!(seen.remove_in_use(&directory, "a", "b").expect("removed"));
        assert!(!held.is_still(&directory, "a").expect("looked"));
        let next = LockFile::create(&directory, "a", "2 test").expect("made").expect("the name is free");
        assert!(!held.remove(&directory, "a").expect("it is another file's name"));
        assert!(next.is_still(&directory, "a").expect("looked"));
    }

    #[test]
    fn one_handle_holds_the_lock_and_the_next_does_when_it_is_closed() {
        let (_home, directory) = place();
        let open = || LockFile::open(&directory, "a").expect("no error").expect("shared");
        let (first, second) = (open(), open());
        assert!(first.try_hold().expect("asked"));
        assert!(!second.try_hold().expect("asked"));
        drop(first);
        assert!(second.try_hold().expect("asked"));
    }

    #[test]
    fn what_is_held_readable_is_held_by_one_handle_and_read_by_the_next() {
        let (_home, directory) = place();
        let first = LockFile::create(&directory, "a", "1 test").expect("made").expect("new");
        assert!(first.try_hold_readable().expect("asked"));
        let second = LockFile::open_existing(&directory, "a").expect("no error").expect("there");
        assert!(!second.try_hold_readable().expect("asked"));
        assert_eq!(second.content().expect("read"), "1 test");
        drop(first);
        assert!(second.try_hold_readable().expect("asked"));
    }
}

//! Files that stand for a lock.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::PrivateDir;
use super::system::{Checked, OWNER_ONLY, SAFELY};
use crate::fs::FileError;

/// An open file that stands for a lock; it is released when this is dropped.
#[derive(Debug)]
pub(crate) struct LockFile(Checked);

impl LockFile {
    /// Opens the file, and makes it if there is none.
    ///
    /// Nobody can keep us from opening it, so on this system the answer is never `None`.
    pub(crate) fn open(directory: &PrivateDir, name: &str) -> Result<Option<Self>, FileError> {
        let open = |flags| Checked::open(directory, name, OFlag::O_RDWR | flags);
        let checked = match open(OFlag::empty())? {
            Some(checked) => checked,
            None => match Self::create(directory, name, "")? {
                Some(made) => {
                    made.mark_as(UNMARKED);
                    return Ok(Some(made));
                }
                // Somebody has made it in the meantime; whatever becomes of theirs, now there is one.
                None => open(OFlag::O_CREAT)?.ok_or_else(|| {
                    FileError::system("make", &directory.path_of(name), io::ErrorKind::NotFound)
                })?,
            },
        };
        checked.make_private()?;
        Ok(Some(Self(checked)))
    }

    /// Opens the file if there is one; for writing where that is allowed, because NFS locks no other for one holder.
    pub(crate) fn open_existing(directory: &PrivateDir, name: &str) -> Result<Option<Self>, FileError> {
        let opened = match Checked::open(directory, name, OFlag::O_RDWR) {
            Err(FileError::System { source, .. }) if is_refused(&source) => {
                Checked::open(directory, name, OFlag::O_RDONLY)
            }
            opened => opened,
        };
        Ok(opened?.map(Self))
    }

    /// Makes the file with this content; `None` if there is one already.
    pub(crate) fn create(
        directory: &PrivateDir,
        name: &str,
        content: &str,
    ) -> Result<Option<Self>, FileError> {
        let path = directory.path_of(name);
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | SAFELY;
        let file = match openat(directory, name, flags, OWNER_ONLY) {
            Ok(descriptor) => File::from(descriptor),
            Err(Errno::EEXIST) => return Ok(None),
            Err(errno) => return Err(FileError::system("make", &path, errno)),
        };
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
    pub(crate) fn try_hold_readable(&self) -> Result<bool, FileError> {
        self.try_hold()
    }

    /// Whether the name still leads to this very file.
    pub(crate) fn is_still(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        let Some(now) = Checked::open(directory, name, OFlag::O_RDONLY)? else { return Ok(false) };
        let identity = |checked: &Checked| (checked.metadata.dev(), checked.metadata.ino());
        Ok(identity(&now) == identity(&self.0))
    }

    /// Removes the name if it still leads to this very file; says whether it did.
    pub(crate) fn remove(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        if !self.is_still(directory, name)? {
            return Ok(false);
        }
        match unlinkat(directory, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(errno) => Err(FileError::system("remove", &self.0.path, errno)),
        }
    }

    /// Removes the name as [`remove`](Self::remove) does, though somebody else has the file open; it is free at once.
    ///
    /// Should something be left, it is a temporary of `target`.
    pub(crate) fn remove_in_use(
        &self,
        directory: &PrivateDir,
        name: &str,
        _target: &str,
    ) -> Result<bool, FileError> {
        self.remove(directory, name)
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

/// Whether an error says that the file may be read at most.
fn is_refused(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn place() -> (tempfile::TempDir, PrivateDir) {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        (home, directory)
    }

    #[test]
    fn a_lock_file_that_is_there_is_opened_for_writing() {
        let (_home, directory) = place();
        LockFile::create(&directory, "a", "1 test").expect("made").expect("new");
        for opened in [LockFile::open_existing(&directory, "a"), LockFile::open(&directory, "a")] {
            let file = opened.expect("no error").expect("there").0.file;
            let flags = nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_GETFL).expect("it is open");
            assert_eq!(OFlag::from_bits_retain(flags) & OFlag::O_ACCMODE, OFlag::O_RDWR);
        }
        for (kind, refused) in [
            (io::ErrorKind::PermissionDenied, true),
            (io::ErrorKind::ReadOnlyFilesystem, true),
            (io::ErrorKind::NotFound, false),
        ] {
            assert_eq!(is_refused(&kind.into()), refused, "{kind}");
        }
    }

    #[test]
    fn a_lock_file_is_made_once_with_what_it_says_and_is_private() {
        let (_home, directory) = place();
        LockFile::create(&directory, "a", "1 test").expect("made").expect("new");
        assert!(LockFile::create(&directory, "a", "2 test").expect("no error").is_none());
        let opened = LockFile::open_existing(&directory, "a").expect("no error").expect("there");
        assert_eq!(opened.content().expect("read"), "1 test");
        let mode = std::fs::metadata(directory.path_of("a")).expect("there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn opening_makes_a_file_only_where_it_should() {
        let (_home, directory) = place();
        assert!(LockFile::open_existing(&directory, "a").expect("no error").is_none());
        assert!(directory.names().expect("listed").is_empty());
        LockFile::open(&directory, "a").expect("made").expect("on this system always");
        assert_eq!(directory.names().expect("listed"), ["a"]);
    }

    #[test]
    fn a_name_that_was_removed_and_made_again_is_another_file() {
        let (_home, directory) = place();
        let first = LockFile::create(&directory, "a", "1 test").expect("made").expect("new");
        assert!(first.is_still(&directory, "a").expect("looked"));
        assert!(first.remove(&directory, "a").expect("removed"));
        assert!(!first.is_still(&directory, "a").expect("looked"));
        let second = LockFile::create(&directory, "a", "2 test").expect("made").expect("the name is free");
        assert!(!first.is_still(&directory, "a").expect("looked"));
        assert!(!first.remove(&directory, "a").expect("it is another file's name"));
        assert!(second.is_still(&directory, "a").expect("looked"));
        assert!(second.remove_in_use(&directory, "a", "b").expect("removed"));
        assert!(!second.remove_in_use(&directory, "a", "b").expect("there is none any more"));
        assert!(directory.names().expect("listed").is_empty());
    }

    #[test]
    fn one_handle_holds_the_lock_and_the_next_does_when_it_is_closed() {
        let (_home, directory) = place();
        let open = || LockFile::open(&directory, "a").expect("no error").expect("on this system always");
        let (first, second) = (open(), open());
        assert!(first.try_hold().expect("asked"));
        assert!(!second.try_hold().expect("asked"));
        drop(first);
        assert!(second.try_hold().expect("asked"));
    }

    #[test]
    fn a_mark_is_the_moment_at_which_it_was_made() {
        let (_home, directory) = place();
        let file = LockFile::open(&directory, "a").expect("made").expect("on this system always");
        let before = SystemTime::now();
        file.mark();
        let marked = file.modified().expect("looked");
        assert!(marked >= before && marked <= SystemTime::now(), "{marked:?}");
    }

    #[test]
    fn a_file_that_was_only_made_is_not_marked() {
        let (_home, directory) = place();
        let open = || LockFile::open(&directory, "a").expect("made").expect("on this system always");
        assert_eq!(open().modified().expect("looked"), UNMARKED);
        open().mark();
        assert_ne!(open().modified().expect("looked"), UNMARKED);
    }
}

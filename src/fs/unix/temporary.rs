//! Files that become others by a rename.

use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::PrivateDir;
use super::sync::sync;
use super::system::{OWNER_ONLY, SAFELY, make_owner_only};
use crate::fs::FileError;
use crate::fs::temporary_name::{Leftovers, temporary_name};

/// A new file in the folder of the one that it will replace; gone when dropped, unless it was persisted.
#[derive(Debug)]
pub(super) struct Temporary<'dir> {
    directory: &'dir PrivateDir,
    file: File,
    name: String,
    persisted: bool,
}

impl<'dir> Temporary<'dir> {
    pub(super) fn create(directory: &'dir PrivateDir, target: &str) -> Result<Self, FileError> {
        let path = directory.path_of(target);
        let name = temporary_name(target)
            .map_err(|error| FileError::system("name a temporary for", &path, error))?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | SAFELY;
        let descriptor = openat(directory, name.as_str(), flags, OWNER_ONLY)
            .map_err(|errno| FileError::system("make a temporary for", &path, errno))?;
        let temporary = Self { directory, file: File::from(descriptor), name, persisted: false };
        temporary.verify_mode()?;
        Ok(temporary)
    }

    /// Writes everything and puts it on the disk.
    pub(super) fn write(&self, bytes: &[u8], modified: SystemTime) -> Result<(), FileError> {
        (&self.file).write_all(bytes).map_err(|error| self.error("write", error))?;
        self.file.set_modified(modified).map_err(|error| self.error("mark", error))?;
        sync(&self.file).map_err(|error| self.error("put on the disk", error))
    }

    /// Takes the place of `target`.
    pub(super) fn persist(mut self, directory: &PrivateDir, target: &str) -> Result<(), FileError> {
        renameat(directory, self.name.as_str(), directory, target)
            .map_err(|errno| FileError::system("replace", &directory.path_of(target), errno))?;
        self.persisted = true;
        Ok(())
    }

    /// An unusual umask takes bits from the owner, and some file systems give bits to everybody.
    fn verify_mode(&self) -> Result<(), FileError> {
        make_owner_only(&self.file, &self.directory.path_of(&self.name))
    }

    fn error(&self, action: &'static str, source: io::Error) -> FileError {
        FileError::system(action, &self.directory.path_of(&self.name), source)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.persisted {
            // The error that led here is the one to report; what stays is swept at the next start.
            unlinkat(self.directory, self.name.as_str(), UnlinkatFlags::NoRemoveDir).ok();
        }
    }
}

/// Removes what a killed writer of `target` left behind; the caller holds the lock, so no writer is alive.
pub(super) fn sweep(directory: &PrivateDir, target: &str) -> Result<usize, FileError> {
    let leftovers = Leftovers::of(target);
    let mut removed = 0;
    for name in directory.names()? {
        if !leftovers.include(name.as_encoded_bytes()) {
            continue;
        }
        match unlinkat(directory, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => removed += 1,
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(FileError::system("remove", &directory.path().join(name), errno)),
        }
    }
    Ok(removed)
}

/// Whether there is a temporary of `target`.
pub(super) fn exists(directory: &PrivateDir, target: &str) -> Result<bool, FileError> {
    let leftovers = Leftovers::of(target);
    let names = directory.names()?;
    Ok(names.into_iter().any(|name| leftovers.include(name.as_encoded_bytes())))
}

/// Leaves a temporary as a killed writer does, who does not run the guard.
#[cfg(test)]
pub(crate) fn leave_a_temporary(directory: &PrivateDir, target: &str) {
    std::mem::forget(Temporary::create(directory, target).expect("made"));
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    use super::*;

    fn names(directory: &PrivateDir) -> usize {
        directory.names().expect("listed").len()
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
        assert_eq!(sweep(&directory, "a").expect("swept"), 2);
        assert_eq!(names(&directory), 1);
    }

    #[test]
    fn a_cache_whose_name_begins_like_a_leftover_is_not_swept() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        let other = format!("{}.nocae", temporary_name("a").expect("random"));
        std::fs::write(directory.path_of(&other), "another cache").expect("written");
        leave_a_temporary(&directory, "a");
        assert_eq!(sweep(&directory, "a").expect("swept"), 1);
        assert!(directory.path_of(&other).exists());
    }

    #[test]
    fn a_temporary_is_private_from_its_first_moment() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        let temporary = Temporary::create(&directory, "a").expect("made");
        assert_eq!(temporary.file.metadata().expect("looked").mode() & 0o7777, 0o600);
    }

    #[test]
    fn a_temporary_is_not_handed_down_to_other_programs() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        let temporary = Temporary::create(&directory, "a").expect("made");
        let flags = fcntl(&temporary.file, FcntlArg::F_GETFD).expect("open");
        assert!(FdFlag::from_bits_truncate(flags).contains(FdFlag::FD_CLOEXEC));
    }

    /// The umask itself belongs to the whole process, and so to all other tests.
    #[test]
    fn a_temporary_whose_bits_an_umask_has_taken_gets_them_back() {
        let home = tempfile::tempdir().expect("a folder");
        let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
        let temporary = Temporary::create(&directory, "a").expect("made");
        for taken in [0o000, 0o400, 0o644] {
            temporary.file.set_permissions(Permissions::from_mode(taken)).expect("changed");
            temporary.verify_mode().expect("changed");
            assert_eq!(temporary.file.metadata().expect("looked").mode() & 0o7777, 0o600);
        }
    }
}

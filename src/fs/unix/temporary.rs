//! Files that become others by a rename.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::SystemTime;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::{OPEN_TO_OTHERS, PrivateDir};
use super::system::{OWNER_ONLY, SAFELY, entries};
use crate::fs::{FileError, Finding};

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
        let random = getrandom::u64()
            .map_err(|error| FileError::system("name a temporary for", &path, io::Error::other(error)))?;
        let name = format!("{}{random:0RANDOM_DIGITS$x}", prefix(target));
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
        self.file.sync_all().map_err(|error| self.error("put on the disk", error))
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
        let private = Permissions::from_mode(0o600);
        self.file.set_permissions(private).map_err(|error| self.error("make private", error))?;
        let metadata = self.file.metadata().map_err(|error| self.error("look at", error))?;
        if metadata.mode() & OPEN_TO_OTHERS != 0 {
            let path = self.directory.path_of(&self.name);
            return Err(FileError::not_safe(&path, Finding::ModesIgnored));
        }
        Ok(())
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
    let prefix = prefix(target);
    let mut removed = 0;
    for entry in entries(directory)? {
        let name = entry.file_name();
        if !is_leftover(name.as_encoded_bytes(), &prefix) {
            continue;
        }
        match unlinkat(directory, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => removed += 1,
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(FileError::system("remove", &entry.path(), errno)),
        }
    }
    Ok(removed)
}

/// Whether there is a temporary of `target`.
pub(super) fn exists(directory: &PrivateDir, target: &str) -> Result<bool, FileError> {
    let prefix = prefix(target);
    let names = entries(directory)?;
    Ok(names.into_iter().any(|entry| is_leftover(entry.file_name().as_encoded_bytes(), &prefix)))
}

/// Whether a name is the whole name of a temporary; a cache may have a name that begins like one, and its files go on
/// with a dot.
fn is_leftover(name: &[u8], prefix: &str) -> bool {
    let random = name.strip_prefix(prefix.as_bytes());
    random.is_some_and(|random| random.len() == RANDOM_DIGITS && random.iter().all(u8::is_ascii_hexdigit))
}

/// Leaves a temporary as a killed writer does, who does not run the guard.
#[cfg(test)]
pub(crate) fn leave_a_temporary(directory: &PrivateDir, target: &str) {
    std::mem::forget(Temporary::create(directory, target).expect("made"));
}

/// Says whose temporary it is without the target's name, which may be as long as a name can be (FNV-1a).
fn prefix(target: &str) -> String {
    let hash = target.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!(".tmp-{hash:016x}-")
}

const RANDOM_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &PrivateDir) -> usize {
        entries(directory).expect("listed").len()
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
        let other = format!("{}{:016x}.nocae", prefix("a"), 7);
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
}

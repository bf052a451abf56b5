//! A folder that only its owner can use.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::geteuid;

use super::sync::sync;
use crate::fs::{FileError, Finding};

/// A folder that was checked: our own, and private.
///
/// It is held by its descriptor, so a folder that is put in its place later is not the one that is used.
#[derive(Debug)]
pub struct PrivateDir {
    descriptor: File,
    path: PathBuf,
}

impl PrivateDir {
    /// Opens a folder that exists.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, FileError> {
        let Some(parent) = parent(path)? else { return Ok(None) };
        let descriptor = match openat(&parent, name(path)?, FLAGS | OFlag::O_NOFOLLOW, Mode::empty()) {
            Ok(descriptor) => File::from(descriptor),
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(not_a_directory(path, &parent, errno)),
        };
        let directory = Self { descriptor, path: path.to_owned() };
        directory.make_private()?;
        Ok(Some(directory))
    }

    /// Makes the folder if it is missing, but none of its parents: a home that does not exist is not ours to make.
    pub(super) fn create(path: &Path) -> Result<Self, FileError> {
        if let Some(directory) = Self::open(path)? {
            return Ok(directory);
        }
        let missing = || FileError::system("make", path, io::ErrorKind::NotFound);
        let parent = parent(path)?.ok_or_else(missing)?;
        match mkdirat(&parent, name(path)?, Mode::S_IRWXU) {
            // Another process may have made it in the meantime; it is checked like any other.
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(FileError::system("make", path, errno)),
        }
        put_on_disk(&parent, path)?;
        Self::open(path)?.ok_or_else(missing)
    }

    /// A folder that nobody checked, for parts that are wrong on purpose.
    #[cfg(feature = "seams")]
    pub(crate) fn unchecked(path: &Path) -> Result<Self, FileError> {
        let descriptor =
            open(path, FLAGS, Mode::empty()).map_err(|errno| FileError::system("open", path, errno))?;
        Ok(Self { descriptor: File::from(descriptor), path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file in it is, for messages.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Puts the folder's entries on the disk.
    pub(super) fn sync(&self) -> Result<(), FileError> {
        put_on_disk(&self.descriptor, &self.path)
    }

    /// The names in it, listed through the descriptor.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, FileError> {
        let list = |errno| FileError::system("list", &self.path, errno);
        let mut listed = Dir::openat(self, ".", FLAGS, Mode::empty()).map_err(list)?;
        let mut names = Vec::new();
        for entry in listed.iter() {
            let entry = entry.map_err(list)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    fn make_private(&self) -> Result<(), FileError> {
        let metadata = self.descriptor.metadata().map_err(|error| self.error("look at", error))?;
        let owner = geteuid().as_raw();
        if metadata.uid() != owner {
            return Err(FileError::not_safe(&self.path, Finding::ForeignOwner { owner: metadata.uid() }));
        }
        let mode = metadata.mode() & PERMISSIONS;
        if mode & WRITABLE_BY_OTHERS != 0 {
            // What others could write to, they may have prepared; taking the permission away now would hide that.
            return Err(FileError::not_safe(&self.path, Finding::Writable { mode }));
        }
        if mode & OPEN_TO_OTHERS == 0 {
            return Ok(());
        }
        let private = std::fs::Permissions::from_mode(0o700);
        self.descriptor.set_permissions(private).map_err(|error| self.error("make private", error))?;
        let metadata = self.descriptor.metadata().map_err(|error| self.error("look at", error))?;
        if metadata.mode() & OPEN_TO_OTHERS != 0 {
            return Err(FileError::not_safe(&self.path, Finding::ModesIgnored));
        }
        Ok(())
    }

    fn error(&self, action: &'static str, source: io::Error) -> FileError {
        FileError::system(action, &self.path, source)
    }
}

impl AsFd for PrivateDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// The parent is the user's home, which may well be a link.
fn parent(path: &Path) -> Result<Option<File>, FileError> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    match open(parent, FLAGS, Mode::empty()) {
        Ok(descriptor) => Ok(Some(File::from(descriptor))),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(FileError::system("open", parent, errno)),
    }
}

fn name(path: &Path) -> Result<&OsStr, FileError> {
    path.file_name().ok_or_else(|| FileError::system("open", path, io::ErrorKind::InvalidInput))
}

/// Says what stands where the folder should be: the system's code alone does not.
fn not_a_directory(path: &Path, parent: &File, errno: Errno) -> FileError {
    if !matches!(errno, Errno::ELOOP | Errno::EMLINK | Errno::ENOTDIR) {
        return FileError::system("open", path, errno);
    }
    let is_link = name(path).is_ok_and(|name| nix::fcntl::readlinkat(parent, name).is_ok());
    let other = Finding::Kind { found: "something else", expected: "a folder" };
    FileError::not_safe(path, if is_link { Finding::Link } else { other })
}

fn put_on_disk(descriptor: &File, path: &Path) -> Result<(), FileError> {
    match sync(descriptor) {
        // Some file systems have nothing to do for a folder and say so.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other.map_err(|error| FileError::system("put on the disk", path, error)),
    }
}

const FLAGS: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

pub(super) const PERMISSIONS: u32 = 0o7777;
pub(super) const WRITABLE_BY_OTHERS: u32 = 0o022;
pub(super) const OPEN_TO_OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, Instant};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it exists").mode() & PERMISSIONS
    }

    fn with_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
        (home, path)
    }

    #[test]
    fn a_missing_folder_is_none_and_is_not_made_by_looking() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        assert!(PrivateDir::open(&path).expect("no error").is_none());
        assert!(!path.exists());
    }

    #[test]
    fn a_new_folder_is_private() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("cache");
        PrivateDir::create(&path).expect("made");
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn a_missing_home_is_not_made() {
        let home = tempfile::tempdir().expect("a folder");
        let error = PrivateDir::create(&home.path().join("missing/cache")).expect_err("refused");
        assert!(matches!(error, FileError::System { action: "make", .. }), "{error:?}");
        assert!(!home.path().join("missing").exists());
    }

    #[test]
    fn an_own_folder_that_others_can_read_is_tightened() {
        for loose in [0o755, 0o750, 0o711] {
            let (_home, path) = with_mode(loose);
            assert!(PrivateDir::open(&path).expect("no error").is_some());
            assert_eq!(mode(&path), 0o700, "{loose:o}");
        }
    }

    /// On a file system that nothing can be written to, a change of mode that changes nothing is refused too.
    #[test]
    fn a_private_folder_is_opened_without_a_change() {
        let (home, path) = with_mode(0o700);
        let changed = |path: &Path| {
            let metadata = fs::metadata(path).expect("it exists");
            (metadata.ctime(), metadata.ctime_nsec())
        };
        let before = changed(&path);
        // Once a newer file looks newer, the clock of the file system has ticked, and a change would be seen.
        let (clock, begun) = (home.path().join("clock"), Instant::now());
        loop {
            fs::write(&clock, "").expect("written");
            if changed(&clock) > before {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "the clock stands still");
        }
        PrivateDir::open(&path).expect("no error").expect("there");
        assert_eq!(changed(&path), before);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused_and_left_as_it_is() {
        for writable in [0o777, 0o770, 0o1777, 0o702] {
            let (_home, path) = with_mode(writable);
            let error = PrivateDir::open(&path).expect_err("refused");
            let expected = Finding::Writable { mode: writable };
            assert!(
                matches!(error, FileError::Unsafe { finding, .. } if finding == expected),
                "{writable:o} {error:?}"
            );
            assert_eq!(mode(&path), writable);
        }
    }

    #[test]
    fn a_link_to_a_folder_is_refused() {
        let (home, path) = with_mode(0o700);
        let link = home.path().join("link");
        symlink(&path, &link).expect("linked");
        let error = PrivateDir::open(&link).expect_err("refused");
        assert!(matches!(error, FileError::Unsafe { finding: Finding::Link, .. }), "{error:?}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_knows_no_disk_needs_none_and_every_other_failure_is_an_error() {
        let path = Path::new("/dev/null");
        put_on_disk(&File::open(path).expect("there"), path).expect("nothing to do");
        // A descriptor that can only be asked where it leads.
        let nowhere = open(path, OFlag::O_PATH, Mode::empty()).expect("there");
        let nowhere = PrivateDir { descriptor: File::from(nowhere), path: path.to_owned() };
        let error = nowhere.sync().expect_err("it cannot be put anywhere");
        assert!(matches!(error, FileError::System { action: "put on the disk", .. }), "{error:?}");
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

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
use nix::fcntl::{OFlag, open, readlink};
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
        let path = &named(path)?;
        let descriptor = match open(path, FLAGS | OFlag::O_NOFOLLOW, Mode::empty()) {
            Ok(descriptor) => File::from(descriptor),
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(not_opened(path, errno)),
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

/// The path without anything behind its last name: a link whose name a slash follows would be followed itself.
///
/// A path without a last name, as the root is, is no place for a private folder.
fn named(path: &Path) -> Result<PathBuf, FileError> {
    Ok(path.parent().unwrap_or(Path::new("/")).join(name(path)?))
}

/// Says what stands where the folder should be, or in the way to it: the system's code alone does not.
fn not_opened(path: &Path, errno: Errno) -> FileError {
    if readlink(path).is_ok() {
        return FileError::not_safe(path, Finding::Link);
    }
    match (parent(path), errno) {
        (Err(error), _) => error,
        (Ok(_), Errno::ELOOP | Errno::EMLINK | Errno::ENOTDIR) => {
            FileError::not_safe(path, Finding::Kind { found: "something else", expected: "a folder" })
        }
        (Ok(_), errno) => FileError::system("open", path, errno),
    }
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

    use super::*;
    use crate::fs::unix::testing::is_unchanged_by;

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
    fn what_is_in_the_way_to_the_folder_is_named() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("home");
        fs::write(&file, "").expect("written");
        let error = PrivateDir::open(&file.join("cache")).expect_err("refused");
        assert!(matches!(&error, FileError::System { path, .. } if *path == file), "{error:?}");
    }

    #[test]
    fn a_path_without_a_name_is_no_folder_of_ours() {
        let home = tempfile::tempdir().expect("a folder");
        let error = PrivateDir::open(&home.path().join("..")).expect_err("refused");
        let invalid = io::ErrorKind::InvalidInput;
        assert!(matches!(&error, FileError::System { source, .. } if source.kind() == invalid), "{error:?}");
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
        let (_home, path) = with_mode(0o700);
        is_unchanged_by(&path, || drop(PrivateDir::open(&path).expect("no error").expect("there")));
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
        for link in [link.clone(), link.join(""), link.join(".")] {
            let error = PrivateDir::open(&link).expect_err("refused");
            assert!(matches!(error, FileError::Unsafe { finding: Finding::Link, .. }), "{error:?}");
        }
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

//! Folders on Unix: modes, links, extended attributes.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::{
            ffi::OsStrExt,
            fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
        },
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat, renameat},
    sys::{
        stat::{Mode, UtimensatFlags, utimensat},
        time::TimeSpec,
    },
    unistd::{UnlinkatFlags, mkfifo, unlinkat},
};
use rustix::fs::{XattrFlags, lgetxattr, llistxattr, lsetxattr};

use super::Sandbox;

/// The variable that says where the home is.
pub const HOME_VARIABLE: &str = "HOME";

/// The user that sessions run as.
pub fn user() -> Option<u32> {
    Some(nix::unistd::Uid::effective().as_raw())
}

/// The file mode creation mask that sessions have when it is this one that they should have.
pub fn mask(wanted: u32) -> Option<u32> {
    Some(wanted)
}

/// Every variable of a session that is the world's own.
pub(super) fn variables(sandbox: &Sandbox) -> Vec<(String, String)> {
    let home = sandbox.home();
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    vec![
        (HOME_VARIABLE.to_owned(), path(home.clone())),
        ("XDG_CACHE_HOME".to_owned(), path(home.join(".cache"))),
        ("XDG_CONFIG_HOME".to_owned(), path(home.join(".config"))),
        ("XDG_DATA_HOME".to_owned(), path(home.join(".local/share"))),
        ("XDG_STATE_HOME".to_owned(), path(home.join(".local/state"))),
        ("XDG_RUNTIME_DIR".to_owned(), path(sandbox.runtime())),
        ("TMPDIR".to_owned(), path(sandbox.temporary())),
        ("PATH".to_owned(), PROGRAM_FOLDERS.to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
    ]
}

/// Folders beside those of every world: none.
pub(super) fn further_folders(_: &Sandbox) -> [PathBuf; 0] {
    []
}

/// The path without links.
pub(super) fn resolved(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

impl Sandbox {
    /// Copies all that the home holds into the home of another world, with modes, times, links and extended attributes.
    ///
    /// # Errors
    ///
    /// The first failure; its message names the file.
    pub fn relocate_to(&self, other: &Self) -> io::Result<()> {
        Relocation { copied: HashMap::new() }.folder(&self.home(), &other.home())
    }
}

/// A copy of a tree.
struct Relocation {
    /// Files with several names, by device and inode, so that their copies have several names too.
    copied: HashMap<(u64, u64), PathBuf>,
}

impl Relocation {
    fn folder(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        for entry in fs::read_dir(from).map_err(|error| naming(from, &error))? {
            let name = entry.map_err(|error| naming(from, &error))?.file_name();
            let (from, to) = (from.join(&name), to.join(&name));
            self.entry(&from, &to).map_err(|error| naming(&from, &error))?;
        }
        finish(from, to)
    }

    fn entry(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let metadata = fs::symlink_metadata(from)?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            make_private(to)?;
            return self.folder(from, to);
        }
        if metadata.nlink() > 1 {
            let id = (metadata.dev(), metadata.ino());
            if let Some(first) = self.copied.get(&id) {
                return fs::hard_link(first, to);
            }
            self.copied.insert(id, to.to_owned());
        }
        if kind.is_symlink() {
            symlink(fs::read_link(from)?, to)?;
        } else if kind.is_fifo() {
            mkfifo(to, Mode::S_IRWXU)?;
        } else if kind.is_file() {
            let mut source = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(from)?;
            let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
            io::copy(&mut source, &mut target)?;
        } else {
            // A socket is nothing without the process behind it; devices need privileges that sessions lack.
            return Ok(());
        }
        finish(from, to)
    }
}

/// Gives a copy the attributes, the mode and the times of its original, in the order in which none undoes another.
fn finish(from: &Path, to: &Path) -> io::Result<()> {
    copy_attributes(from, to)?;
    let metadata = fs::symlink_metadata(from)?;
    if !metadata.file_type().is_symlink() {
        fs::set_permissions(to, Permissions::from_mode(metadata.mode() & 0o7777))?;
    }
    let accessed = TimeSpec::new(metadata.atime(), metadata.atime_nsec());
    let modified = TimeSpec::new(metadata.mtime(), metadata.mtime_nsec());
    utimensat(nix::fcntl::AT_FDCWD, to, &accessed, &modified, UtimensatFlags::NoFollowSymlink)?;
    Ok(())
}

fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let mut names = vec![0_u8; MAX_ATTRIBUTE_BYTES];
    let length = match llistxattr(from, &mut names[..]) {
        Ok(length) => length,
        // A file system without attributes has none to copy.
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| name.starts_with(b"user.")) {
        let name = std::ffi::OsStr::from_bytes(name);
        let mut value = vec![0_u8; MAX_ATTRIBUTE_BYTES];
        let length = lgetxattr(from, name, &mut value[..])?;
        lsetxattr(to, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    if error.get_ref().is_some() {
        // It names a file already: this is the folder above it.
        return io::Error::new(error.kind(), error.to_string());
    }
    io::Error::new(error.kind(), format!("{} could not be relocated: {error}", path.display()))
}

/// Makes a folder of mode 0700 whatever the mask; one that exists gets that mode.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Removes a tree that somebody else filled.
///
/// Nothing is reached by a path that could lead through a link, and every folder is first made accessible. A folder in
/// a folder is moved up before it is emptied, so depth costs neither descriptors nor stack.
pub(super) fn remove_tree(root: &Path) -> io::Result<()> {
    let top = unlock(&open(root, FOLDER_PATH, Mode::empty())?)?;
    let mut pending = empty(&top, &top, 0)?;
    let mut moved = pending.len();
    while let Some(name) = pending.pop() {
        let folder = unlock(&openat(&top, name.as_str(), FOLDER_PATH, Mode::empty())?)?;
        let more = empty(&folder, &top, moved)?;
        moved += more.len();
        pending.extend(more);
        unlinkat(&top, name.as_str(), UnlinkatFlags::RemoveDir)?;
    }
    fs::remove_dir(root)
}

/// Empties a folder: files go, folders are moved to the top under numbered names, which are returned.
fn empty(folder: &OwnedFd, top: &OwnedFd, moved: usize) -> io::Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(descriptor_path(folder))? {
        let name = entry?.file_name();
        match unlinkat(folder, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => {}
            Err(Errno::EISDIR | Errno::EPERM) => {
                // A folder can be moved only if it can be written to, for its `..` changes.
                unlock(&openat(folder, name.as_os_str(), FOLDER_PATH, Mode::empty())?)?;
                let target = format!("{MOVED_PREFIX}{}", moved + folders.len());
                renameat(folder, name.as_os_str(), top, target.as_str())?;
                folders.push(target);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(folders)
}

/// Makes a folder accessible to its owner and opens it.
fn unlock(path: &OwnedFd) -> io::Result<OwnedFd> {
    let link = descriptor_path(path);
    fs::set_permissions(&link, Permissions::from_mode(0o700))?;
    Ok(File::open(link)?.into())
}

fn descriptor_path(descriptor: impl AsFd) -> PathBuf {
    format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd()).into()
}

const FOLDER_PATH: OFlag =
    OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);
const PROGRAM_FOLDERS: &str = "/usr/local/bin:/usr/bin:/bin";
/// The kernel's own bound on a list of names and on a value.
const MAX_ATTRIBUTE_BYTES: usize = 64 << 10;
const MOVED_PREFIX: &str = ".sealcheck-removing-";

#[cfg(test)]
mod tests {
    use super::*;

    fn parent() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn every_folder_is_private_and_new() {
        let parent = parent();
        let sandbox = Sandbox::create(parent.path()).unwrap();
        for path in [sandbox.root().to_owned(), sandbox.home(), sandbox.runtime(), sandbox.temporary()] {
            assert_eq!(mode(&path), 0o700, "{}", path.display());
        }
        assert_ne!(Sandbox::create(parent.path()).unwrap().root(), sandbox.root());
    }

    #[test]
    fn a_missing_parent_is_named() {
        let error = Sandbox::create(Path::new("/nowhere/at/all")).unwrap_err();
        assert!(error.to_string().contains("\"/nowhere/at/all\""), "{error}");
    }

    #[test]
    fn the_environment_is_the_allow_list_and_what_is_given() {
        let parent = parent();
        let sandbox = Sandbox::create(parent.path()).unwrap();
        let extra = [("LANG".to_owned(), "de_DE.UTF-8".to_owned()), ("TAG".to_owned(), "x".to_owned())];
        let environment = sandbox.environment(extra);
        let names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "HOME",
                "XDG_CACHE_HOME",
                "XDG_CONFIG_HOME",
                "XDG_DATA_HOME",
                "XDG_STATE_HOME",
                "XDG_RUNTIME_DIR",
                "TMPDIR",
                "PATH",
                "TZ",
                "LANG",
                "TAG"
            ]
        );
        assert!(environment.contains(&("LANG".into(), "de_DE.UTF-8".into())));
    }

    #[test]
    fn a_hostile_tree_is_removed_and_links_out_of_it_are_not_followed() {
        let parent = parent();
        let outside = parent.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "precious").unwrap();
        let sandbox = Sandbox::create(parent.path()).unwrap();
        let root = sandbox.root().to_owned();
        symlink(&outside, sandbox.home().join("link")).unwrap();
        fs::create_dir_all(sandbox.home().join("locked/inner")).unwrap();
        fs::write(sandbox.home().join("locked/inner/file"), "x").unwrap();
        for folder in ["locked/inner", "locked", "."] {
            let none = Permissions::from_mode(0o000);
            fs::set_permissions(sandbox.home().join(folder), none).unwrap();
        }
        drop(sandbox);
        assert!(!root.exists());
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "precious");
        assert_eq!(mode(&outside) & 0o700, 0o700);
    }

    #[test]
    fn a_tree_deeper_than_any_path_is_removed() {
        let parent = parent();
        let sandbox = Sandbox::create(parent.path()).unwrap();
        let root = sandbox.root().to_owned();
        let mut folder: OwnedFd = File::open(sandbox.home()).unwrap().into();
        for _ in 0..3000 {
            nix::sys::stat::mkdirat(&folder, "d", Mode::S_IRWXU).unwrap();
            folder = openat(&folder, "d", FOLDER_PATH, Mode::empty()).unwrap();
        }
        drop((folder, sandbox));
        assert!(!root.exists());
    }

    #[test]
    fn a_relocated_home_has_the_same_files_modes_times_and_links() {
        let parent = parent();
        let (from, to) = (Sandbox::create(parent.path()).unwrap(), Sandbox::create(parent.path()).unwrap());
        let cache = from.home().join(".IdentityService");
        fs::create_dir(&cache).unwrap();
        fs::write(cache.join("cache"), "content").unwrap();
        fs::set_permissions(cache.join("cache"), Permissions::from_mode(0o640)).unwrap();
        fs::hard_link(cache.join("cache"), cache.join("other")).unwrap();
        symlink("cache", cache.join("link")).unwrap();
        fs::set_permissions(&cache, Permissions::from_mode(0o550)).unwrap();
        from.relocate_to(&to).unwrap();
        let copy = to.home().join(".IdentityService");
        assert_eq!(fs::read_to_string(copy.join("cache")).unwrap(), "content");
        assert_eq!((mode(&copy), mode(&copy.join("cache"))), (0o550, 0o640));
        assert_eq!(fs::read_link(copy.join("link")).unwrap(), Path::new("cache"));
        let [one, two] = ["cache", "other"].map(|name| fs::metadata(copy.join(name)).unwrap().ino());
        assert_eq!(one, two);
        for path in ["", "cache", "link"] {
            let modified = |base: &Path| {
                let metadata = fs::symlink_metadata(base.join(path)).unwrap();
                (metadata.mtime(), metadata.mtime_nsec())
            };
            assert_eq!(modified(&cache), modified(&copy), "{path}");
        }
    }
}

//! The file operations, relative to a checked folder.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use super::directory::{OPEN_TO_OTHERS, PERMISSIONS, PrivateDir, WRITABLE_BY_OTHERS};
use super::temporary::{self, Temporary};
use crate::fs::later::later_than;
use crate::fs::{FileError, FileState, Files, Finding, MAXIMUM_BYTES, NotedFile};
use crate::{LockGuard, SecretBytes};

/// The files of this system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        PrivateDir::open(path)
    }

    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        PrivateDir::create(path)
    }

    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
        let Some(checked) = Checked::open(directory, name, OFlag::O_RDONLY)? else { return Ok(None) };
        Ok(Some(FileState {
            bytes: checked.metadata.len(),
            identity: (checked.metadata.dev(), checked.metadata.ino()),
            modified: checked.modified()?,
            touched: touched(&checked.metadata),
            writable_by_others: checked.mode() & WRITABLE_BY_OTHERS != 0,
        }))
    }

    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        let Some(checked) = Checked::open(directory, name, OFlag::O_RDONLY)? else { return Ok(None) };
        if checked.mode() & WRITABLE_BY_OTHERS != 0 {
            let finding = Finding::Writable { mode: checked.mode() };
            return Err(FileError::not_safe(&checked.path, finding));
        }
        checked.make_private()?;
        checked.read().map(Some)
    }

    fn replace_private(
        &self,
        _lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        let path = directory.path_of(name);
        let size = bytes.len() as u64;
        if size > MAXIMUM_BYTES {
            return Err(FileError::TooLarge { path, bytes: size, limit: MAXIMUM_BYTES });
        }
        let before = match Checked::open(directory, name, OFlag::O_RDONLY)? {
            Some(checked) => Some(checked.modified()?),
            None => None,
        };
        let temporary = Temporary::create(directory, name)?;
        temporary.write(bytes.expose(), later_than(before))?;
        temporary.persist(directory, name)?;
        directory.sync()
    }

    fn note(&self, _lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        let exclusive = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
        let path = directory.path_of(name);
        match openat(directory, name, exclusive | SAFELY, OWNER_ONLY) {
            Ok(descriptor) => {
                let file = File::from(descriptor);
                Checked::of(file, path)?.make_private()?;
                directory.sync()?;
                return Ok(NotedFile::Created);
            }
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(FileError::system("make", &path, errno)),
        }
        let Some(checked) = Checked::open(directory, name, OFlag::O_RDONLY)? else {
            return Err(FileError::system("mark", &path, io::ErrorKind::NotFound));
        };
        // A file with content that others may write to keeps its mode: a tightened one would look trustworthy later.
        if checked.metadata.len() == 0 || checked.mode() & WRITABLE_BY_OTHERS == 0 {
            checked.make_private()?;
        }
        let modified = later_than(Some(checked.modified()?));
        let marked = checked.file.set_modified(modified);
        marked.map_err(|error| FileError::system("mark", &path, error))?;
        Ok(NotedFile::Touched)
    }

    fn remove(&self, _lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        match unlinkat(directory, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => directory.sync().map(|()| true),
            Err(Errno::ENOENT) => Ok(false),
            Err(errno) => Err(FileError::system("remove", &directory.path_of(name), errno)),
        }
    }

    fn sweep(&self, _lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
        temporary::sweep(directory, name)
    }

    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        temporary::exists(directory, name)
    }

    fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
        let Some(checked) = Checked::open(directory, name, OFlag::O_RDONLY)? else { return Ok(None) };
        let identity = |state: FileStat| (state.st_dev, state.st_ino);
        let look = |errno| FileError::system("look at", &checked.path, errno);
        let wanted = identity(fstat(&checked.file).map_err(look)?);
        let identity_of =
            |listed: &OsStr| fstatat(directory, listed, AtFlags::AT_SYMLINK_NOFOLLOW).map(identity).ok();
        Ok(own_or_folded(name, directory.names()?, wanted, identity_of))
    }
}

/// The name itself if it is listed, else the one that is another name of the same file.
///
/// A file has one name (hard links are refused), so another name of it is a folded one.
fn own_or_folded<I: PartialEq>(
    name: &str,
    listed: Vec<OsString>,
    wanted: I,
    identity_of: impl Fn(&OsStr) -> Option<I>,
) -> Option<String> {
    if listed.iter().any(|listed| listed == name) {
        return Some(name.to_owned());
    }
    let folded = listed.into_iter().find(|listed| identity_of(listed).as_ref() == Some(&wanted))?;
    Some(folded.to_string_lossy().into_owned())
}

/// A file that is open and is what it should be: regular, our own, with one name.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) file: File,
    pub(super) metadata: Metadata,
    pub(super) path: std::path::PathBuf,
}

impl Checked {
    /// Opens a file without following a link and without waiting for the other end of a pipe.
    pub(super) fn open(directory: &PrivateDir, name: &str, flags: OFlag) -> Result<Option<Self>, FileError> {
        let path = directory.path_of(name);
        match openat(directory, name, flags | SAFELY, OWNER_ONLY) {
            Ok(descriptor) => Self::of(File::from(descriptor), path).map(Some),
            Err(Errno::ENOENT) => Ok(None),
            Err(Errno::ELOOP | Errno::EMLINK) => Err(FileError::not_safe(&path, Finding::Link)),
            Err(Errno::ENXIO) => Err(FileError::not_safe(&path, kind("a socket or a pipe"))),
            Err(Errno::EISDIR) => Err(FileError::not_safe(&path, kind("a folder"))),
            Err(errno) => Err(FileError::system("open", &path, errno)),
        }
    }

    pub(super) fn of(file: File, path: std::path::PathBuf) -> Result<Self, FileError> {
        let metadata = file.metadata().map_err(|error| FileError::system("look at", &path, error))?;
        if let Some(finding) = unsafe_finding(&metadata) {
            return Err(FileError::not_safe(&path, finding));
        }
        Ok(Self { file, metadata, path })
    }

    pub(super) fn modified(&self) -> Result<SystemTime, FileError> {
        self.metadata.modified().map_err(|error| FileError::system("look at", &self.path, error))
    }

    /// Takes every permission of others away, and makes sure that it is gone.
    pub(super) fn make_private(&self) -> Result<(), FileError> {
        if self.mode() == OWNER_ONLY_BITS {
            return Ok(());
        }
        make_owner_only(&self.file, &self.path)
    }

    /// Reads everything, into memory that is made once: a buffer that grows leaves copies behind.
    pub(super) fn read(&self) -> Result<SecretBytes, FileError> {
        let size = self.metadata.len();
        if size > MAXIMUM_BYTES {
            let path = self.path.clone();
            return Err(FileError::TooLarge { path, bytes: size, limit: MAXIMUM_BYTES });
        }
        let capacity = usize::try_from(size).expect("the greatest size fits into memory addresses");
        let mut bytes = Vec::with_capacity(capacity + 1);
        let read = (&self.file).take(size).read_to_end(&mut bytes);
        let bytes = SecretBytes::from(bytes);
        read.map_err(|error| FileError::system("read", &self.path, error))?;
        Ok(bytes)
    }

    fn mode(&self) -> u32 {
        self.metadata.mode() & PERMISSIONS
    }
}

/// Takes every permission of others away, and gives the owner those to read and write; makes sure of both.
///
/// Some file systems keep no modes: every file has the one that the whole was mounted with. Where that lets nobody else
/// in, it does not matter that it cannot be changed.
pub(super) fn make_owner_only(file: &File, path: &Path) -> Result<(), FileError> {
    let mode = || {
        file.metadata().map_err(|error| FileError::system("look at", path, error)).map(|found| found.mode())
    };
    if mode()? & PERMISSIONS == OWNER_ONLY_BITS {
        return Ok(());
    }
    let tightened = file.set_permissions(Permissions::from_mode(OWNER_ONLY_BITS));
    let is_private = mode()? & (OPEN_TO_OTHERS | OWNER_ONLY_BITS) == OWNER_ONLY_BITS;
    match tightened {
        Ok(()) | Err(_) if is_private => Ok(()),
        Ok(()) => Err(FileError::not_safe(path, Finding::ModesIgnored)),
        Err(error) => Err(FileError::system("make private", path, error)),
    }
}

fn unsafe_finding(metadata: &Metadata) -> Option<Finding> {
    let file_type = metadata.file_type();
    if !file_type.is_file() {
        return Some(kind(match () {
            () if file_type.is_dir() => "a folder",
            () if file_type.is_fifo() => "a pipe",
            () if file_type.is_socket() => "a socket",
            () => "a device",
        }));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Some(Finding::ForeignOwner { owner: metadata.uid() });
    }
    // None at all is a file that was replaced since it was opened: the old bytes, which a reader may have.
    (metadata.nlink() > 1).then(|| Finding::HardLinks { links: metadata.nlink() })
}

/// The system's own stamp; one from before the epoch is as good as one from the epoch.
fn touched(metadata: &Metadata) -> SystemTime {
    let (seconds, nanoseconds) = (metadata.ctime(), metadata.ctime_nsec());
    let since = u64::try_from(seconds).ok().zip(u32::try_from(nanoseconds).ok());
    let since = since.map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds));
    since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn kind(found: &'static str) -> Finding {
    Finding::Kind { found, expected: "a file" }
}

pub(super) const SAFELY: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK);
pub(super) const OWNER_ONLY: Mode = Mode::S_IRUSR.union(Mode::S_IWUSR);
const OWNER_ONLY_BITS: u32 = 0o600;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;
    use crate::fs::unix::testing::is_unchanged_by;

    struct Place {
        _home: tempfile::TempDir,
        directory: PrivateDir,
        lock: LockGuard,
    }

    impl Place {
        fn new() -> Self {
            let home = tempfile::tempdir().expect("a folder");
            let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
            Self { _home: home, directory, lock: LockGuard::without_lock() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn replace(&self, text: &str) -> Result<(), FileError> {
            let bytes = SecretBytes::from(text.as_bytes().to_vec());
            SystemFiles.replace_private(&self.lock, &self.directory, "a", &bytes)
        }

        fn mode(&self, name: &str) -> u32 {
            fs::metadata(self.path(name)).expect("it exists").mode() & PERMISSIONS
        }

        fn set_mode(&self, name: &str, mode: u32) {
            fs::set_permissions(self.path(name), Permissions::from_mode(mode)).expect("changed");
        }
    }

    #[test]
    fn a_look_says_who_else_may_write() {
        let place = Place::new();
        place.replace("text").expect("written");
        for (mode, others_may_write) in [(0o600, false), (0o644, false), (0o620, true), (0o602, true)] {
            fs::set_permissions(place.path("a"), fs::Permissions::from_mode(mode)).expect("set");
            let seen = SystemFiles.look(&place.directory, "a").expect("looked").expect("there");
            assert_eq!(seen.writable_by_others, others_may_write, "{mode:o}");
        }
    }

    #[test]
    fn what_is_replaced_is_read_back_and_private() {
        let place = Place::new();
        place.replace("long enough").expect("written");
        place.replace("short").expect("written");
        let read = SystemFiles.read_private(&place.directory, "a").expect("read");
        assert_eq!(read, Some(SecretBytes::from(b"short".to_vec())));
        assert_eq!(place.mode("a"), 0o600);
        assert_eq!(place.directory.names().expect("listed"), ["a"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_tightened_when_it_is_read() {
        let place = Place::new();
        fs::write(place.path("a"), "x").expect("written");
        place.set_mode("a", 0o644);
        let read = SystemFiles.read_private(&place.directory, "a").expect("read");
        assert_eq!(read, Some(SecretBytes::from(b"x".to_vec())));
        assert_eq!(place.mode("a"), 0o600);
    }

    #[test]
    fn a_file_that_others_can_write_to_is_not_read() {
        let place = Place::new();
        fs::write(place.path("a"), "planted").expect("written");
        place.set_mode("a", 0o664);
        let error = SystemFiles.read_private(&place.directory, "a").expect_err("refused");
        let expected = Finding::Writable { mode: 0o664 };
        assert!(matches!(error, FileError::Unsafe { finding, .. } if finding == expected), "{error:?}");
    }

    #[test]
    fn noting_does_not_make_planted_content_look_trustworthy() {
        let place = Place::new();
        fs::write(place.path("a"), "planted").expect("written");
        place.set_mode("a", 0o664);
        SystemFiles.note(&place.lock, &place.directory, "a").expect("noted");
        assert_eq!(place.mode("a"), 0o664);
        fs::write(place.path("b"), "").expect("written");
        place.set_mode("b", 0o664);
        SystemFiles.note(&place.lock, &place.directory, "b").expect("noted");
        assert_eq!(place.mode("b"), 0o600);
    }

    #[test]
    fn noting_tightens_a_file_that_others_can_read() {
        let place = Place::new();
        fs::write(place.path("a"), "ours").expect("written");
        place.set_mode("a", 0o644);
        SystemFiles.note(&place.lock, &place.directory, "a").expect("noted");
        assert_eq!(place.mode("a"), 0o600);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_whose_mode_cannot_be_changed_is_an_error_unless_it_is_private() {
        // Nobody can change the mode of what says something of a process.
        let readable = Path::new("/proc/self/status");
        let refused = make_owner_only(&File::open(readable).expect("there"), readable);
        assert!(matches!(refused, Err(FileError::System { action: "make private", .. })), "{refused:?}");

        // Nor through a descriptor that can only be asked where it leads; the owner may do more here than is needed.
        let place = Place::new();
        fs::write(place.path("a"), "ours").expect("written");
        place.set_mode("a", 0o700);
        let private = place.path("a");
        let nowhere = nix::fcntl::open(&private, OFlag::O_PATH, Mode::empty()).expect("there");
        make_owner_only(&File::from(nowhere), &private).expect("private as it is");
        assert_eq!(place.mode("a"), 0o700);
    }

    #[test]
    fn a_mode_that_is_right_is_not_set_again() {
        let place = Place::new();
        fs::write(place.path("a"), "ours").expect("written");
        place.set_mode("a", OWNER_ONLY_BITS);
        let path = place.path("a");
        let file = File::open(&path).expect("there");
        is_unchanged_by(&path, || make_owner_only(&file, &path).expect("private"));
    }

    #[test]
    fn a_thing_that_is_no_file_is_called_what_it_is() {
        let place = Place::new();
        nix::unistd::mkfifo(&place.path("pipe"), OWNER_ONLY).expect("made");
        fs::create_dir(place.path("folder")).expect("made");
        let _socket = std::os::unix::net::UnixListener::bind(place.path("socket")).expect("bound");
        for (path, name) in [
            (place.path("folder"), "a folder"),
            (place.path("pipe"), "a pipe"),
            (place.path("socket"), "a socket"),
            (PathBuf::from("/dev/null"), "a device"),
        ] {
            assert_eq!(unsafe_finding(&fs::metadata(path).expect("there")), Some(kind(name)));
        }
    }

    #[test]
    fn links_and_things_that_are_no_files_are_neither_read_nor_written() {
        let place = Place::new();
        fs::write(place.path("target"), "victim").expect("written");
        symlink(place.path("target"), place.path("link")).expect("linked");
        symlink(place.path("nowhere"), place.path("dangling")).expect("linked");
        nix::unistd::mkfifo(&place.path("pipe"), OWNER_ONLY).expect("made");
        fs::create_dir(place.path("folder")).expect("made");
        fs::write(place.path("one"), "two names").expect("written");
        fs::hard_link(place.path("one"), place.path("two")).expect("linked");
        let _socket = std::os::unix::net::UnixListener::bind(place.path("socket")).expect("bound");
        for name in ["link", "dangling", "pipe", "folder", "two", "socket"] {
            let bytes = SecretBytes::from(b"secret".to_vec());
            let read = SystemFiles.read_private(&place.directory, name);
            assert!(matches!(read, Err(FileError::Unsafe { .. })), "{name} {read:?}");
            let written = SystemFiles.replace_private(&place.lock, &place.directory, name, &bytes);
            assert!(matches!(written, Err(FileError::Unsafe { .. })), "{name} {written:?}");
            let noted = SystemFiles.note(&place.lock, &place.directory, name);
            assert!(matches!(noted, Err(FileError::Unsafe { .. })), "{name} {noted:?}");
        }
        assert_eq!(fs::read_to_string(place.path("target")).expect("read"), "victim");
        assert!(!place.path("nowhere").exists());
    }

    #[test]
    fn an_oversized_file_is_refused_before_it_is_read() {
        let place = Place::new();
        let file = File::create(place.path("a")).expect("made");
        place.set_mode("a", 0o600);
        file.set_len(MAXIMUM_BYTES + 1).expect("grown");
        let error = SystemFiles.read_private(&place.directory, "a").expect_err("refused");
        assert!(matches!(error, FileError::TooLarge { .. }), "{error:?}");
        file.set_len(MAXIMUM_BYTES).expect("shrunk");
        assert!(SystemFiles.read_private(&place.directory, "a").expect("read").is_some());
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let place = Place::new();
        let largest = "x".repeat(usize::try_from(MAXIMUM_BYTES).expect("small"));
        place.replace(&largest).expect("written");
        let error = place.replace(&format!("{largest}x")).expect_err("refused");
        assert!(
            matches!(error, FileError::TooLarge { bytes, limit, .. } if bytes == MAXIMUM_BYTES + 1 && limit == MAXIMUM_BYTES),
            "{error:?}"
        );
        assert_eq!(fs::metadata(place.path("a")).expect("there").len(), MAXIMUM_BYTES);
    }

    #[test]
    fn every_change_is_later_than_the_one_before_even_if_the_clock_is_behind() {
        let place = Place::new();
        let state = || SystemFiles.look(&place.directory, "a").expect("looked").expect("there").modified;
        assert_eq!(SystemFiles.note(&place.lock, &place.directory, "a").expect("noted"), NotedFile::Created);
        let future = SystemTime::now() + Duration::from_secs(3600);
        File::options().write(true).open(place.path("a")).expect("open").set_modified(future).expect("set");
        let first = state();
        assert_eq!(SystemFiles.note(&place.lock, &place.directory, "a").expect("noted"), NotedFile::Touched);
        let second = state();
        assert!(second > first);
        place.replace("x").expect("written");
        assert!(state() > second);
    }

    #[test]
    fn a_file_is_listed_under_its_own_name() {
        let place = Place::new();
        place.replace("x").expect("written");
        assert_eq!(SystemFiles.listed_as(&place.directory, "a").expect("listed").as_deref(), Some("a"));
        assert_eq!(SystemFiles.listed_as(&place.directory, "b").expect("listed"), None);
    }

    /// A file system that folds case is rare here, so the folder is made up.
    #[test]
    fn a_file_whose_name_is_folded_is_listed_under_the_folded_one() {
        let listed = |name, wanted| {
            let names = ["a", "App", "b"].map(OsString::from).to_vec();
            own_or_folded(name, names, wanted, |listed| listed.to_str().map(str::len))
        };
        assert_eq!(listed("app", 3).as_deref(), Some("App"));
        assert_eq!(listed("b", 1).as_deref(), Some("b"));
        assert_eq!(listed("app", 7), None);
    }
}

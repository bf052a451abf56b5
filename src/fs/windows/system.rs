//! The file operations, in a checked folder.

use std::fs;
use std::io;
use std::path::Path;

use windows_sys::Win32::Foundation::ERROR_FILE_EXISTS;

use super::checked::{Checked, is_missing};
use super::directory::PrivateDir;
use super::ffi::{self, Purpose, Which};
use super::patience::{Until, is, patiently};
use super::private::private;
use super::temporary::{self, Temporary};
use crate::fs::later::later_than;
use crate::fs::security_descriptor::{Inheritance, Openness};
use crate::fs::{FileError, FileState, Files, MAXIMUM_BYTES, NotedFile};
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
        let Some(checked) = Checked::open(directory, name, Purpose::Look)? else { return Ok(None) };
        Ok(Some(FileState {
            bytes: checked.metadata.len(),
            identity: (u64::from(checked.identity.file.0), checked.identity.file.1),
            modified: checked.modified()?,
            touched: checked.touched()?,
            writable_by_others: matches!(checked.openness, Openness::Writable(_)),
        }))
    }

    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        let Some(checked) = Checked::open(directory, name, Purpose::Read)? else { return Ok(None) };
        match checked.openness {
            Openness::Private => {}
            Openness::Readable => checked.make_private()?,
            Openness::Writable(finding) => return Err(FileError::not_safe(&checked.path, finding)),
        }
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
        let before = match Checked::open(directory, name, Purpose::Look)? {
            Some(checked) => Some(checked.modified()?),
            None => None,
        };
        let temporary = Temporary::create(directory, name)?;
        temporary.write(bytes.expose(), later_than(before))?;
        temporary.persist(directory, name)
    }

    fn note(&self, _lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        let path = directory.path_of(name);
        let make = |error| FileError::system("make", &path, error);
        let descriptor = private(Inheritance::Nothing).map_err(make)?;
        match ffi::open(&path, Purpose::Change, Which::New(&descriptor)) {
            Ok(file) => {
                Checked::of(file, path.clone())?.make_private()?;
                return Ok(NotedFile::Created);
            }
            Err(error) if is(&error, ERROR_FILE_EXISTS) => {}
            Err(error) => return Err(make(error)),
        }
        let Some(checked) = Checked::open(directory, name, Purpose::Mark)? else {
            return Err(FileError::system("mark", &path, io::ErrorKind::NotFound));
        };
        // A file with content that others may write to keeps its rights: it would look trustworthy later.
        if checked.metadata.len() == 0 || !matches!(checked.openness, Openness::Writable(_)) {
            checked.make_private()?;
        }
        let modified = later_than(Some(checked.modified()?));
        let marked = checked.file.set_modified(modified);
        marked.map_err(|error| FileError::system("mark", &path, error))?;
        Ok(NotedFile::Touched)
    }

    fn remove(&self, _lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        let path = directory.path_of(name);
        match patiently(Until::Free, || fs::remove_file(&path)) {
            Ok(()) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(FileError::system("remove", &path, error)),
        }
    }

    fn sweep(&self, _lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
        temporary::sweep(directory, name)
    }

    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        temporary::exists(directory, name)
    }

    fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
        let Some(checked) = Checked::open(directory, name, Purpose::Look)? else { return Ok(None) };
        let entries = directory.entries()?;
        if entries.iter().any(|entry| entry.file_name() == name) {
            return Ok(Some(name.to_owned()));
        }
        // A file has one name (hard links are refused), so another name of it is a folded or a short one.
        let is_it = |path: &Path| {
            let opened = ffi::open(path, Purpose::Look, Which::Existing);
            opened
                .and_then(|file| ffi::identity(&file))
                .is_ok_and(|other| other.file == checked.identity.file)
        };
        let other = entries.into_iter().find(|entry| is_it(&entry.path()));
        Ok(other.map(|entry| entry.file_name().to_string_lossy().into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::os::windows::fs::OpenOptionsExt;
    use std::path::PathBuf;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, SystemTime};

    use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE};

    use super::*;
    use crate::fs::testing::{Others, under_wine};
    use crate::fs::{Finding, Sid, allow_others, others_may};

    struct Place {
        home: tempfile::TempDir,
        directory: PrivateDir,
        lock: LockGuard,
    }

    impl Place {
        fn new() -> Self {
            let home = tempfile::tempdir().expect("a folder");
            let directory = PrivateDir::create(&home.path().join("cache")).expect("made");
            Self { home, directory, lock: LockGuard::without_lock() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn replace(&self, text: &str) -> Result<(), FileError> {
            let bytes = SecretBytes::from(text.as_bytes().to_vec());
            SystemFiles.replace_private(&self.lock, &self.directory, "a", &bytes)
        }

        fn read(&self) -> Result<Option<SecretBytes>, FileError> {
            SystemFiles.read_private(&self.directory, "a")
        }
    }

    fn secret(text: &str) -> Option<SecretBytes> {
        Some(SecretBytes::from(text.as_bytes().to_vec()))
    }

    #[test]
    fn what_is_replaced_is_read_back_and_private() {
        let place = Place::new();
        place.replace("long enough").expect("written");
        place.replace("short").expect("written");
        assert_eq!(place.read().expect("read"), secret("short"));
        assert_eq!(others_may(&place.path("a")), Others::Nothing);
        let names: Vec<_> =
            place.directory.entries().expect("listed").iter().map(|e| e.file_name()).collect();
        assert_eq!(names, ["a"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_tightened_when_it_is_read() {
        let place = Place::new();
        fs::write(place.path("a"), "x").expect("written");
        allow_others(&place.path("a"), Others::Read);
        assert_eq!(others_may(&place.path("a")), Others::Read);
        assert_eq!(place.read().expect("read"), secret("x"));
        assert_eq!(others_may(&place.path("a")), Others::Nothing);
    }

    #[test]
    fn a_file_that_others_can_write_to_is_not_read() {
        let place = Place::new();
        fs::write(place.path("a"), "planted").expect("written");
        allow_others(&place.path("a"), Others::Write);
        let error = place.read().expect_err("refused");
        let expected = Finding::WritableBy { account: Sid::EVERYONE };
        assert!(matches!(error, FileError::Unsafe { finding, .. } if finding == expected), "{error:?}");
        assert!(SystemFiles.look(&place.directory, "a").expect("looked").expect("there").writable_by_others);
    }

    #[test]
    fn noting_does_not_make_planted_content_look_trustworthy() {
        let place = Place::new();
        for (name, content, expected) in [("a", "planted", Others::Write), ("b", "", Others::Nothing)] {
            fs::write(place.path(name), content).expect("written");
            allow_others(&place.path(name), Others::Write);
            SystemFiles.note(&place.lock, &place.directory, name).expect("noted");
            assert_eq!(others_may(&place.path(name)), expected);
        }
    }

    #[test]
    fn folders_and_files_with_two_names_are_neither_read_nor_written() {
        let place = Place::new();
        fs::create_dir(place.path("folder")).expect("made");
        fs::write(place.path("one"), "two names").expect("written");
        fs::hard_link(place.path("one"), place.path("two")).expect("linked");
        for name in ["folder", "one", "two"] {
            let bytes = SecretBytes::from(b"secret".to_vec());
            let read = SystemFiles.read_private(&place.directory, name);
            assert!(matches!(read, Err(FileError::Unsafe { .. })), "{name} {read:?}");
            let written = SystemFiles.replace_private(&place.lock, &place.directory, name, &bytes);
            assert!(matches!(written, Err(FileError::Unsafe { .. })), "{name} {written:?}");
            let noted = SystemFiles.note(&place.lock, &place.directory, name);
            assert!(matches!(noted, Err(FileError::Unsafe { .. })), "{name} {noted:?}");
        }
        assert_eq!(fs::read_to_string(place.path("one")).expect("read"), "two names");
    }

    #[test]
    fn an_oversized_file_is_refused_before_it_is_read() {
        let place = Place::new();
        place.replace("x").expect("written");
        let file = File::options().write(true).open(place.path("a")).expect("open");
        file.set_len(MAXIMUM_BYTES + 1).expect("grown");
        let error = place.read().expect_err("refused");
        assert!(matches!(error, FileError::TooLarge { .. }), "{error:?}");
        file.set_len(MAXIMUM_BYTES).expect("shrunk");
        assert!(place.read().expect("read").is_some());
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
    fn a_file_is_replaced_under_a_reader_that_shares_it_wholly() {
        let place = Place::new();
        place.replace("old").expect("written");
        let reader = File::open(place.path("a")).expect("open");
        if under_wine() {
            // Like Windows before version 10, Wine replaces no file that is open: the writer waits.
            place.replace("new").expect_err("it is open");
            assert_eq!(std::io::read_to_string(reader).expect("read"), "old");
            assert_eq!(place.read().expect("read"), secret("old"));
            return;
        }
        place.replace("new").expect("written");
        assert_eq!(std::io::read_to_string(reader).expect("read"), "old");
        assert_eq!(place.read().expect("read"), secret("new"));
    }

    #[test]
    fn a_reader_that_lets_nobody_replace_the_file_is_waited_for() {
        let place = Place::new();
        place.replace("old").expect("written");
        let selfish = || {
            let shared = FILE_SHARE_READ | FILE_SHARE_WRITE;
            OpenOptions::new().read(true).share_mode(shared).open(place.path("a")).expect("open")
        };
        let reader = selfish();
        let error = place.replace("never").expect_err("the reader stays");
        assert!(matches!(error, FileError::System { action: "replace", .. }), "{error:?}");
        assert_eq!(place.directory.entries().expect("listed").len(), 1);
        drop(reader);

        let reader = selfish();
        let (about_to_write, told) = mpsc::channel();
        let leaving = thread::spawn(move || {
            told.recv().expect("the writer starts");
            thread::park_timeout(Duration::from_millis(50));
            drop(reader);
        });
        about_to_write.send(()).expect("the reader listens");
        place.replace("new").expect("the reader leaves in time");
        leaving.join().expect("left");
        assert_eq!(place.read().expect("read"), secret("new"));
    }

    #[test]
    fn what_is_read_while_somebody_shares_nothing_is_waited_for_and_then_an_error() {
        let place = Place::new();
        place.replace("x").expect("written");
        let alone =
            OpenOptions::new().read(true).write(true).share_mode(0).open(place.path("a")).expect("open");
        let error = place.read().expect_err("kept out");
        assert!(matches!(error, FileError::System { action: "open", .. }), "{error:?}");
        // Looking needs nothing that could be kept from us.
        assert!(SystemFiles.look(&place.directory, "a").expect("looked").is_some());
        drop(alone);
        assert_eq!(place.read().expect("read"), secret("x"));
    }

    #[test]
    fn a_folder_stays_where_it_is_while_it_is_open() {
        let place = Place::new();
        let elsewhere = place.home.path().join("elsewhere");
        fs::rename(place.directory.path(), &elsewhere).expect_err("it is open");
        let Place { home: _home, directory, .. } = place;
        let path = directory.path().to_owned();
        drop(directory);
        fs::rename(path, elsewhere).expect("nobody has it open");
    }

    #[test]
    fn a_file_is_listed_under_its_own_name_and_found_under_a_folded_one() {
        let place = Place::new();
        let bytes = SecretBytes::from(b"x".to_vec());
        SystemFiles.replace_private(&place.lock, &place.directory, "Name", &bytes).expect("written");
        let listed = |name| SystemFiles.listed_as(&place.directory, name).expect("listed");
        assert_eq!(listed("Name").as_deref(), Some("Name"));
        assert_eq!(listed("NAME").as_deref(), Some("Name"));
        assert_eq!(listed("other"), None);
    }

    #[test]
    fn what_is_not_there_is_not_removed_and_what_is_there_is() {
        let place = Place::new();
        place.replace("x").expect("written");
        assert!(SystemFiles.remove(&place.lock, &place.directory, "a").expect("removed"));
        assert!(!SystemFiles.remove(&place.lock, &place.directory, "a").expect("nothing to remove"));
        assert_eq!(place.read().expect("read"), None);
    }
}

//! Whether a change by somebody else is noticed, whatever the clocks say.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::world::{World, absent, secret};
use crate::fs::{FileError, FileState, Files, NotedFile, PrivateDir, SystemFiles};
use crate::seams::Seams;
use crate::{LockGuard, SecretBytes, TokenCache};

/// A plaintext cache that was read, and the way another SDK writes it: into the same file, whenever it wants.
fn read_plaintext(world: &World) -> TokenCache {
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    cache.write(secret("token 0")).expect("written");
    assert!(!cache.changed().expect("looked"));
    cache
}

fn write_in_place(world: &World, text: &str, modified: SystemTime) {
    fs::write(world.file(), text).expect("written");
    File::options().write(true).open(world.file()).expect("open").set_modified(modified).expect("set");
}

fn modified(world: &World) -> SystemTime {
    fs::metadata(world.file()).expect("there").modified().expect("known")
}

#[test]
fn writes_of_another_sdk_within_one_tick_are_all_noticed() {
    let world = World::new();
    let cache = read_plaintext(&world);
    for round in 1..=200 {
        let text = format!("token {}", round % 10);
        write_in_place(&world, &text, modified(&world));
        assert!(cache.changed().expect("looked"), "round {round}");
        assert_eq!(cache.read().expect("read"), Some(secret(&text)));
        assert!(!cache.changed().expect("looked"), "round {round}");
    }
}

#[test]
fn a_writer_whose_clock_went_back_is_noticed() {
    let world = World::new();
    let cache = read_plaintext(&world);
    for hours in [1, 24, 24 * 365] {
        let past = SystemTime::now() - Duration::from_secs(hours * 3600);
        write_in_place(&world, &format!("token of {hours}"), past);
        assert!(cache.changed().expect("looked"), "{hours} h");
        cache.read().expect("read");
        // From the same moment once more, which a clock that goes back twice gives.
        write_in_place(&world, &format!("t0ken of {hours}"), past);
        assert!(cache.changed().expect("looked"), "{hours} h");
        cache.read().expect("read");
        assert!(!cache.changed().expect("looked"), "{hours} h");
    }
}

#[test]
fn our_own_writes_are_noticed_where_the_last_one_is_from_the_future() {
    let world = World::new();
    let cache = read_plaintext(&world);
    let other = world.open(true).expect("plaintext");
    let future = SystemTime::now() + Duration::from_secs(3600);
    write_in_place(&world, "token f", future);
    assert_eq!(cache.read().expect("read"), Some(secret("token f")));
    for text in ["token 1", "token 2", "token 3"] {
        other.write(secret(text)).expect("written");
        assert!(modified(&world) > future);
        assert!(cache.changed().expect("looked"), "{text}");
        assert_eq!(cache.read().expect("read"), Some(secret(text)));
        assert!(!cache.changed().expect("looked"), "{text}");
    }
}

#[test]
fn a_file_system_whose_stamps_never_change_hides_nothing() {
    for encrypted in [false, true] {
        let world = World::new();
        if !encrypted {
            world.probe_answers(absent);
        }
        let open = || {
            let seams = Seams { files: Arc::new(Frozen), ..world.seams() };
            world.builder(true).seams(seams).open().expect("open")
        };
        let (cache, other) = (open(), open());
        cache.write(secret("token 0")).expect("written");
        assert!(!cache.changed().expect("looked"));
        for text in ["token 1", "token 2"] {
            other.write(secret(text)).expect("written");
            assert!(cache.changed().expect("looked"), "{text}");
            assert_eq!(cache.read().expect("read"), Some(secret(text)));
            assert!(!cache.changed().expect("looked"), "{text}");
        }
    }
}

#[test]
fn a_change_that_only_the_content_shows_is_an_error_where_it_cannot_be_read() {
    let world = World::new();
    let cache = read_plaintext(&world);
    fs::remove_file(world.file()).expect("removed");
    fs::create_dir(world.file()).expect("made");
    let error = cache.changed().expect_err("a folder is no cache");
    assert_eq!(error.kind(), crate::ErrorKind::AccessDenied);
}

/// The files of a system that counts time in steps of twelve days, and gives every file the same number.
#[derive(Debug)]
struct Frozen;

impl Files for Frozen {
    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
        let step = |moment: SystemTime| {
            let seconds = moment.duration_since(SystemTime::UNIX_EPOCH).expect("after the epoch").as_secs();
            SystemTime::UNIX_EPOCH + Duration::from_secs(seconds >> 20 << 20)
        };
        Ok(SystemFiles.look(directory, name)?.map(|state| FileState {
            identity: (0, 0),
            modified: step(state.modified),
            touched: step(state.touched),
            ..state
        }))
    }

    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        SystemFiles.open_directory(path)
    }

    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        SystemFiles.create_directory(path)
    }

    fn read_private(&self, directory: &PrivateDir, name: &str) -> Result<Option<SecretBytes>, FileError> {
        SystemFiles.read_private(directory, name)
    }

    fn replace_private(
        &self,
        lock: &LockGuard,
        directory: &PrivateDir,
        name: &str,
        bytes: &SecretBytes,
    ) -> Result<(), FileError> {
        SystemFiles.replace_private(lock, directory, name, bytes)
    }

    fn note(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
        SystemFiles.note(lock, directory, name)
    }

    fn remove(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        SystemFiles.remove(lock, directory, name)
    }

    fn sweep(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
        SystemFiles.sweep(lock, directory, name)
    }

    fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
        SystemFiles.has_temporary(directory, name)
    }

    fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
        SystemFiles.listed_as(directory, name)
    }
}

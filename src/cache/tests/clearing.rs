//! What clearing removes, and what it says it could not.

use std::path::Path;
use std::sync::Arc;

use super::world::{World, absent, locked, secret};
use crate::fs::testing::Others;
use crate::fs::{FileState, Files, NotedFile, PrivateDir, SystemFiles};
use crate::seams::Seams;
use crate::store::{MemoryStore, Obstacle};
use crate::{Builder, ClearedItem, ClearedPlaintext, Error, FileError, LockGuard, SecretBytes};

#[test]
fn clearing_removes_item_signal_and_locks() {
    let world = World::new();
    let cache = world.open(false).expect("open");
    cache.write(secret("token")).expect("written");
    assert!(cache.clear().expect("cleared").is_complete());
    assert_eq!(world.item(), None);
    assert_eq!(world.names(), [""; 0]);
    assert_eq!(cache.read().expect("read"), None);
    cache.write(secret("again")).expect("written");
    assert_eq!(world.item(), Some(secret("again")));
}

#[test]
fn clearing_a_cache_that_never_was_leaves_no_folder() {
    let world = World::new();
    assert!(world.builder(false).clear().expect("cleared").is_complete());
    assert!(!world.directory().exists());
}

#[test]
fn clearing_a_cache_that_never_was_leaves_no_folder_though_the_protector_cannot_be_asked() {
    for way in [absent as super::world::Way, locked] {
        let world = World::new();
        let report = world.probe_answers(way).builder(true).clear().expect("partly cleared");
        assert!(matches!(report.item, ClearedItem::NotReached(_)), "{report:?}");
        assert_eq!(report.plaintext, ClearedPlaintext::Absent);
        assert!(!world.directory().exists());
    }
}

#[test]
fn an_item_without_a_folder_is_cleared_too() {
    let world = World::new();
    assert!(world.set_item("token").builder(false).clear().expect("cleared").is_complete());
    assert_eq!(world.item(), None);
}

#[test]
fn purging_where_no_plaintext_ever_was_leaves_no_folder() {
    let world = World::new();
    assert!(!world.open(false).expect("encrypted").purge_plaintext().expect("nothing to purge"));
    assert!(!world.directory().exists());
}

#[test]
fn clearing_without_the_protector_says_that_an_item_may_be_left() {
    for way in [absent as super::world::Way, locked] {
        let world = World::new();
        world.set_item("token").plant("plaintext", Others::Nothing).probe_answers(way);
        let report = world.builder(true).clear().expect("partly cleared");
        assert!(!report.is_complete());
        assert!(matches!(report.item, ClearedItem::NotReached(_)));
        assert_eq!(report.plaintext, ClearedPlaintext::Removed);
        assert!(!world.file().exists());
    }
}

#[test]
fn clearing_without_consent_leaves_plaintext_and_says_so() {
    let world = World::new();
    world.set_item("token").plant("plaintext", Others::Nothing);
    let report = world.builder(false).clear().expect("partly cleared");
    assert!(!report.is_complete());
    assert!(matches!(report.item, ClearedItem::Gone));
    assert_eq!(report.plaintext, ClearedPlaintext::Left { path: world.file() });
    assert_eq!((world.item(), world.content().as_str()), (None, "plaintext"));
}

#[test]
fn clearing_is_the_way_out_of_an_ambiguous_item() {
    let world = World::new();
    world.set_item("token").probe_answers(|_| Err(Obstacle::Ambiguous { count: 2 }));
    world.open(false).expect_err("refused");
    assert!(world.builder(false).clear().expect("cleared").is_complete());
    assert_eq!(world.item(), None);
}

#[test]
fn where_names_are_folded_another_cache_is_neither_opened_nor_cleared() {
    let world = World::new();
    world.plant("of another cache", Others::Nothing);
    let folding = |builder: Builder| {
        let store = |_, _: &_| Ok(Box::new(MemoryStore::new()) as Box<dyn crate::store::Store>);
        builder.seams(Seams { files: Arc::new(Folding), store: Box::new(store), ..Seams::real() })
    };
    let opened = folding(world.builder(true)).open().expect_err("refused");
    assert!(matches!(opened, Error::NameFolded { .. }), "{opened:?}");
    let cleared = folding(world.builder(true)).clear().expect_err("refused");
    assert!(matches!(cleared, Error::NameFolded { .. }), "{cleared:?}");
    assert_eq!(world.content(), "of another cache");
}

/// A file system on which this cache's file is the one of the cache `APP`.
#[derive(Debug)]
struct Folding;

impl Files for Folding {
    fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
        SystemFiles.open_directory(path)
    }

    fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
        SystemFiles.create_directory(path)
    }

    fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
        SystemFiles.look(directory, name)
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

    fn listed_as(&self, _: &PrivateDir, _: &str) -> Result<Option<String>, FileError> {
        Ok(Some("APP.nocae".to_owned()))
    }
}

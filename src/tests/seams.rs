//! Wrong parts, put in from outside: what a suite of mutants needs is public, and it has the effect that it should.
#![cfg(all(feature = "seams", any(unix, windows)))]

use std::path::Path;
use std::sync::Arc;

use token_cache::seams::{Consent, Decision, Existing, Locking, PrivateDir, Seams, decide};
use token_cache::store::{Absence, MemoryStore, Obstacle, Store};
use token_cache::{
    Deadline, Environment, Error, Interaction, Location, LockGuard, Platform, Protection, SecretBytes,
    TokenCache, TokenCachePersistenceOptions,
};

fn open(home: &Path, consent: bool, seams: Seams) -> Result<TokenCache, Error> {
    let options = TokenCachePersistenceOptions::new().allow_unencrypted_storage(consent);
    let environment = Environment {
        platform: Platform::Other("test"),
        home: Some(home.to_owned()),
        ..Environment::default()
    };
    TokenCache::builder(&options).environment(environment).seams(seams).open()
}

fn secret() -> SecretBytes {
    SecretBytes::from(b"token".to_vec())
}

#[test]
fn a_name_part_may_share_one_file() {
    let home = tempfile::tempdir().expect("a folder");
    let seams = Seams { name: Box::new(|_, _| Ok("shared".to_owned())), ..Seams::real() };
    open(home.path(), true, seams).expect("plaintext").write(secret()).expect("written");
    assert!(home.path().join(".IdentityService/shared").exists());
}

#[test]
fn a_decision_part_may_fall_back_without_consent() {
    let home = tempfile::tempdir().expect("a folder");
    let careless = |_: Result<(), &Obstacle>, _: Consent, existing: Existing| -> Decision {
        decide(Err(&Absence::NoService.into()), Consent::Given, existing)
    };
    let seams = Seams { decide: Box::new(careless), ..Seams::real() };
    let cache = open(home.path(), false, seams).expect("plaintext");
    assert!(matches!(cache.protection(), Protection::Plaintext { .. }));
    open(home.path(), false, Seams::real()).expect_err("the real decision refuses");
}

#[test]
fn a_store_part_may_wrap_the_protector() {
    /// Says that it is usable and drops what it is given.
    struct Dropping(MemoryStore);

    impl Store for Dropping {
        fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
            self.0.probe(interaction, deadline)
        }

        fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
            self.0.read(deadline)
        }

        fn write(&self, _: &LockGuard, _: &SecretBytes, _: Deadline) -> Result<(), Obstacle> {
            Ok(())
        }

        fn clear(&self, lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
            self.0.clear(lock, deadline)
        }
    }

    let home = tempfile::tempdir().expect("a folder");
    let seams = Seams { store: Box::new(|_, _| Ok(Box::new(Dropping(MemoryStore::new())))), ..Seams::real() };
    let cache = open(home.path(), false, seams).expect("encrypted");
    cache.write(secret()).expect_err("the read-back differs");
}

#[test]
fn a_lock_part_may_hold_nothing() {
    #[derive(Debug)]
    struct NoLock;

    impl Locking for NoLock {
        fn acquire(
            &self,
            _: &Arc<PrivateDir>,
            _: &Location,
            _: &str,
            _: Deadline,
        ) -> Result<LockGuard, Error> {
            Ok(LockGuard::without_lock())
        }
    }

    let home = tempfile::tempdir().expect("a folder");
    let seams = Seams { locking: Arc::new(NoLock), ..Seams::real() };
    open(home.path(), true, seams).expect("plaintext").write(secret()).expect("written");
    assert!(!home.path().join(".IdentityService/msal.cache.nocae.lock").exists());
}

#[test]
#[cfg(unix)]
fn a_files_part_may_leave_a_folder_open_to_others() {
    use std::os::unix::fs::MetadataExt;

    use token_cache::FileError;
    use token_cache::seams::{FileState, Files, NotedFile, SystemFiles, unchecked_directory};

    #[derive(Debug)]
    struct Lax;

    impl Files for Lax {
        fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
            if path.exists() { unchecked_directory(path).map(Some) } else { Ok(None) }
        }

        fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
            self.open_directory(path)?.map_or_else(|| SystemFiles.create_directory(path), Ok)
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

        fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
            SystemFiles.listed_as(directory, name)
        }
    }

    for (files, expected) in [(Arc::new(Lax) as Arc<dyn Files>, 0o755), (Arc::new(SystemFiles), 0o700)] {
        let home = tempfile::tempdir().expect("a folder");
        let directory = home.path().join(".IdentityService");
        drop(SystemFiles.create_directory(&directory).expect("made"));
        loosen(&directory);
        let cache = open(home.path(), true, Seams { files, ..Seams::real() }).expect("plaintext");
        cache.write(secret()).expect("written");
        assert_eq!(std::fs::metadata(&directory).expect("there").mode() & 0o7777, expected);
    }
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a test prepares a folder")]
fn loosen(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("changed");
}

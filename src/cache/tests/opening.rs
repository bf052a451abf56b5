//! What opening does, and what it leaves alone.

use std::fs;

use super::world::{World, absent, locked, secret};
use crate::fs::testing::Others;
use crate::fs::{allow_others, others_may};
use crate::store::{Breakage, Misconfiguration, Obstacle};
use crate::{
    Environment, Error, ErrorKind, NameError, Notice, Platform, Protection, TokenCache,
    TokenCachePersistenceOptions,
};

#[test]
fn an_absent_protector_is_an_error_by_default_and_nothing_is_created() {
    let world = World::new();
    let error = world.probe_answers(absent).open(false).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::EncryptionUnavailable);
    assert!(!world.directory().exists());
}

#[test]
fn opening_creates_nothing_either_way() {
    let world = World::new();
    world.open(false).expect("encrypted");
    world.probe_answers(absent).open(true).expect("plaintext");
    assert!(!world.directory().exists());
}

#[test]
fn a_protector_that_is_there_is_never_replaced_by_plaintext() {
    let ways: [(super::world::Way, ErrorKind); 7] = [
        (locked, ErrorKind::Locked),
        (|_| Err(Obstacle::NotBuilt { protector: "keychain" }), ErrorKind::EncryptionUnavailable),
        (|_| Err(Obstacle::Refused { reason: "dismissed".to_owned() }), ErrorKind::AccessDenied),
        (|_| Err(Misconfiguration::NoDefaultAlias.into()), ErrorKind::EncryptionUnavailable),
        (|_| Err(Obstacle::Ambiguous { count: 2 }), ErrorKind::Corrupt),
        (|_| Err(Obstacle::Unreadable { reason: "short".to_owned() }), ErrorKind::Corrupt),
        (|_| Err(Breakage::TimedOut { call: "probe" }.into()), ErrorKind::Timeout),
    ];
    for (way, kind) in ways {
        for consent in [false, true] {
            let world = World::new();
            let error = world.probe_answers(way).open(consent).expect_err("refused");
            assert_eq!(error.kind(), kind, "{error:?}");
            assert!(!world.directory().exists());
        }
    }
}

#[test]
fn a_platform_whose_backend_is_not_built_is_an_error_in_both_columns() {
    let others = [Platform::Linux, Platform::MacOs, Platform::Windows];
    for platform in others.into_iter().filter(|platform| *platform != Platform::current()) {
        for consent in [false, true] {
            let home = tempfile::tempdir().expect("a folder");
            let environment = Environment {
                platform,
                home: Some(home.path().to_owned()),
                local_app_data: Some(home.path().to_owned()),
                ..Environment::default()
            };
            let options = TokenCachePersistenceOptions::new().allow_unencrypted_storage(consent);
            let error = TokenCache::builder(&options).environment(environment).open().expect_err("refused");
            // Not the error that advises to allow plaintext: that would not help.
            assert!(matches!(error, Error::Protector { source: Obstacle::NotBuilt { .. } }), "{error:?}");
            assert_eq!(error.kind(), ErrorKind::EncryptionUnavailable);
            assert_eq!(fs::read_dir(home.path()).expect("listed").count(), 0);
        }
    }
}

#[test]
fn consent_does_not_disable_encryption() {
    let world = World::new();
    let cache = world.open(true).expect("encrypted");
    cache.write(secret("token")).expect("written");
    assert_eq!(cache.protection(), Protection::Encrypted { protector: "secret-service" });
    assert_eq!(world.item(), Some(secret("token")));
    assert_eq!(world.content(), "");
    assert_eq!(cache.notices(), []);
}

#[test]
fn an_absent_protector_with_consent_is_announced_before_anything_is_written() {
    let world = World::new();
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    let reason = "no user data protection is available: no Secret Service is running on the session bus and none can \
                  be activated";
    let expected = Notice::PlaintextFallback { path: world.file(), reason: reason.to_owned() };
    assert_eq!(cache.notices(), [expected]);
    assert!(!world.directory().exists());

    cache.write(secret("token")).expect("written");
    assert_eq!(world.content(), "token");
    assert_eq!(others_may(&world.file()), Others::Nothing);
    assert_eq!(others_may(&world.directory()), Others::Nothing);
    assert_eq!(cache.notices().len(), 1);
}

#[test]
fn the_signal_is_empty_and_private() {
    let world = World::new();
    world.open(false).expect("encrypted").write(secret("token")).expect("written");
    assert_eq!(world.content(), "");
    assert_eq!(others_may(&world.file()), Others::Nothing);
    assert_eq!(world.names(), ["app.nocae", "app.nocae.lock"]);
}

#[test]
fn a_name_is_checked_before_anything_is_touched() {
    let world = World::new();
    let options = TokenCachePersistenceOptions::new().name("../escape");
    let error = world.builder_with(&options).open().expect_err("refused");
    assert!(matches!(error, Error::Name { source: NameError::Separator, .. }), "{error:?}");
    assert!(!world.directory().exists());
}

#[test]
fn two_names_and_two_partitions_are_four_caches() {
    let world = World::new();
    world.probe_answers(absent);
    let mut opened = Vec::new();
    for name in ["one", "two"] {
        for partition in [crate::Partition::NoCae, crate::Partition::Cae] {
            let options = TokenCachePersistenceOptions::new().name(name).allow_unencrypted_storage(true);
            let cache = world.builder_with(&options).partition(partition).open().expect("plaintext");
            let token = secret(&format!("{name}{partition:?}"));
            cache.write(token.clone()).expect("written");
            opened.push((cache, token));
        }
    }
    for (cache, token) in opened {
        assert_eq!(cache.read().expect("read"), Some(token));
    }
}

#[test]
fn a_folder_that_others_can_write_to_is_refused_and_one_that_they_can_read_is_tightened() {
    let world = World::new();
    world.plant("", Others::Nothing);
    allow_others(&world.directory(), Others::Write);
    let error = world.open(false).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    allow_others(&world.directory(), Others::Read);
    world.open(false).expect("encrypted");
    assert_eq!(others_may(&world.directory()), Others::Nothing);
}

#[test]
#[cfg(unix)]
fn a_link_in_the_place_of_the_file_is_refused_and_its_target_is_left_alone() {
    let world = World::new();
    world.plant("", Others::Nothing);
    let victim = world.directory().join("victim");
    fs::write(&victim, "").expect("written");
    fs::remove_file(world.file()).expect("removed");
    std::os::unix::fs::symlink(&victim, world.file()).expect("linked");
    for way in [super::world::usable as super::world::Way, absent] {
        let error = world.probe_answers(way).open(true).expect_err("refused");
        let is_link = matches!(
            error,
            Error::File { source: crate::FileError::Unsafe { finding: crate::Finding::Link, .. } }
        );
        assert!(is_link, "{error:?}");
    }
    assert_eq!(fs::read_to_string(&victim).expect("there"), "");
}

#[test]
fn a_cache_shows_its_protection_and_nothing_that_is_in_it() {
    let world = World::new();
    let cache = world.open(false).expect("encrypted");
    cache.write(secret("token of alex")).expect("written");
    cache.read().expect("read");
    let shown = format!("{cache:?}");
    assert!(shown.contains("secret-service") && !shown.contains("token of alex"), "{shown}");
}

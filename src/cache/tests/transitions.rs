//! What happens when encryption comes and goes, and when others use the cache too.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::world::{World, absent, locked, secret};
use crate::fs::testing::Others;
use crate::fs::{Living, others_may};
use crate::seams::Seams;
use crate::store::{Absence, Breakage, Obstacle};
use crate::{Error, ErrorKind, Notice, Protection};

#[test]
fn plaintext_beside_a_usable_protector_is_reported_and_left_alone_without_consent() {
    let world = World::new();
    world.plant("old token", Others::Nothing);
    let cache = world.open(false).expect("encrypted");
    assert_eq!(cache.notices(), [Notice::PlaintextResidue { path: world.file() }]);
    assert_eq!(cache.read().expect("read"), None);
    cache.write(secret("new token")).expect("written");
    assert_eq!(world.content(), "old token");
    assert_eq!(world.item(), Some(secret("new token")));

    assert!(cache.purge_plaintext().expect("purged"));
    assert_eq!(world.content(), "");
    assert!(!cache.purge_plaintext().expect("nothing to purge"));
    assert_eq!(cache.read().expect("read"), Some(secret("new token")));
}

#[test]
fn plaintext_without_an_item_is_imported_once_with_consent() {
    let world = World::new();
    world.plant("old token", Others::Read);
    let cache = world.open(true).expect("encrypted");
    assert_eq!(cache.notices(), [Notice::Imported { path: world.file() }]);
    assert_eq!(cache.read().expect("read"), Some(secret("old token")));
    assert_eq!(world.item(), Some(secret("old token")));
    assert_eq!(world.content(), "");
    assert_eq!(world.open(true).expect("encrypted").notices(), []);
}

#[test]
fn beside_an_item_plaintext_is_emptied_unread() {
    let world = World::new();
    world.set_item("item").plant("planted", Others::Nothing);
    let cache = world.open(true).expect("encrypted");
    assert_eq!(cache.notices(), [Notice::ResidueEmptied { path: world.file() }]);
    assert_eq!(cache.read().expect("read"), Some(secret("item")));
    assert_eq!(world.content(), "");
}

#[test]
fn plaintext_that_others_may_have_written_is_never_imported() {
    let world = World::new();
    world.plant("planted", Others::Write);
    let cache = world.open(true).expect("encrypted");
    assert_eq!(cache.notices(), [Notice::PlaintextResidue { path: world.file() }]);
    assert_eq!(cache.read().expect("read"), None);
    cache.write(secret("token")).expect("written");
    assert_eq!(others_may(&world.file()), Others::Write);
}

#[test]
fn plaintext_that_others_may_have_written_is_never_read() {
    let world = World::new();
    world.plant("planted", Others::Write).probe_answers(absent);
    let cache = world.open(true).expect("plaintext");
    assert_eq!(cache.read().expect_err("refused").kind(), ErrorKind::AccessDenied);
}

#[test]
fn an_import_that_cannot_be_written_keeps_the_plaintext() {
    let world = World::new();
    world.plant("old token", Others::Nothing).write_answers(locked);
    let error = world.open(true).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert_eq!(world.content(), "old token");
}

#[test]
fn a_cache_that_was_encrypted_starts_empty_and_says_so_when_it_becomes_plaintext() {
    let world = World::new();
    world.open(true).expect("encrypted").write(secret("first")).expect("written");
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    assert!(matches!(&cache.notices()[..], [Notice::PlaintextFallback { .. }, Notice::Demoted { .. }]));
    assert_eq!(cache.read().expect("read"), None);
    cache.write(secret("second")).expect("written");
    assert_eq!(cache.read().expect("read"), Some(secret("second")));
    assert_eq!(others_may(&world.file()), Others::Nothing);
}

#[test]
fn a_plaintext_handle_moves_to_encryption_before_its_next_save() {
    let world = World::new();
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    cache.write(secret("first")).expect("written");
    world.probe_answers(super::world::usable);
    cache
        .update(|stored| {
            assert_eq!(stored, Some(&secret("first")));
            Ok(secret("second"))
        })
        .expect("written");
    assert_eq!(cache.protection(), Protection::Encrypted { protector: "secret-service" });
    assert_eq!(world.item(), Some(secret("second")));
    assert_eq!(world.content(), "");
    let notices = cache.notices();
    assert!(
        matches!(&notices[..], [Notice::PlaintextFallback { .. }, Notice::Imported { .. }]),
        "{notices:?}"
    );
}

#[test]
fn a_plaintext_handle_does_not_save_beside_a_locked_protector() {
    let world = World::new();
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    cache.write(secret("first")).expect("written");
    world.probe_answers(locked);
    assert_eq!(cache.write(secret("second")).expect_err("refused").kind(), ErrorKind::Locked);
    assert_eq!(world.content(), "first");
}

#[test]
fn a_plaintext_handle_that_finds_its_tokens_does_not_ask_the_protector() {
    let world = World::new();
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    cache.write(secret("token")).expect("written");
    world.probe_answers(super::world::usable);
    assert_eq!(cache.read().expect("read"), Some(secret("token")));
    assert!(matches!(cache.protection(), Protection::Plaintext { .. }), "{:?}", cache.protection());
    assert_eq!((world.item(), world.content().as_str()), (None, "token"));
}

#[test]
fn plaintext_that_is_gone_before_it_is_read_is_no_import() {
    let world = World::new();
    world.plant("old token", Others::Nothing);
    let (file, reads) = (world.file(), AtomicU32::new(0));
    let item = Arc::new(move || {
        // The first look is without the lock; at the second one somebody empties the file in spite of it.
        if reads.fetch_add(1, Ordering::Relaxed) == 1 {
            fs::write(&file, "").expect("emptied");
        }
        Ok(None)
    });
    let cache = world.builder(true).seams(acknowledging(item)).open().expect("encrypted");
    assert_eq!((cache.notices(), world.content().as_str()), (vec![], ""));
}

#[test]
fn a_plaintext_handle_reads_what_another_one_moved_to_encryption() {
    let world = World::new();
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    cache.write(secret("token")).expect("written");
    world.probe_answers(super::world::usable).open(true).expect("imports");
    assert_eq!(cache.read().expect("read"), Some(secret("token")));
    assert_eq!(cache.protection(), Protection::Encrypted { protector: "secret-service" });
}

#[test]
fn a_failure_after_a_usable_probe_is_an_error_and_never_plaintext() {
    let ways: [super::world::Way; 4] = [
        absent,
        locked,
        |_| Err(Breakage::TooLarge { bytes: 5 }.into()),
        |_| Err(Breakage::Disconnected { call: "write" }.into()),
    ];
    for way in ways {
        let world = World::new();
        let cache = world.open(true).expect("encrypted");
        world.write_answers(way).probe_answers(absent);
        cache.write(secret("token")).expect_err("refused");
        assert_eq!(cache.protection(), Protection::Encrypted { protector: "secret-service" });
        let left = world.names();
        assert!(left.iter().all(|name| !name.starts_with(".tmp")), "{left:?}");
        assert!(!world.file().exists() || world.content().is_empty());
    }
}

#[test]
fn a_refused_first_write_leaves_no_signal() {
    let world = World::new();
    let cache = world.open(false).expect("encrypted");
    world.write_answers(locked);
    cache.write(secret("token")).expect_err("refused");
    assert_eq!(world.names(), ["app.nocae.lock"]);
    world.write_answers(super::world::usable);
    cache.write(secret("token")).expect("written");
    assert_eq!(world.names(), ["app.nocae", "app.nocae.lock"]);
}

#[test]
fn a_first_write_that_may_have_made_an_item_leaves_its_signal() {
    let world = World::new();
    let cache = world.open(false).expect("encrypted");
    world.write_answers(|_| Err(Breakage::Disconnected { call: "write" }.into()));
    cache.write(secret("token")).expect_err("nobody knows");
    assert_eq!(world.names(), ["app.nocae", "app.nocae.lock"]);
}

#[test]
fn an_acknowledged_write_that_cannot_be_read_back_is_an_error() {
    for kept in [None, Some("of another time")] {
        let world = World::new();
        let item = Arc::new(move || Ok(kept.map(secret)));
        let cache = world.builder(false).seams(acknowledging(item)).open().expect("encrypted");
        let error = cache.write(secret("token")).expect_err("lost");
        assert!(
            matches!(&error, Error::Protector { source: Obstacle::Broken(Breakage::ReadBackDiffers) }),
            "{error:?}"
        );
    }
}

#[test]
fn an_acknowledged_write_keeps_its_signal_though_it_cannot_be_read_back() {
    let world = World::new();
    let cache = world
        .builder(false)
        .seams(Seams {
            store: Box::new(|_, _| Ok(Box::new(LockedBehindTheWrite::default()))),
            ..Seams::real()
        })
        .open()
        .expect("encrypted");
    assert_eq!(cache.write(secret("token")).expect_err("not read back").kind(), ErrorKind::Locked);
    assert_eq!(world.names(), ["app.nocae", "app.nocae.lock"]);
}

#[test]
fn what_cannot_be_read_is_not_overwritten() {
    let world = World::new();
    world.plant("written by whoever", Others::Write).probe_answers(|_| Err(Absence::NoService.into()));
    let cache = world.open(true).expect("plaintext");
    assert_eq!(cache.write(secret("token")).expect_err("not safe").kind(), ErrorKind::AccessDenied);
    assert_eq!(world.content(), "written by whoever");
}

#[test]
fn a_change_by_another_handle_is_seen_until_it_is_read() {
    for consent in [false, true] {
        let world = World::new();
        world.probe_answers(if consent { absent } else { super::world::usable });
        let (one, two) = (world.open(consent).expect("open"), world.open(consent).expect("open"));
        one.write(secret("1")).expect("written");
        assert!(!one.changed().expect("looked"));
        assert!(two.changed().expect("looked"));
        assert_eq!(two.read().expect("read"), Some(secret("1")));
        assert!(!two.changed().expect("looked"));
        for text in ["2", "3"] {
            two.write(secret(text)).expect("written");
            assert!(one.changed().expect("looked"));
            assert_eq!(one.read().expect("read"), Some(secret(text)));
        }
    }
}

#[test]
fn an_update_that_fails_or_changes_nothing_writes_nothing() {
    let world = World::new();
    let (cache, other) = (world.open(false).expect("open"), world.open(false).expect("open"));
    cache.write(secret("token")).expect("written");
    other.read().expect("read");
    let error = cache.update(|_| Err("given up".into())).expect_err("given up");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    cache.update(|stored| Ok(stored.expect("there is one").clone())).expect("nothing to do");
    assert!(!other.changed().expect("looked"));
    assert_eq!(world.item(), Some(secret("token")));
}

#[test]
fn what_an_update_has_read_is_no_change_that_is_yet_to_be_read() {
    let world = World::new();
    let (cache, other) = (world.open(false).expect("open"), world.open(false).expect("open"));
    cache.write(secret("token")).expect("written");
    assert!(other.changed().expect("looked"));
    other.update(|stored| Ok(stored.expect("there is one").clone())).expect("nothing to do");
    assert!(!other.changed().expect("looked"));

    cache.write(secret("newer")).expect("written");
    assert!(other.changed().expect("looked"));
    other.update(|_| Err("the application's".into())).expect_err("its error");
    assert!(!other.changed().expect("looked"));
}

#[test]
fn a_cache_that_is_used_within_its_own_update_is_busy_and_not_stuck() {
    let world = World::new();
    let cache = world.open(false).expect("open");
    let error = cache
        .update(|_| Ok(cache.write(secret("inner")).map(|()| secret("outer"))?))
        .expect_err("the inner call fails");
    let Error::Update { source } = error else { panic!("{error:?}") };
    let inner = source.downcast::<Error>().expect("the inner error");
    assert_eq!(inner.kind(), ErrorKind::Busy);
}

#[test]
fn two_handles_never_lose_an_update() {
    let world = World::new();
    let count = |cache: &crate::TokenCache| {
        for _ in 0..20 {
            let add = |stored: Option<&crate::SecretBytes>| {
                let mut bytes = stored.map_or_else(Vec::new, |stored| stored.expose().to_vec());
                bytes.push(b'x');
                Ok(bytes.into())
            };
            cache.update(add).expect("written");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let wait = std::time::Duration::from_secs(30);
            let cache = world.builder(false).deadline(wait).open().expect("open");
            scope.spawn(move || count(&cache));
        }
    });
    assert_eq!(world.item().expect("written").len(), 40);
}

#[test]
fn nothing_is_not_stored() {
    let world = World::new();
    let error = world.open(false).expect("open").write(secret("")).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(!world.file().exists());
}

#[test]
fn leftovers_of_a_killed_writer_are_removed_by_the_next_one() {
    let world = World::new();
    let cache = world.probe_answers(absent).open(true).expect("plaintext");
    cache.write(secret("token")).expect("written");
    let files = crate::seams::SystemFiles;
    let directory =
        crate::fs::Files::open_directory(&files, &world.directory()).expect("opened").expect("there");
    crate::fs::leave_a_temporary(&directory, "app.nocae");
    assert_eq!(world.names().len(), 3);
    cache.write(secret("token 2")).expect("written");
    assert_eq!(world.names(), ["app.nocae", "app.nocae.lock"]);
}

#[test]
fn what_a_killed_writer_left_is_gone_once_the_cache_is_opened() {
    for consent in [false, true] {
        let world = World::new();
        world.plant("", Others::Nothing);
        let directory = crate::fs::Files::open_directory(&crate::seams::SystemFiles, &world.directory())
            .expect("opened")
            .expect("there");
        crate::fs::leave_a_temporary(&directory, "app.nocae");
        assert_eq!(world.names().len(), 2);
        world.open(consent).expect("opened");
        assert_eq!(world.names(), ["app.nocae", "app.nocae.lock"]);
    }
}

#[test]
fn a_cache_that_somebody_holds_is_opened_at_once_whatever_was_left() {
    let world = World::new();
    world.plant("", Others::Nothing);
    let directory = crate::fs::Files::open_directory(&crate::seams::SystemFiles, &world.directory())
        .expect("opened")
        .expect("there");
    crate::fs::leave_a_temporary(&directory, "app.nocae");
    let held = world.directory().join("app.nocae.lockfile");
    let other = Living::start();
    std::fs::write(held, format!("{} other", other.id())).expect("written");
    let builder = world.builder(false).deadline(Duration::from_secs(3600));
    let (opened, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || opened.send(builder.open().map(drop)));
    told.recv_timeout(Duration::from_secs(60)).expect("it waits for nobody").expect("opened");
    // The temporary may be that of the holder.
    assert_eq!(world.names().len(), 4);
}

#[test]
fn a_cache_without_leftovers_is_opened_without_a_lock() {
    let world = World::new();
    world.plant("", Others::Nothing);
    world.open(false).expect("opened");
    assert_eq!(world.names(), ["app.nocae"]);
}

/// The right parts, with a keyring that has this item whatever is written.
fn acknowledging(item: Arc<Item>) -> Seams {
    Seams { store: Box::new(move |_, _| Ok(Box::new(Acknowledging(item.clone())))), ..Seams::real() }
}

type Item = dyn Fn() -> Result<Option<crate::SecretBytes>, Obstacle> + Send + Sync;

/// A keyring that says yes and keeps nothing.
struct Acknowledging(Arc<Item>);

impl crate::store::Store for Acknowledging {
    fn probe(&self, _: crate::Interaction, _: crate::Deadline) -> Result<(), Obstacle> {
        Ok(())
    }

    fn read(&self, _: crate::Deadline) -> Result<Option<crate::SecretBytes>, Obstacle> {
        (self.0)()
    }

    fn write(
        &self,
        _: &crate::LockGuard,
        _: &crate::SecretBytes,
        _: crate::Deadline,
    ) -> Result<(), Obstacle> {
        Ok(())
    }

    fn clear(&self, _: &crate::LockGuard, _: crate::Deadline) -> Result<(), Obstacle> {
        Ok(())
    }
}

/// A keyring that is locked as soon as it has taken an item.
#[derive(Default)]
struct LockedBehindTheWrite {
    taken: std::sync::atomic::AtomicBool,
}

impl crate::store::Store for LockedBehindTheWrite {
    fn probe(&self, _: crate::Interaction, _: crate::Deadline) -> Result<(), Obstacle> {
        Ok(())
    }

    fn read(&self, _: crate::Deadline) -> Result<Option<crate::SecretBytes>, Obstacle> {
        if self.taken.load(std::sync::atomic::Ordering::Relaxed) { Err(Obstacle::Locked) } else { Ok(None) }
    }

    fn write(
        &self,
        _: &crate::LockGuard,
        _: &crate::SecretBytes,
        _: crate::Deadline,
    ) -> Result<(), Obstacle> {
        self.taken.store(true, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    fn clear(&self, _: &crate::LockGuard, _: crate::Deadline) -> Result<(), Obstacle> {
        Err(Obstacle::Locked)
    }
}

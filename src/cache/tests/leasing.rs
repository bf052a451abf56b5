//! Who may do something slow, when others get to do it, and what becomes of a lease that was lost.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::world::{World, absent, secret};
use crate::store::Obstacle;
use crate::{Error, ErrorKind, SecretBytes, Tenure, TokenCache};

/// A world with two handles of one cache, as two programs have them.
fn two_handles() -> (World, [TokenCache; 2]) {
    let world = World::new();
    // What is measured here is leases; the cache may be slow.
    let open = || world.builder(false).deadline(PATIENCE).open().expect("encrypted");
    let handles = [open(), open()];
    handles[0].write(secret("expired")).expect("written");
    (world, handles)
}

/// The file of the one lease that there is.
fn file(world: &World) -> PathBuf {
    let name = world.names().into_iter().find(|name| name.starts_with(".lease-")).expect("there is a lease");
    world.directory().join(name)
}

#[test]
fn one_of_many_threads_does_the_work_and_the_others_find_it_done() {
    let (_world, handles) = two_handles();
    let redeemed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..16 {
            let (cache, redeemed) = (handles[number % 2].clone(), &redeemed);
            scope.spawn(move || {
                let lease = cache.lease("alex", LONG).expect("in time");
                if cache.read().expect("read") == Some(secret("expired")) {
                    redeemed.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(lease.conclude(|_| Ok(secret("fresh"))).expect("stored"), Tenure::Kept);
                }
            });
        }
    });
    assert_eq!(redeemed.into_inner(), 1);
    assert_eq!(handles[1].read().expect("read"), Some(secret("fresh")));
}

#[test]
fn the_cache_is_free_while_a_lease_is_held() {
    let (_world, [holder, other]) = two_handles();
    let lease = holder.lease("alex", LONG).expect("free");
    other.update(|_| Ok(secret("of somebody else"))).expect("nobody holds the cache");
    let concluded = lease.conclude(|stored| {
        assert_eq!(stored, Some(&secret("of somebody else")));
        Ok(secret("of both"))
    });
    assert_eq!(concluded.expect("stored"), Tenure::Kept);
    assert_eq!(other.read().expect("read"), Some(secret("of both")));
}

#[test]
fn what_was_obtained_waits_for_the_cache_for_longer_than_anything_else() {
    let (world, [other, _]) = two_handles();
    let hasty = world.builder(false).deadline(Duration::ZERO).open().expect("encrypted");
    let lease = hasty.lease("alex", LONG).expect("free");
    let ((say, held), (go_on, go)) = (channel(), channel());
    thread::scope(|scope| {
        let slow = scope.spawn(move || {
            other.update(|stored| {
                say.send(()).expect("somebody waits");
                go.recv().expect("somebody says when");
                thread::sleep(Duration::from_millis(50));
                Ok(stored.expect("there is something").clone())
            })
        });
        held.recv().expect("the cache is held");
        // The control: whoever has nothing to lose is told at once.
        let busy = hasty.write(secret("of no worth"));
        assert!(matches!(busy, Err(Error::Busy { .. })), "{busy:?}");
        go_on.send(()).expect("it waits");
        assert_eq!(lease.conclude(|_| Ok(secret("fresh"))).expect("stored"), Tenure::Kept);
        slow.join().expect("no panic").expect("stored");
    });
    assert_eq!(hasty.read().expect("read"), Some(secret("fresh")));
}

#[test]
fn a_cache_that_was_waited_for_is_not_held_for_as_long_while_a_keyring_hangs() {
    let world = World::new();
    let cache = world.probe_answers(absent).builder(true).deadline(PATIENCE).open().expect("plaintext");
    let lease = cache.lease("alex", LONG).expect("free");
    // Only a keyring that is asked for a moment answers.
    world.probe_answers(
        |deadline| if deadline.remaining() <= PATIENCE { Ok(()) } else { Err(Obstacle::Locked) },
    );
    assert_eq!(lease.conclude(|_| Ok(secret("fresh"))).expect("stored"), Tenure::Kept);
    assert_eq!(world.item(), Some(secret("fresh")));
}

#[test]
fn what_lies_in_the_place_of_a_lease_keeps_nothing_from_being_stored() {
    let (world, [cache, _]) = two_handles();
    let lease = cache.lease("alex", LONG).expect("free");
    let file = file(&world);
    fs::rename(&file, world.directory().join("aside")).expect("moved");
    fs::create_dir(&file).expect("made");
    assert_eq!(lease.conclude(|_| Ok(secret("fresh"))).expect("stored"), Tenure::Lost);
    assert_eq!(cache.read().expect("read"), Some(secret("fresh")));
    assert!(file.is_dir());
}

#[test]
fn a_concluded_lease_leaves_no_file() {
    let (world, [cache, _]) = two_handles();
    let before = world.names();
    let lease = cache.lease("alex", LONG).expect("free");
    assert_ne!(world.names(), before);
    assert_eq!(lease.conclude(|_| Ok(secret("fresh"))).expect("stored"), Tenure::Kept);
    assert_eq!(world.names(), before);
}

#[test]
fn a_lease_shows_its_place_and_no_subject() {
    let (world, [cache, _]) = two_handles();
    let lease = cache.lease("alex", LONG).expect("free");
    let (shown, file) = (format!("{lease:?}"), file(&world));
    let name = file.file_name().and_then(|name| name.to_str()).expect("the name is text");
    assert!(shown.contains(name), "{shown}");
    assert!(!shown.contains("alex"), "{shown}");
}

#[test]
fn a_lease_that_was_just_taken_has_its_term_before_it() {
    let (_world, [cache, _]) = two_handles();
    let remaining = cache.lease("alex", LONG).expect("free").remaining();
    assert!(remaining > LONG / 2 && remaining <= LONG, "{remaining:?}");
}

#[test]
fn subjects_do_not_wait_for_each_other() {
    let (_world, [cache, other]) = two_handles();
    let _alex = cache.lease("alex", LONG).expect("free");
    let _kim = other.lease("kim", LONG).expect("free");
}

#[test]
fn whoever_waits_for_longer_than_its_deadline_and_its_term_gets_busy_with_the_path() {
    let (world, [holder, _]) = two_handles();
    let other = world.open(false).expect("encrypted");
    let _lease = holder.lease("alex", LONG).expect("free");
    let begun = Instant::now();
    let error = other.lease("alex", SHORT).expect_err("it is held for longer");
    assert!(matches!(&error, Error::Busy { path } if *path == file(&world)), "{error:?}");
    assert!(begun.elapsed() < LONG);
    // The cache itself was never busy.
    other.read().expect("read");
}

#[test]
fn a_holder_that_stands_still_is_replaced_after_a_term_and_what_it_stores_later_is_kept() {
    let (world, [holder, other]) = two_handles();
    let slow = holder.lease("alex", SHORT).expect("free");
    let begun = Instant::now();
    let quick = other.lease("alex", SHORT).expect("after a term");
    assert!(begun.elapsed() >= SHORT, "{:?}", begun.elapsed());
    assert_eq!(slow.remaining(), Duration::ZERO);

    assert_eq!(slow.conclude(|_| Ok(secret("the only token left"))).expect("stored"), Tenure::Lost);
    assert_eq!(other.read().expect("read"), Some(secret("the only token left")));
    // The loser has not taken the winner's lease along.
    assert!(file(&world).exists());
    assert_eq!(quick.conclude(|stored| Ok(stored.expect("there").clone())).expect("stored"), Tenure::Kept);
}

#[test]
fn a_lease_that_is_given_up_is_free_at_once() {
    let (_world, [holder, other]) = two_handles();
    drop(holder.lease("alex", LONG).expect("free"));
    let lease = other.lease("alex", LONG).expect("given back");
    let given_up = lease.conclude(|_| Err(io::Error::other("the service is down").into()));
    assert!(matches!(given_up, Err(Error::Update { .. })), "{given_up:?}");
    assert_eq!(holder.read().expect("read"), Some(secret("expired")));
    drop(holder.lease("alex", LONG).expect("given back"));
}

#[test]
fn clearing_the_cache_takes_every_lease_away() {
    let (world, [holder, other]) = two_handles();
    let leases = ["alex", "kim"].map(|subject| holder.lease(subject, LONG).expect("free"));
    assert!(other.clear().expect("cleared").is_complete());
    assert!(!world.names().iter().any(|name| name.starts_with(".lease-")), "{:?}", world.names());
    for lease in leases {
        let concluded = lease.conclude(|stored: Option<&SecretBytes>| {
            assert_eq!(stored, None);
            Err(io::Error::other("the user has signed out").into())
        });
        assert!(matches!(concluded, Err(Error::Update { .. })), "{concluded:?}");
    }
    assert_eq!(world.item(), None);
}

#[test]
fn the_leases_of_another_cache_outlive_a_cleared_one() {
    let (world, [cache, _]) = two_handles();
    let options = crate::TokenCachePersistenceOptions::new().name("app2");
    let other = world.builder_with(&options).open().expect("encrypted");
    other.write(secret("of app2")).expect("written");
    let lease = other.lease("alex", LONG).expect("free");
    assert!(cache.clear().expect("cleared").is_complete());
    assert_eq!(lease.conclude(|_| Ok(secret("still"))).expect("stored"), Tenure::Kept);
}

#[test]
fn a_file_that_nobody_holds_stands_in_nobodys_way_whatever_is_in_it() {
    for content in ["", "garbage", "18446744073709551615 1 me\n", "-1\n"] {
        let (world, [cache, _]) = two_handles();
        drop(cache.lease("alex", LONG).expect("free"));
        fs::write(file(&world), content).expect("planted");
        let lease = cache.lease("alex", LONG).unwrap_or_else(|error| panic!("{content:?} {error:?}"));
        assert_eq!(lease.conclude(|_| Ok(secret("fresh"))).expect("stored"), Tenure::Kept);
    }
}

#[test]
fn a_folder_in_the_place_of_a_lease_is_an_error() {
    let (world, [cache, _]) = two_handles();
    drop(cache.lease("alex", LONG).expect("free"));
    let path = file(&world);
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    let error = cache.lease("alex", LONG).expect_err("it cannot be a lease");
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error:?}");
}

/// Longer than any test.
const LONG: Duration = Duration::from_secs(300);

/// Longer than a slow machine takes for a change.
const PATIENCE: Duration = Duration::from_secs(60);

/// Short, and longer than a change takes.
const SHORT: Duration = Duration::from_millis(200);

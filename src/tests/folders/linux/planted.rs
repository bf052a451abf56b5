//! Each thing in each place of a cache.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use libtest_mimic::Trial;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use token_cache::{Error, FileError, Finding, TokenCache};

use super::things::{SOMEBODY, THINGS, Thing};
use super::{Home, builder, found, secret, trial, trial_of_root};

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for thing in THINGS {
        let named = |place: &str| format!("{}_in_the_place_of_{place}_does_no_harm", thing.name());
        let trial = if thing.needs_root() { trial_of_root } else { trial };
        trials.extend([
            trial(named("a_cache"), Box::new(move || cache(thing)) as Box<dyn FnOnce() + Send>),
            trial(named("a_lock"), Box::new(move || lock(thing, ".lock"))),
            trial(named("a_lock_of_other_sdks"), Box::new(move || lock(thing, ".lockfile"))),
        ]);
    }
    trials.extend([
        trial("what_is_no_folder_is_refused_in_the_place_of_one", no_folder),
        trial("a_folder_that_others_may_write_to_is_refused_and_left_as_it_is", open_folders),
        trial_of_root("a_folder_of_somebody_else_is_refused", foreign_folder),
        trial("a_folder_that_is_exchanged_during_a_change_is_not_written_to", exchanged),
    ]);
    trials
}

/// Nothing reads it, nothing writes to it, and nothing removes it.
fn cache(thing: Thing) {
    let (home, cache) = Home::with_cache();
    let (place, victim) = (home.file(""), home.path().join("victim"));
    thing.put(&place, &victim);
    // A file that others may write to is one that they may have written.
    let finding = thing.finding().unwrap_or(Finding::Writable { mode: 0o666 });
    let expected = (place.clone(), finding);
    assert_eq!(found(cache.read()), expected);
    assert_eq!(found(cache.write(secret("after"))), expected);
    assert_eq!(found(cache.update(|_| unreachable!("there is nothing to change"))), expected);
    assert_eq!(found(builder(home.path()).open().and_then(|cache| cache.read())), expected);
    if thing != Thing::Open {
        // Opening looks at what is there, and clearing does not remove what it cannot know.
        assert_eq!(found(builder(home.path()).open()), expected);
        assert_eq!(found(cache.clear()), expected);
        assert_eq!(found(cache.changed()), expected);
    }
    assert!(fs::symlink_metadata(&place).is_ok());
    assert!(thing.left_alone(&victim));

    super::things::remove(&place);
    cache.write(secret("after")).expect("it is out of the way");
}

/// Whoever reads needs no lock, and whoever writes gets none.
fn lock(thing: Thing, ending: &str) {
    let (home, cache) = Home::with_cache();
    let (place, victim) = (home.file(ending), home.path().join("victim"));
    thing.put(&place, &victim);
    assert_eq!(cache.read().expect("read"), Some(secret("before")));
    let written = cache.write(secret("after"));
    match (thing.finding(), ending) {
        (Some(finding), _) => {
            let expected = (place.clone(), finding);
            assert_eq!(found(written), expected);
            assert_eq!(found(cache.clear()), expected);
            assert_eq!(found(cache.lease("alex", super::PATIENCE)), expected);
            assert_eq!(cache.read().expect("read"), Some(secret("before")));
        }
        // It may be the lock of another SDK, which makes it with any mode; and it is fresh.
        (None, ".lockfile") => {
            assert!(matches!(&written, Err(Error::Busy { path }) if *path == place), "{written:?}");
        }
        (None, _) => {
            written.expect("it is a file and ours");
            assert_eq!(fs::metadata(&place).expect("there").permissions().mode() & 0o7777, 0o600);
        }
    }
    assert!(thing.left_alone(&victim));
}

fn no_folder() {
    let something: [(&str, Put, Finding); 4] = [
        ("a file", |place, _| fs::write(place, "").expect("made"), KIND),
        ("a pipe", |place, _| mkfifo(place, Mode::S_IRUSR).expect("made"), KIND),
        ("a link to a folder", |place, other| symlink(other, place).expect("linked"), Finding::Link),
        (
            "a dangling link",
            |place, other| symlink(other.join("none"), place).expect("linked"),
            Finding::Link,
        ),
    ];
    for (what, put, finding) in something {
        let (home, cache) = Home::with_cache();
        let other = home.path().join("other");
        fs::rename(home.folder(), &other).expect("moved");
        put(&home.folder(), &other);
        refused(&home, &cache, finding, what);
        assert_eq!(fs::read_to_string(other.join("app.nocae")).expect("there"), "before", "{what}");
    }
}

/// Puts something in a place; the second path is that of a folder.
type Put = fn(&Path, &Path);

const KIND: Finding = Finding::Kind { found: "something else", expected: "a folder" };

fn open_folders() {
    for mode in [0o777, 0o1777, 0o770, 0o733, 0o702] {
        let (home, cache) = Home::with_cache();
        fs::set_permissions(home.folder(), Permissions::from_mode(mode)).expect("changed");
        refused(&home, &cache, Finding::Writable { mode }, &format!("{mode:o}"));
        // Taking the permission away would hide that others had it.
        assert_eq!(fs::metadata(home.folder()).expect("there").permissions().mode() & 0o7777, mode);
    }
}

fn foreign_folder() {
    let (home, cache) = Home::with_cache();
    chown(home.folder(), Some(SOMEBODY), None).expect("given away");
    refused(&home, &cache, Finding::ForeignOwner { owner: SOMEBODY }, "a foreign folder");
}

/// Nothing is done in the folder, by whatever way.
fn refused(home: &Home, cache: &TokenCache, finding: Finding, what: &str) {
    let expected = (home.folder(), finding);
    assert_eq!(found(cache.read()), expected, "{what}");
    assert_eq!(found(cache.write(secret("after"))), expected, "{what}");
    assert_eq!(found(cache.changed()), expected, "{what}");
    assert_eq!(found(cache.clear()), expected, "{what}");
    assert_eq!(found(builder(home.path()).open()), expected, "{what}");
    assert_eq!(found(builder(home.path()).clear()), expected, "{what}");
}

/// Within a change the folder is the one that was checked, whatever has taken its name meanwhile.
fn exchanged() {
    let (home, cache) = Home::with_cache();
    let (checked, other) = (home.path().join("checked"), home.path().join("other"));
    fs::create_dir(&other).expect("made");
    let changed = cache.update(|_| {
        fs::rename(home.folder(), &checked)?;
        symlink(&other, home.folder())?;
        Ok(secret("after"))
    });
    assert_eq!(found(changed), (home.folder(), Finding::Link));
    assert_eq!(fs::read_dir(&other).expect("listed").count(), 0);
    assert_eq!(fs::read_to_string(checked.join("app.nocae")).expect("there"), "before");
    // The lock that other SDKs look at was taken out of the folder in which it was made.
    assert!(!checked.join("app.nocae.lockfile").exists());

    fs::remove_file(home.folder()).expect("removed");
    let missing = cache.update(|_| Ok(secret("after")));
    assert!(!matches!(missing, Err(Error::File { source: FileError::Unsafe { .. } })), "{missing:?}");
}

//! Caches that are used by several processes, and by several users.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test looks at the files from outside, not through the library"
)]

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;
use token_cache::{Environment, Error, TokenCache, TokenCachePersistenceOptions};

use crate::job::ROUNDS;
use crate::place::{Other, Place};

pub(crate) fn trials() -> Vec<Trial> {
    // Only whoever runs the tests can be another user before.
    let foreign_blob = env::var_os("TOKEN_CACHE_OF_ANOTHER_USER").map(PathBuf::from);
    let ignored = foreign_blob.is_none();
    let foreign = move || foreign(foreign_blob.as_deref().expect("else it is ignored"));
    vec![
        trial("what_one_process_writes_another_reads_and_nobody_finds_in_the_file", written),
        trial("what_processes_add_at_the_same_time_is_all_there", added),
        trial("whoever_comes_while_another_process_holds_the_cache_gets_busy", held),
        trial("a_holder_that_is_killed_holds_up_others_until_its_lock_file_is_old", killed_holder),
        trial("a_writer_that_is_killed_leaves_the_old_value_or_the_new_one", killed_writer),
        trial("without_local_application_data_nothing_is_stored_anywhere", homeless),
        trial("what_another_user_protected_is_unreadable_and_left_alone", foreign)
            .with_kind(if ignored { "not run: there is no cache of another user" } else { "" })
            .with_ignored_flag(ignored),
    ]
}

fn trial(name: &'static str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn written() {
    let place = Place::new();
    assert_eq!(place.result("read"), "ok None");
    assert!(!place.directory().exists());
    assert_eq!(place.result("write"), "ok ()");
    assert_eq!(place.result("read"), "ok Some(\"of another process\")");
    let blob = fs::read(place.file("")).expect("it is the cache");
    let found = |needle: &[u8]| blob.windows(needle.len()).any(|window| window == needle);
    assert!(!found(b"another") && !found(b"a\0n\0o\0t\0h"));
    let mut names: Vec<_> = fs::read_dir(place.directory())
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["test.nocae", "test.nocae.lock"]);
}

fn added() {
    let place = Place::new();
    let others: Vec<_> = (0..PROCESSES).map(|_| place.start("add")).collect();
    for other in &others {
        assert_eq!(other.line(), "ok ()");
    }
    assert_eq!(place.result("read"), format!("ok Some(\"{}\")", PROCESSES * ROUNDS));
}

fn held() {
    let place = Place::new();
    let _holder = {
        let holder = place.start("hold");
        assert_eq!(holder.line(), "held");
        holder
    };
    let error = write(&place).expect_err("held");
    let expected = place.file(".lock");
    assert!(matches!(&error, Error::Busy { path } if *path == expected), "{error:?}");
    // Reading needs nobody's leave.
    assert_eq!(place.result("read"), "ok None");
}

fn killed_holder() {
    let place = Place::new();
    let holder = place.start("hold");
    assert_eq!(holder.line(), "held");
    holder.kill();
    let (lock, courtesy) = (place.file(".lock"), place.file(".lockfile"));
    assert!(lock.exists() && courtesy.exists());

    // The system's lock ended with it; the file that other SDKs look at may be that of a slow process elsewhere.
    let error = write(&place).expect_err("the lock file is fresh");
    assert!(matches!(&error, Error::Busy { path } if *path == courtesy), "{error:?}");
    let file = File::options().write(true).open(&courtesy).expect("open");
    file.set_modified(SystemTime::now() - Duration::from_secs(61)).expect("set");
    drop(file);
    write(&place).expect("it is old now");
    assert!(!courtesy.exists());
}

fn killed_writer() {
    let place = Place::new();
    for round in 0..KILLS {
        let writer = place.start("write-on");
        // The number of lines differs, so that kills come at different places of a write.
        let mut said: Vec<String> = (0..=round % 4).map(|_| writer.line()).collect();
        said.extend(writer.kill());
        let last: usize = said.iter().rev().find_map(|line| line.parse().ok()).expect("it wrote");
        let read = place.result("read");
        let whole = |number: usize| format!("ok Some({:?})", format!("{number} ").repeat(10_000));
        // It may have written once more and not lived to say so.
        assert!(
            [whole(last), whole(last + 1)].contains(&read),
            "after {last}: {}",
            &read[..read.len().min(40)]
        );
        fs::remove_file(place.file(".lockfile")).ok();
    }
    write(&place).expect("nobody is left");
    let left = fs::read_dir(place.directory()).expect("listed").count();
    assert_eq!(left, 2, "the cache and its lock");
}

fn homeless() {
    let place = Place::new();
    for value in [None, Some(""), Some("relative")] {
        let mut command = place.command("write");
        command.env_remove("LOCALAPPDATA").envs(value.map(|value| ("LOCALAPPDATA", value)));
        assert_eq!(Other::start(command).line(), "error Io", "{value:?}");
    }
    assert_eq!(fs::read_dir(place.data()).expect("listed").count(), 0);
}

fn foreign(blob: &Path) {
    let blob = fs::read(blob).expect("another user wrote it");
    let place = Place::new();
    write(&place).expect("the folder is made");
    fs::write(place.file(""), &blob).expect("planted");
    assert_eq!(place.result("read"), "error Corrupt");
    // What cannot be read is not overwritten.
    assert_eq!(place.result("write"), "error Corrupt");
    assert_eq!(fs::read(place.file("")).expect("it is the cache"), blob);

    let own = Place::new();
    assert_eq!(own.result("write"), "ok ()");
    fs::write(place.file(""), fs::read(own.file("")).expect("it is the cache")).expect("planted");
    assert_eq!(place.result("read"), "ok Some(\"of another process\")");
}

/// Writes from this process, which waits for a moment only.
fn write(place: &Place) -> Result<(), Error> {
    let environment = Environment { local_app_data: Some(place.data().to_owned()), ..Environment::default() };
    let options = TokenCachePersistenceOptions::new().name("test");
    let builder = TokenCache::builder(&options).environment(environment);
    builder.deadline(Duration::from_millis(200)).open()?.write(b"of this process".to_vec().into())
}

const PROCESSES: usize = 4;
const KILLS: usize = 12;

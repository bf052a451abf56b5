//! Homes that are missing, relative, links, or the root.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use nix::unistd::{Uid, setfsuid};
use token_cache::{Environment, Error, FileError, Platform, TokenCache, TokenCachePersistenceOptions};

use super::things::SOMEBODY;
use super::{Home, builder, secret, trial, trial_of_root};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("without_a_home_there_is_no_place_and_nothing_is_made", none),
        trial("a_home_that_does_not_exist_is_not_made", missing),
        trial("a_home_that_is_a_file_is_an_error", file),
        trial("a_home_that_is_a_link_is_the_home_that_it_leads_to", link),
        trial("the_root_as_a_home_is_a_place_like_any_other", root),
        trial_of_root("the_root_as_a_home_of_somebody_who_may_not_write_there_is_an_error", root_of_somebody),
    ]
}

fn none() {
    let options = TokenCachePersistenceOptions::new().name("app").allow_unencrypted_storage(true);
    let before = here();
    for home in [None, Some(""), Some("here"), Some("./here"), Some("../here"), Some("~")] {
        let environment =
            Environment { platform: Platform::Linux, home: home.map(Into::into), ..Environment::default() };
        let builder = || TokenCache::builder(&options).environment(environment.clone());
        for error in [builder().open().map(drop), builder().clear().map(drop), builder().plan().map(drop)] {
            assert!(matches!(error, Err(Error::NoHome { variable: "HOME" })), "{home:?} {error:?}");
        }
    }
    assert_eq!(here(), before);
}

/// What is in the folder in which this program runs.
fn here() -> Vec<PathBuf> {
    let mut names: Vec<_> =
        fs::read_dir(".").expect("listed").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    names
}

fn missing() {
    let home = Home::new();
    let missing = home.path().join("missing");
    let cache = builder(&missing).open().expect("opening makes nothing");
    assert_eq!(cache.read().expect("nothing is stored"), None);
    let expected = ("make", missing.join(".IdentityService"), io::ErrorKind::NotFound);
    assert_eq!(failed(cache.write(secret("x"))), expected);
    assert!(!missing.exists());
}

fn file() {
    let home = Home::new();
    let file = home.path().join("file");
    fs::write(&file, "").expect("written");
    let expected = ("open", file.clone(), io::ErrorKind::NotADirectory);
    assert_eq!(failed(builder(&file).open()), expected);
}

fn link() {
    let (home, cache) = Home::with_cache();
    let link = home.path().join("link");
    symlink(home.path(), &link).expect("linked");
    let other = builder(&link).open().expect("the home is not ours to check");
    assert_eq!(other.read().expect("read"), Some(secret("before")));
    other.write(secret("after")).expect("written");
    assert_eq!(cache.read().expect("read"), Some(secret("after")));
}

fn root() {
    let plan = builder(Path::new("/")).plan().expect("it is absolute");
    assert_eq!(plan.location.directory(), Path::new("/.IdentityService"));
}

fn root_of_somebody() {
    // For this thread and its files only; nobody may write to the root but root.
    setfsuid(Uid::from_raw(SOMEBODY));
    let cache = builder(Path::new("/")).open().expect("opening makes nothing");
    let expected = ("make", PathBuf::from("/.IdentityService"), io::ErrorKind::PermissionDenied);
    assert_eq!(failed(cache.write(secret("x"))), expected);
    assert!(!Path::new("/.IdentityService").exists());
}

/// What the system did not do, where, and why.
pub(super) fn failed<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, PathBuf, io::ErrorKind) {
    match result {
        Err(Error::File { source: FileError::System { action, path, source } }) => {
            (action, path, source.kind())
        }
        other => panic!("not an error of the system: {other:?}"),
    }
}

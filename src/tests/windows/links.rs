//! Links, which Windows calls reparse points, in the place of the folder and of the file.
#![expect(clippy::disallowed_methods, reason = "a test plants and looks at files from outside")]

use std::fs;
use std::io;
use std::os::windows::fs::{symlink_dir, symlink_file};
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;
use token_cache::{Environment, Error, FileError, Finding, TokenCache, TokenCachePersistenceOptions};

use crate::place::Place;

/// A way to make a link, the target first.
type Make = fn(&Path, &Path) -> io::Result<()>;

/// What is tested with it.
type Test = fn(Make);

pub(crate) fn trials() -> Vec<Trial> {
    let ways: [(&str, Make, Test); 3] = [
        ("a_link_in_the_place_of_the_file_is_refused", |target, link| symlink_file(target, link), file),
        ("a_link_in_the_place_of_the_folder_is_refused", |target, link| symlink_dir(target, link), folder),
        ("a_junction_in_the_place_of_the_folder_is_refused", junction, folder),
    ];
    ways.into_iter().map(|(name, make, test)| trial(name, make, test)).collect()
}

/// Making links needs a right, or a system that has them.
fn trial(name: &'static str, make: Make, test: Test) -> Trial {
    let place = Place::new();
    let (target, link) = (place.data().join("target"), place.data().join("link"));
    fs::create_dir(&target).expect("made");
    let possible = make(&target, &link).is_ok()
        && fs::symlink_metadata(&link).is_ok_and(|metadata| metadata.file_type().is_symlink());
    let trial = Trial::test(name, move || {
        test(make);
        Ok(())
    });
    if possible {
        trial
    } else {
        trial.with_kind("not run: no such link can be made here").with_ignored_flag(true)
    }
}

fn file(make: Make) {
    let place = Place::new();
    write(&place).expect("nothing is in the way");
    let victim = place.data().join("victim");
    fs::rename(place.file(""), &victim).expect("moved");
    let before = fs::read(&victim).expect("there");
    make(&victim, &place.file("")).expect("linked");
    assert_refused(write(&place));
    assert_eq!(fs::read(&victim).expect("there"), before);
}

fn folder(make: Make) {
    let place = Place::new();
    let elsewhere = place.data().join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    make(&elsewhere, &place.directory()).expect("linked");
    assert_refused(write(&place));
    assert_eq!(fs::read_dir(&elsewhere).expect("listed").count(), 0);
}

fn assert_refused(result: Result<(), Error>) {
    let error = result.expect_err("refused");
    let is_link = matches!(&error, Error::File { source: FileError::Unsafe { finding: Finding::Link, .. } });
    assert!(is_link, "{error:?}");
}

fn write(place: &Place) -> Result<(), Error> {
    let environment = Environment { local_app_data: Some(place.data().to_owned()), ..Environment::default() };
    let options = TokenCachePersistenceOptions::new().name("test");
    TokenCache::builder(&options).environment(environment).open()?.write(b"token".to_vec().into())
}

fn junction(target: &Path, link: &Path) -> io::Result<()> {
    let mut command = Command::new("cmd");
    command.args(["/c", "mklink", "/J"]).arg(link).arg(target).stdout(Stdio::null()).stderr(Stdio::null());
    if command.status()?.success() { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

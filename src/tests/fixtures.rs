//! The fixtures are what their README says, and the reference survives the corrupt ones.
#![expect(
    clippy::disallowed_methods,
    reason = "a test looks at the files from outside, not through the library"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use token_cache::{Environment, Platform, SecretBytes, TokenCache, TokenCachePersistenceOptions};

fn main() {
    let python = if has_python() { None } else { Some("python3 is not installed") };
    let with_python = |name: &'static str, test: fn()| {
        // The reason is part of the name: a test that did not run must not look like one that passed.
        let name = python.map_or_else(|| name.to_owned(), |missing| format!("{name} ({missing})"));
        trial(name, test).with_ignored_flag(python.is_some())
    };
    let trials = vec![
        trial("every_corrupt_file_is_the_one_that_the_index_describes".into(), described),
        trial("every_file_among_the_corrupt_ones_is_in_the_index".into(), complete),
        trial("the_reference_hands_a_corrupt_cache_through_and_keeps_the_others".into(), survived),
        with_python("the_corrupt_files_are_what_their_program_makes", made_again),
        with_python("the_example_of_the_readme_runs_and_finds_a_wrong_library", example),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trial(name: String, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    vectors: Vec<Corrupt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrupt {
    file: String,
    bytes: usize,
    sha256: String,
    what: String,
    answers: Vec<Answer>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Error,
    Nothing,
}

fn described() {
    for Corrupt { file, bytes, sha256, what, answers } in index().vectors {
        let content = content(&file);
        assert_eq!(content.len(), bytes, "{file}");
        assert_eq!(hex(&Sha256::digest(&content)), sha256, "{file}");
        assert!(!what.is_empty() && !answers.is_empty(), "{file}");
        // A signal file is empty, and no error.
        assert_eq!(answers.contains(&Answer::Error), bytes > 0, "{file}");
    }
}

fn complete() {
    let index = index();
    assert_eq!(index.format, 1);
    let mut known: Vec<_> = index.vectors.into_iter().map(|vector| vector.file).collect();
    known.extend(["index.json".to_owned(), "make.py".to_owned()]);
    known.sort();
    assert_eq!(names_in(&folder().join("corrupt")), known);
}

/// The reference does not parse what it keeps: the bytes come back, or nothing, and nobody else is harmed.
fn survived() {
    for Corrupt { file, bytes, .. } in index().vectors {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let environment = Environment {
            platform: Platform::Other("a test without a protector"),
            home: Some(home.path().into()),
            ..Environment::default()
        };
        let open = |name: &str| {
            let options = TokenCachePersistenceOptions::new().name(name).allow_unencrypted_storage(true);
            TokenCache::builder(&options)
                .environment(environment.clone())
                .open()
                .expect("plaintext is allowed")
        };
        let other = SecretBytes::from(b"another cache".to_vec());
        open("other").write(other.clone()).expect("it can be saved");
        let planted = home.path().join(".IdentityService/corrupt.nocae");
        fs::write(&planted, content(&file)).expect("a file can be planted");
        make_private(&planted);

        let corrupt = open("corrupt");
        let read = corrupt.read().unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(read.map_or(0, |read| read.len()), bytes, "{file}");
        assert_eq!(open("other").read().expect("it can be read"), Some(other), "{file}");
        let new = SecretBytes::from(b"a new start".to_vec());
        corrupt.write(new.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(open("corrupt").read().expect("it can be read"), Some(new), "{file}");
    }
}

fn made_again() {
    let again = tempfile::tempdir().expect("a temporary folder can be made");
    let made = python(&folder().join("corrupt"), &["make.py".as_ref(), again.path().as_ref()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let files: Vec<_> = index().vectors.into_iter().map(|vector| vector.file).collect();
    let mut sorted = files.clone();
    sorted.sort();
    assert_eq!(names_in(again.path()), sorted);
    for file in files {
        let made = fs::read(again.path().join(&file)).expect("it was listed");
        assert!(made == content(&file), "{file} is not what make.py makes");
    }
}

fn example() {
    let readme = fs::read_to_string(folder().join("README.md")).expect("the folder has a README");
    let (_, behind) = readme.split_once("```python\n").expect("it has an example");
    let (code, _) = behind.split_once("```").expect("the example ends");
    let right = python(&folder(), &["-c".as_ref(), code.as_ref()]);
    assert_eq!(String::from_utf8_lossy(&right.stdout), "20 items agree\n");

    // The control: a library that forgets the partition is found out.
    let wrong = code.replace("{name or 'msal.cache'}.{partition}", "{name or 'msal.cache'}");
    assert_ne!(wrong, code, "the control changes the example");
    let wrong = python(&folder(), &["-c".as_ref(), wrong.as_ref()]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("AssertionError"));
}

fn python(folder: &Path, arguments: &[&std::ffi::OsStr]) -> Output {
    let mut command = Command::new("python3");
    command.args(arguments).current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    command.output().expect("python3 was there a moment ago")
}

fn has_python() -> bool {
    let version =
        Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

fn index() -> Index {
    serde_json::from_slice(&content("index.json")).unwrap_or_else(|error| panic!("the index: {error}"))
}

fn content(file: &str) -> Vec<u8> {
    fs::read(folder().join("corrupt").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("it can be listed").file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().expect("names are ASCII")).collect();
    names.sort();
    names
}

/// Cargo runs tests in the folder of their package.
fn folder() -> PathBuf {
    env::current_dir().expect("there is a working folder").join("fixtures")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
}

#[cfg(not(unix))]
fn make_private(_: &Path) {}

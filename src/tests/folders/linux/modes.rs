//! File systems without modes and without locks, as strace can make them look.
//!
//! A change of mode that is acknowledged and not made, as on a share that is mounted with one mode for everything, and one
//! that is refused, as on a memory card.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::Trial;
use token_cache::{Error, FileError, Finding};

use super::{Home, builder, secret, trial};

pub(super) fn trials() -> Vec<Trial> {
    let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let ignored = !strace.is_ok_and(|status| status.success());
    let kind = if ignored { "not run: no strace" } else { "" };
    [
        trial("modes_that_stay_open_in_spite_of_a_change_are_noticed_in_every_place", acknowledged),
        trial("modes_that_cannot_be_changed_and_let_nobody_else_in_will_do", private),
        trial("modes_that_cannot_be_changed_and_let_others_in_are_an_error", refused),
        trial("a_file_system_without_locks_is_an_error", without_locks),
    ]
    .map(|trial| trial.with_kind(kind).with_ignored_flag(ignored))
    .into()
}

/// Reads, or writes and reads, in the home that is named; says what came of it. This is the program below strace.
pub(crate) fn worker() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, what, home] = &arguments[..] else { return None };
    if first != WORKER {
        return None;
    }
    let done = builder(Path::new(home)).open().and_then(|cache| {
        if what == "write" {
            cache.write(secret("after"))?;
        }
        cache.read()
    });
    say(&match done {
        Ok(read) => format!("read {:?}", read.map(|read| String::from_utf8(read.expose().to_vec()))),
        Err(Error::File { source: FileError::Unsafe { path, finding: Finding::ModesIgnored } }) => {
            format!("modes ignored {path:?}")
        }
        Err(Error::File { source: FileError::System { action, path, source } }) => {
            format!("cannot {action} {path:?}: {:?}", source.kind())
        }
        Err(other) => format!("{other:?}"),
    });
    Some(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn say(line: &str) {
    println!("{line}");
}

fn acknowledged() {
    for place in [Place::Folder, Place::Cache, Place::Lock] {
        // The control: where modes are kept, all of them are tightened.
        let (home, path) = place.open();
        assert_eq!(ask(&home, place.asked(), "fchmod:delay_enter=0"), place.answer(), "{place:?}");
        assert_eq!(mode(&path) & 0o077, 0, "{place:?}");

        let (home, path) = place.open();
        let expected = format!("modes ignored {path:?}");
        assert_eq!(ask(&home, place.asked(), "fchmod:retval=0"), expected, "{place:?}");
    }
}

fn private() {
    let (home, _cache) = Home::with_cache();
    for ending in ["", ".lock"] {
        fs::set_permissions(home.file(ending), Permissions::from_mode(0o700)).expect("changed");
    }
    assert_eq!(ask(&home, "write", "fchmod:error=EPERM"), "read Some(Ok(\"after\"))");
    assert_eq!(mode(&home.file(".lock")), 0o700);
}

fn refused() {
    for place in [Place::Folder, Place::Cache, Place::Lock] {
        let (home, path) = place.open();
        let expected = format!("cannot make private {path:?}: PermissionDenied");
        assert_eq!(ask(&home, place.asked(), "fchmod:error=EPERM"), expected, "{place:?}");
    }
}

fn without_locks() {
    let (home, _cache) = Home::with_cache();
    let said = ask(&home, "write", "flock:error=EOPNOTSUPP");
    assert_eq!(said, format!("cannot lock {:?}: Unsupported", home.file(".lock")));
    assert_eq!(fs::read_to_string(home.file("")).expect("there"), "before");
}

/// A place whose mode lets others in.
#[derive(Clone, Copy, Debug)]
enum Place {
    Cache,
    Folder,
    Lock,
}

impl Place {
    /// A home with a cache in which this place lets others read.
    fn open(self) -> (Home, PathBuf) {
        let (home, _cache) = Home::with_cache();
        let (path, mode) = match self {
            Self::Cache => (home.file(""), 0o644),
            Self::Folder => (home.folder(), 0o755),
            Self::Lock => (home.file(".lock"), 0o644),
        };
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("changed");
        (home, path)
    }

    /// What uses the place.
    fn asked(self) -> &'static str {
        match self {
            Self::Cache | Self::Folder => "read",
            Self::Lock => "write",
        }
    }

    /// What is said where nothing is wrong.
    fn answer(self) -> &'static str {
        match self {
            Self::Cache | Self::Folder => "read Some(Ok(\"before\"))",
            Self::Lock => "read Some(Ok(\"after\"))",
        }
    }
}

/// Runs this program below strace, which has a system call end otherwise.
fn ask(home: &Home, what: &str, injected: &str) -> String {
    let call = injected.split(':').next().expect("a call");
    let ended = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-e",
            &format!("inject={injected}"),
        ])
        .arg(std::env::current_exe().expect("this program has a path"))
        .args([WORKER, what])
        .arg(home.path())
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
    assert!(!said.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    said
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

const WORKER: &str = "worker";

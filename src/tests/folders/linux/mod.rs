//! The tests, and what they share.
//!
//! | file | holds |
//! |---|---|
//! | `things.rs` | what can stand in the place of a file or folder |
//! | `planted.rs` | each of them in each place of a cache |
//! | `homes.rs` | homes that are missing, relative, links, or the root |
//! | `modes.rs` | file systems without modes and locks, as strace can make them look |

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test prepares and looks at folders from outside, not through the library"
)]

mod homes;
mod modes;
mod planted;
mod things;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use libtest_mimic::Trial;
use nix::unistd::geteuid;
use token_cache::TokenCachePersistenceOptions;
use token_cache::{Builder, Environment, Error, FileError, Finding, Platform, SecretBytes, TokenCache};

pub(crate) use modes::worker;

pub(crate) fn trials() -> Vec<Trial> {
    [planted::trials(), homes::trials(), modes::trials()].into_iter().flatten().collect()
}

/// A trial that ends, one way or the other: what waits for the other end of a pipe waits for ever.
fn trial(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let (sender, ended) = mpsc::channel();
        let running = thread::spawn(move || {
            test();
            // Nobody waits any more for what took too long.
            let _ = sender.send(());
        });
        match ended.recv_timeout(PATIENCE) {
            Err(mpsc::RecvTimeoutError::Timeout) => Err("it hangs".into()),
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                running.join().map_err(|_| "it failed, as said above".into())
            }
        }
    })
}

/// The same for a test that only root can prepare.
fn trial_of_root(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    if geteuid().is_root() {
        trial(name, test)
    } else {
        trial(name, test).with_kind("not run: this is not root").with_ignored_flag(true)
    }
}

/// A home, in which a cache is plaintext because there is no bus.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// The same with a cache in it.
    fn with_cache() -> (Self, TokenCache) {
        let home = Self::new();
        let cache = builder(home.path()).open().expect("a sound folder");
        cache.write(secret("before")).expect("a sound folder");
        (home, cache)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn folder(&self) -> PathBuf {
        self.path().join(".IdentityService")
    }

    /// The file of the cache whose name ends so.
    fn file(&self, ending: &str) -> PathBuf {
        self.folder().join(format!("app.nocae{ending}"))
    }
}

fn builder(home: &Path) -> Builder {
    let environment =
        Environment { platform: Platform::Linux, home: Some(home.to_owned()), ..Environment::default() };
    let options = TokenCachePersistenceOptions::new().name("app").allow_unencrypted_storage(true);
    TokenCache::builder(&options).environment(environment).deadline(Duration::from_millis(500))
}

fn secret(text: &str) -> SecretBytes {
    text.as_bytes().to_vec().into()
}

/// What an error found where, which it must have.
fn found<T: std::fmt::Debug>(result: Result<T, Error>) -> (PathBuf, Finding) {
    let source = match result {
        Err(Error::File { source }) => source,
        other => panic!("not an error of a file: {other:?}"),
    };
    match source {
        FileError::Unsafe { path, finding } => (path, finding),
        other => panic!("nothing was found: {other:?}"),
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

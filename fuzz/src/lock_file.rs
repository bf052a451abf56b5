//! Lock files of other SDKs: one is broken when it is old and its holder is gone, and else is left as it is.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use token_cache::{Environment, Error, Platform, SecretBytes, TokenCache, TokenCachePersistenceOptions};

use crate::{Seeds, place, text};

/// Whether the file is old, and what is in it.
pub fn check(bytes: &[u8]) {
    let mut content = bytes;
    let old = text::byte(&mut content) & 1 == 1;
    let home = place::home();
    let options = TokenCachePersistenceOptions::new().name("app").allow_unencrypted_storage(true);
    let environment = Environment {
        platform: Platform::Other("a search"),
        home: Some(home.path().to_owned()),
        program: "fuzz".to_owned(),
        ..Environment::default()
    };
    let holder = holder(content);
    // Nobody waits for long for what stays, nor is hurried where it goes.
    let wait = if old && holder == Holder::Gone { Duration::from_secs(20) } else { Duration::from_millis(2) };
    let cache = TokenCache::builder(&options).environment(environment).deadline(wait);
    let cache = cache.open().expect("it opens");

    let folder = home.path().join(".IdentityService");
    let lock = folder.join("app.nocae.lockfile");
    plant(&folder, &lock, content, old);
    let written = cache.write(SecretBytes::from(VALUE.to_vec()));
    let stored = fs::read(folder.join("app.nocae")).unwrap_or_default();
    match written {
        Ok(()) => {
            assert!(old && holder != Holder::There, "the lock of a holder was broken");
            assert_eq!(stored, VALUE);
            assert!(!lock.exists(), "our own lock outlives nobody");
        }
        Err(Error::Busy { path }) => {
            assert!(!old || holder != Holder::Gone, "a lock that nobody holds is in the way");
            assert_eq!(path, lock);
            assert_eq!(
                fs::read(&lock).expect("it is still there"),
                content,
                "the lock of a holder is as it was"
            );
            assert_eq!(stored, b"", "nothing is written without the lock");
        }
        Err(error) => panic!("a lock file is broken or waited for, not {error}"),
    }
}

/// What SDKs write into their lock files, and what they do not.
pub fn seeds() -> Seeds {
    let contents: [&[u8]; 12] = [
        b"4194304 python",
        b"1 systemd",
        b"2147483647 program with spaces",
        b"4294967296 beyond",
        b"0 nobody",
        b"-1 all",
        b"+1 plus",
        b"",
        b" \t\n 1 x",
        b"\xff\xfe1",
        b"\xe3\x80\x801 wide",
        b"1",
    ];
    contents.iter().flat_map(|content| [[b"\0", *content].concat(), [b"\x01", *content].concat()]).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Holder {
    /// The first word is no number, or one that no process has.
    Gone,
    /// The first process, which is always there.
    There,
    /// Some process may have the number, for a moment.
    Perhaps,
}

/// Who holds the lock, said again: the first word is a process's number in decimal digits.
fn holder(content: &[u8]) -> Holder {
    let text = String::from_utf8_lossy(content);
    let word = text.split(char::is_whitespace).find(|word| !word.is_empty()).unwrap_or_default();
    let digits = word.strip_prefix('+').unwrap_or(word);
    let number =
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten();
    match number {
        Some(1) => Holder::There,
        // More than any system has.
        None | Some(0 | 4_194_305..) => Holder::Gone,
        Some(own) if own == u64::from(std::process::id()) => Holder::Gone,
        Some(_) => Holder::Perhaps,
    }
}

fn plant(folder: &Path, lock: &Path, content: &[u8], old: bool) {
    fs::create_dir_all(folder).expect("a folder can be made");
    fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("it is ours");
    fs::write(lock, content).expect("it can be written");
    fs::set_permissions(lock, Permissions::from_mode(0o600)).expect("it is ours");
    if old {
        let then = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(lock).and_then(|file| file.set_modified(then)).expect("it is ours");
    }
}

const VALUE: &[u8] = b"{\"AccessToken\": {}}";

//! The tests, each on the unlocked and empty keychain that the one before it left.
#![expect(clippy::disallowed_methods, reason = "what makes the keychain says in the environment where it is")]

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use token_cache::store::keychain::KeychainStore;
use token_cache::store::{Absence, Deadline, Interaction, Obstacle, Store};
use token_cache::{
    Environment, Error, LockGuard, Partition, Protection, SecretBytes, TokenCache,
    TokenCachePersistenceOptions,
};

/// A test by its name.
type Test = (&'static str, fn(&Keychain));

const TESTS: &[Test] = &[
    ("what_is_written_is_read_by_another_store", what_is_written_is_read_by_another_store),
    ("the_item_has_the_documented_service_and_account", the_item_has_the_documented_service_and_account),
    ("names_do_not_see_each_other", names_do_not_see_each_other),
    ("a_megabyte_survives", a_megabyte_survives),
    ("clearing_nothing_is_no_error", clearing_nothing_is_no_error),
    ("a_locked_keychain_is_locked_for_every_call", a_locked_keychain_is_locked_for_every_call),
    ("a_missing_keychain_is_absent", a_missing_keychain_is_absent),
    ("one_store_serves_many_threads", one_store_serves_many_threads),
    ("a_cache_is_encrypted_and_leaves_an_empty_signal", a_cache_is_encrypted_and_leaves_an_empty_signal),
    (
        "a_cache_on_a_locked_keychain_refuses_although_opted_in",
        a_cache_on_a_locked_keychain_refuses_although_opted_in,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let keychain = Keychain::of_these_tests();
    TESTS
        .iter()
        .map(|(name, test)| match keychain.clone() {
            Some(keychain) => Trial::test(*name, move || {
                let restored = Restored(&keychain);
                test(&keychain);
                drop(restored);
                Ok(())
            }),
            None => Trial::test(*name, || Ok(()))
                .with_kind("not run: not below .ci/keychain")
                .with_ignored_flag(true),
        })
        .collect()
}

/// The keychain that `.ci/keychain` made, which is the default one.
#[derive(Clone)]
struct Keychain {
    path: String,
    password: String,
}

impl Keychain {
    fn of_these_tests() -> Option<Self> {
        let (path, password) =
            (env::var("TOKEN_CACHE_TEST_KEYCHAIN"), env::var("TOKEN_CACHE_TEST_KEYCHAIN_PASSWORD"));
        Some(Self { path: path.ok()?, password: password.ok()? })
    }

    fn lock(&self) {
        security(&["lock-keychain", &self.path]);
    }

    fn make_default(&self, path: &str) {
        security(&["default-keychain", "-d", "user", "-s", path]);
    }
}

/// Unlocks the keychain and makes it the default one again, however a test ends.
struct Restored<'a>(&'a Keychain);

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        let Keychain { path, password } = self.0;
        self.0.make_default(path);
        security(&["unlock-keychain", "-p", password, path]);
        for account in [ACCOUNT, OTHER] {
            clear(&store(account)).expect("the keychain is open");
        }
    }
}

fn security(arguments: &[&str]) -> String {
    let output = Command::new("/usr/bin/security").args(arguments).output().expect("macOS has it");
    assert!(output.status.success(), "security {} {output:?}", arguments[0]);
    String::from_utf8(output.stdout).expect("text")
}

fn store(account: &str) -> KeychainStore {
    KeychainStore::new(SERVICE, account).expect("built for this platform")
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

fn bytes(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn write(store: &KeychainStore, text: &str) -> Result<(), Obstacle> {
    store.write(&LockGuard::without_lock(), &bytes(text), soon())
}

fn clear(store: &KeychainStore) -> Result<(), Obstacle> {
    store.clear(&LockGuard::without_lock(), soon())
}

fn what_is_written_is_read_by_another_store(_: &Keychain) {
    let first = store(ACCOUNT);
    first.probe(Interaction::Never, soon()).expect("the keychain is open");
    assert_eq!(first.read(soon()).expect("read"), None);
    write(&first, "{\"first\":1}").expect("written");
    write(&first, "{}").expect("written again");
    assert_eq!(store(ACCOUNT).read(soon()).expect("read"), Some(bytes("{}")));
}

fn the_item_has_the_documented_service_and_account(_: &Keychain) {
    write(&store(ACCOUNT), "{}").expect("written");
    // Without -w nothing is decrypted, so nobody is asked.
    let item = security(&["find-generic-password", "-s", SERVICE, "-a", ACCOUNT]);
    assert!(item.contains(&format!("\"svce\"<blob>=\"{SERVICE}\"")), "{item}");
    assert!(item.contains(&format!("\"acct\"<blob>=\"{ACCOUNT}\"")), "{item}");
}

fn names_do_not_see_each_other(_: &Keychain) {
    write(&store(ACCOUNT), "{}").expect("written");
    assert_eq!(store(OTHER).read(soon()).expect("read"), None);
    write(&store(OTHER), "[]").expect("written");
    clear(&store(ACCOUNT)).expect("removed");
    assert_eq!(store(OTHER).read(soon()).expect("read"), Some(bytes("[]")));
}

fn a_megabyte_survives(_: &Keychain) {
    let large = "x".repeat(1 << 20);
    write(&store(ACCOUNT), &large).expect("written");
    assert_eq!(store(ACCOUNT).read(soon()).expect("read"), Some(bytes(&large)));
}

fn clearing_nothing_is_no_error(_: &Keychain) {
    clear(&store(ACCOUNT)).expect("nothing to remove");
    write(&store(ACCOUNT), "{}").expect("written");
    clear(&store(ACCOUNT)).expect("removed");
    assert_eq!(store(ACCOUNT).read(soon()).expect("read"), None);
}

fn a_locked_keychain_is_locked_for_every_call(keychain: &Keychain) {
    write(&store(ACCOUNT), "{}").expect("written");
    keychain.lock();
    let begun = Instant::now();
    let locked = store(ACCOUNT);
    for refused in [
        locked.probe(Interaction::Never, soon()),
        locked.read(soon()).map(drop),
        write(&locked, "[]"),
        clear(&locked),
    ] {
        assert!(matches!(refused, Err(Obstacle::Locked)), "{refused:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "no call waits for a dialogue");
}

fn a_missing_keychain_is_absent(keychain: &Keychain) {
    keychain.make_default(&format!("{}.missing", keychain.path));
    let probed = store(ACCOUNT).probe(Interaction::Never, soon());
    assert!(matches!(probed, Err(Obstacle::Absent(Absence::NoKeychain { .. }))), "{probed:?}");
}

fn one_store_serves_many_threads(_: &Keychain) {
    write(&store(ACCOUNT), "{}").expect("written");
    let shared = store(ACCOUNT);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(shared.read(soon()).expect("read"), Some(bytes("{}")));
                }
            });
        }
    });
}

fn a_cache_is_encrypted_and_leaves_an_empty_signal(_: &Keychain) {
    let home = tempfile::tempdir().expect("a folder");
    let cache = cache(home.path(), false).expect("the keychain is open");
    assert!(matches!(cache.protection(), Protection::Encrypted { protector: "keychain" }));
    cache.update(|_| Ok(bytes("{}"))).expect("updated");
    assert_eq!(cache.read().expect("read"), Some(bytes("{}")));
    assert_eq!(store(ACCOUNT).read(soon()).expect("read"), Some(bytes("{}")));
    let signal = home.path().join(".IdentityService").join(ACCOUNT);
    assert_eq!(signal.metadata().expect("there").len(), 0);
    assert!(cache.clear().expect("cleared").is_complete());
}

fn a_cache_on_a_locked_keychain_refuses_although_opted_in(keychain: &Keychain) {
    let home = tempfile::tempdir().expect("a folder");
    keychain.lock();
    let refused = cache(home.path(), true).err();
    assert!(matches!(refused, Some(Error::Locked { .. })), "{refused:?}");
    assert_eq!(home.path().read_dir().expect("listed").count(), 0);
}

fn cache(home: &std::path::Path, consent: bool) -> Result<TokenCache, Error> {
    let environment = Environment { home: Some(home.to_owned()), ..Environment::system() };
    let options =
        TokenCachePersistenceOptions::new().name("sealcheck-test").allow_unencrypted_storage(consent);
    TokenCache::builder(&options).partition(Partition::NoCae).environment(environment).open()
}

const SERVICE: &str = "Microsoft.Developer.IdentityService";
const ACCOUNT: &str = "sealcheck-test.nocae";
const OTHER: &str = "sealcheck-test.cae";

//! The tests, what each needs, and what they share.

mod faults;
mod keyring;
mod liar;
mod lies;
mod scripted;
#[path = "../../world/mod.rs"]
mod world;

use libtest_mimic::Trial;
use token_cache::store::{Obstacle, Store};
use token_cache::{LockGuard, SecretBytes};

use world::{LIBSECRET_BINDINGS, missing, soon};

/// Every test; the ones that cannot run here are ignored and say why.
pub(crate) fn trials() -> Vec<Trial> {
    [keyring::TESTS, faults::TESTS, lies::TESTS].into_iter().flatten().map(trial).collect()
}

/// A test by its name, with what it needs of the machine.
type Test = (&'static str, &'static [&'static str], fn());

fn trial((name, needs, test): &Test) -> Trial {
    let test = *test;
    let trial = Trial::test(*name, move || {
        test();
        Ok(())
    });
    match missing(needs) {
        None => trial,
        Some(program) => trial.with_kind(format!("not run: no {program}")).with_ignored_flag(true),
    }
}

fn read(store: &impl Store) -> Option<String> {
    let bytes = store.read(soon()).expect("an unlocked keyring")?;
    Some(String::from_utf8(bytes.expose().to_vec()).expect("text"))
}

fn write(store: &impl Store, value: &str) -> Result<(), Obstacle> {
    store.write(&LockGuard::without_lock(), &SecretBytes::from(value.as_bytes().to_vec()), soon())
}

fn clear(store: &impl Store) -> Result<(), Obstacle> {
    store.clear(&LockGuard::without_lock(), soon())
}

const BUS: &[&str] = &["dbus-daemon"];
const KEYRING: &[&str] = &["dbus-daemon", "gnome-keyring-daemon"];
const PYTHON: &[&str] = &["dbus-daemon", "gnome-keyring-daemon", LIBSECRET_BINDINGS];
const TOOL: &[&str] = &["dbus-daemon", "gnome-keyring-daemon", "secret-tool"];

const NAME: &str = "msal.cache.nocae";

//! The Keychain store, and a cache above it, on a keychain that was made for these tests.
//!
//! They lock the default keychain and take it away, so they run only below `.ci/keychain`, which makes one of their own
//! and puts the user's back. Elsewhere they are listed as ignored, with the reason.

#[cfg(target_os = "macos")]
mod macos;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // There is one keychain, and some tests lock it.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[cfg(target_os = "macos")]
fn trials() -> Vec<Trial> {
    macos::trials()
}

#[cfg(not(target_os = "macos"))]
fn trials() -> Vec<Trial> {
    let trial = Trial::test("the_keychain", || Ok(()));
    vec![trial.with_kind("not run: this platform has none").with_ignored_flag(true)]
}

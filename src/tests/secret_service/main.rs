//! The Secret Service store on a private bus: with a real gnome-keyring, and with a service that misbehaves.
//!
//! Where a program is missing, the tests that need it are listed as ignored, with the name of the program.

#[cfg(target_os = "linux")]
mod linux;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    linux::trials()
}

#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    let trial = Trial::test("the_secret_service", || Ok(()));
    vec![trial.with_kind("not run: this platform has none").with_ignored_flag(true)]
}

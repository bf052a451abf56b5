//! Folders that somebody has prepared, homes that are none, and file systems that keep no modes.
//!
//! What needs root, to make a device or to give a file away, and what needs strace, is listed as ignored where it cannot
//! run. This program is also the one below strace.

#[cfg(target_os = "linux")]
mod linux;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(code) = linux::worker() {
        return code;
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    linux::trials()
}

#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    let trial = Trial::test("folders", || Ok(()));
    vec![trial.with_kind("not run: this is not Linux").with_ignored_flag(true)]
}

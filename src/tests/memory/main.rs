//! Whether a process that has dropped its cache still holds what was in it, anywhere in its memory.
//!
//! This program is also the other process, whose memory is searched, by itself: nothing else may run in it. What was
//! given back to the allocator is searched as well as what is in use, stacks as well as the heap.
//!
//! What a process can do about the copies of others (swap, core dumps, the keyring's own memory) is in the manual.

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
    let trial = Trial::test("memory", || Ok(()));
    vec![trial.with_kind("not run: this platform does not show a process its memory").with_ignored_flag(true)]
}

//! `adapter check`: an adapter that keeps to the protocol passes every point, and for every point there is one that breaks
//! it and nothing else.
//!
//! This binary is the tests and the adapters (`adapter MODE`), so that the program under test starts a real process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod checked;
mod faulty;
#[path = "../observers/keyring.rs"]
mod keyring;
mod points;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use sealcheck::supervisor;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["adapter", mode] => faulty::play(mode),
        ["daemon"] => faulty::stay(),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let probe = supervisor::probe();
    let trial = |(name, test): (String, Box<dyn FnOnce() + Send>)| {
        let run = move || {
            test();
            Ok(())
        };
        // A machine that cannot watch shows these as ignored, not as passed.
        Trial::test(name, run).with_ignored_flag(probe.is_err())
    };
    points::tests().into_iter().map(trial).collect()
}

//! Adapters that lie or break the rules, and input that is wrong: each has one outcome and one exit code.
//!
//! This binary is the tests and the adapters (`adapter MODE`), so that the program under test starts a real process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adapters;
mod input;
#[path = "../observers/keyring.rs"]
mod keyring;
mod lies;
mod manners;
mod run;
#[path = "../observers/wire.rs"]
mod wire;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use sealcheck::supervisor;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["adapter", mode, ..] => adapters::play(mode),
        ["daemon-parent", nonce] => {
            adapters::leave_a_daemon(nonce);
            ExitCode::SUCCESS
        }
        ["daemon", _nonce] => adapters::stay(),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let probe = supervisor::probe();
    let tests = lies::TESTS.iter().chain(manners::TESTS).chain(input::TESTS);
    let trial = |(name, test): &(&str, fn())| {
        let test = *test;
        let run = move || {
            test();
            Ok(())
        };
        // A machine that cannot watch shows these as ignored, not as passed.
        Trial::test(*name, run).with_ignored_flag(probe.is_err())
    };
    tests.map(trial).collect()
}

//! The binary from outside: what it prints, what it writes, and how it exits.
//!
//! This test is two things: the tests, and the `leaky` adapter that some of them judge.

mod answers;
mod baselines;
mod leaky;
mod program;
mod runs;
mod surroundings;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(leaky::MODE) {
        return leaky::main();
    }
    let arguments = Arguments::from_args();
    let tests = [answers::tests(), runs::tests(), baselines::tests(), surroundings::tests()];
    let trials = tests.into_iter().flatten().map(|test| {
        let reason = test.lacks.map(|lacks| format!(" ({lacks})")).unwrap_or_default();
        let run = move || {
            (test.run)();
            Ok(())
        };
        Trial::test(format!("{}{reason}", test.name), run).with_ignored_flag(test.lacks.is_some())
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

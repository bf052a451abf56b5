//! The binary from outside: what it prints, what it writes, and how it exits.
//!
//! This test is three things: the tests, the adapters `leaky` and `telling` that some of them judge, and a command in a
//! world.

mod answers;
mod baselines;
mod chance;
mod interrupts;
mod leaky;
mod program;
mod runs;
mod shards;
mod surroundings;
mod telling;
mod visits;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(leaky::MODE) => return leaky::main(),
        Some(telling::MODE) => return telling::main(),
        Some(visits::MODE) => return visits::find(),
        _ => {}
    }
    let arguments = Arguments::from_args();
    let tests = [
        answers::tests(),
        runs::tests(),
        chance::tests(),
        shards::tests(),
        baselines::tests(),
        surroundings::tests(),
        visits::tests(),
        interrupts::tests(),
    ];
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

//! Recordings of cases: what is in them, what becomes of bad ones, and that they are judged and played again.

mod golden;
mod hostile;
mod masked;
mod program;
mod replayed;
mod secrets;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = [golden::tests(), hostile::tests(), secrets::tests(), replayed::tests(), masked::tests()];
    let trials = tests.into_iter().flatten().map(|test| {
        let reason = test.lacks.as_ref().map(|lacks| format!(" ({lacks})")).unwrap_or_default();
        let ignored = test.lacks.is_some();
        let run = move || {
            (test.run)();
            Ok(())
        };
        Trial::test(format!("{}{reason}", test.name), run).with_ignored_flag(ignored)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

//! The real azure-identity for Python and `token-cache` in one world: what one of them wrote, the other reads.
//!
//! Beside that, strace watches the same sessions as the witness, and both must see the same calls.
//!
//! This binary is two things: the tests, and the `courier`, an adapter that carries a document from one cache to
//! another through `token-cache`.

mod courier;
mod exchange;
mod strace;
mod traces;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(world::COURIER) {
        return courier::main();
    }
    let arguments = Arguments::from_args();
    let python = world::python();
    let reason = python.as_ref().err().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let tests = [exchange::tests(), traces::tests()].into_iter().flatten();
    let beside_strace = strace::trials(&python);
    let trials = tests.map(|(name, test)| {
        let python = python.clone();
        let ignored = python.is_err();
        let run = move || {
            test(&python?);
            Ok(())
        };
        Trial::test(format!("{name}{reason}"), run).with_ignored_flag(ignored)
    });
    libtest_mimic::run(&arguments, trials.chain(beside_strace).collect()).exit_code()
}

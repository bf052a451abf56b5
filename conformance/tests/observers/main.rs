//! Each observer sees what no other does, and is missed where it does not watch.
//!
//! This binary is the tests and the adapters that they need (`leak`, `credential`, `idle`), so that every canary crosses
//! a real process boundary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alone;
mod keyring;
mod leaks;
mod missed;
#[expect(dead_code, reason = "the other adapters of tests use the rest of it")]
mod wire;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use sealcheck::{observation::Observer, supervisor};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["leak", to] => leaks::leak(to),
        ["credential"] => leaks::credential(),
        ["idle", ..] => {}
        _ => return libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
    ExitCode::SUCCESS
}

fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let probe = supervisor::probe();
    let mut add = |name: String, test: Box<dyn FnOnce() + Send>| {
        let run = move || {
            test();
            Ok(())
        };
        // A machine that cannot watch shows these as ignored, not as passed.
        trials.push(Trial::test(name, run).with_ignored_flag(probe.is_err()));
    };
    add("a_session_that_leaks_nothing_is_seen_by_nobody".into(), Box::new(alone::nobody));
    for observer in Observer::ALL {
        add(
            format!("only_{observer}_sees_what_is_hidden_from_all_others"),
            Box::new(move || alone::sees(observer)),
        );
        add(
            format!("{observer}_records_nothing_when_it_is_disabled"),
            Box::new(move || alone::is_silent(observer)),
        );
        add(
            format!("without_{observer}_exactly_its_checks_are_inconclusive"),
            Box::new(move || missed::without(observer)),
        );
    }
    add("with_all_observers_every_check_of_the_table_passes".into(), Box::new(missed::with_all));
    trials
}

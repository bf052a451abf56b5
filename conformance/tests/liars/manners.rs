//! Adapters that break the protocol, and sessions that end as they should not.

use std::{fs, process, time::Duration};

use sealcheck::judge::OutcomeKind;

use crate::run::{Ran, Run, own};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("an_adapter_that_keeps_to_the_rules_passes", an_adapter_that_keeps_to_the_rules_passes),
    ("every_breach_of_the_protocol_is_an_adapter_error", every_breach_of_the_protocol_is_an_adapter_error),
    ("a_greeting_that_is_wrong_is_an_adapter_error", a_greeting_that_is_wrong_is_an_adapter_error),
    ("an_adapter_that_does_not_answer_decides_nothing", an_adapter_that_does_not_answer_decides_nothing),
    ("a_flood_is_an_adapter_error", a_flood_is_an_adapter_error),
    ("a_session_that_dies_is_an_adapter_error", a_session_that_dies_is_an_adapter_error),
    ("a_program_that_is_missing_is_an_adapter_error", a_program_that_is_missing_is_an_adapter_error),
    ("an_adapter_that_cannot_run_here_is_not_run", an_adapter_that_cannot_run_here_is_not_run),
    ("what_an_adapter_leaves_behind_is_ended", what_an_adapter_leaves_behind_is_ended),
];

/// The control of all others: what they break is what decides.
fn an_adapter_that_keeps_to_the_rules_passes() {
    assert_outcome(&run("stores", ENOUGH), OutcomeKind::Pass, "was not seen in writes", 0);
}

fn every_breach_of_the_protocol_is_an_adapter_error() {
    for (mode, explanation) in [
        ("says-no-json", "a protocol line is not a JSON object (syntax error at column 9)"),
        ("says-the-secret-in-a-bad-line", "unknown field `{token}`"),
        ("echoes-the-secret-as-sequence", "a reply echoes seq \"{token}\" where 3 was sent"),
        ("says-a-line-without-end", "a line is longer than 4194304 bytes"),
        ("answers-twice", "a request was answered twice"),
        ("answers-another-request", "a reply echoes seq 999 where 3 was sent"),
        ("answers-two-ways", "a reply must have exactly one of ok, error, unsupported and adapter_error"),
        ("cannot-do-it", "no way to store {token}"),
    ] {
        assert_outcome(&run(mode, ENOUGH), OutcomeKind::AdapterError, explanation, 3);
    }
}

fn a_greeting_that_is_wrong_is_an_adapter_error() {
    for (mode, explanation) in [
        ("has-an-unknown-statement-key", "unknown field `colour`"),
        ("lacks-a-statement-key", "missing field `fallback`"),
        ("speaks-another-protocol", "the adapter chose protocol 7; only 1 was offered"),
    ] {
        let ran = run(mode, ENOUGH);
        assert_outcome(&ran, OutcomeKind::AdapterError, explanation, 3);
        assert_eq!(ran.results().header.implementation, None);
    }
}

fn an_adapter_that_does_not_answer_decides_nothing() {
    for mode in ["hangs", "forgets-the-tag", "forgets-to-end-a-line"] {
        let ran = run(mode, Duration::from_millis(400));
        assert_outcome(&ran, OutcomeKind::Inconclusive, "had no answer", 2);
    }
}

fn a_flood_is_an_adapter_error() {
    for (mode, explanation) in [
        ("floods-its-output", "bytes came on standard output"),
        ("floods-its-errors", "bytes came on standard error"),
    ] {
        assert_outcome(&run(mode, ENOUGH), OutcomeKind::AdapterError, explanation, 3);
    }
}

fn a_session_that_dies_is_an_adapter_error() {
    for (mode, explanation) in [
        ("exits-with-1", "the adapter closed its output before it answered \"hello\""),
        ("crashes", "the adapter closed its output before it answered \"put\""),
        ("exits", "the adapter closed its output before it answered \"put\""),
        ("closes-its-output", "the adapter closed its output before it answered \"put\""),
    ] {
        assert_outcome(&run(mode, ENOUGH), OutcomeKind::AdapterError, explanation, 3);
    }
}

fn a_program_that_is_missing_is_an_adapter_error() {
    let ran = Run::of_program("/nowhere/at-all", "[]", ENOUGH).with(&["--select", CHECK]).go();
    assert_outcome(&ran, OutcomeKind::AdapterError, "/nowhere/at-all", 3);
}

fn an_adapter_that_cannot_run_here_is_not_run() {
    let ran = run("exits-with-89", ENOUGH);
    assert_outcome(&ran, OutcomeKind::NotRun, "the adapter says that it cannot run here", 4);
}

fn what_an_adapter_leaves_behind_is_ended() {
    let nonce = format!("nonce-{}", process::id());
    let arguments = format!("[\"adapter\", \"leaves-a-daemon\", {nonce:?}]");
    let ran = Run::of_program(&own(), &arguments, ENOUGH).with(&["--select", CHECK]).go();
    // The adapter asserts that it was alive before it answered.
    assert_outcome(&ran, OutcomeKind::Pass, "was not seen in writes", 0);
    let alive = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let arguments = fs::read(entry.unwrap().path().join("cmdline")).ok()?;
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        arguments.contains(&nonce).then_some(arguments)
    });
    assert_eq!(alive.collect::<Vec<_>>(), [] as [String; 0]);
}

fn run(mode: &str, operation: Duration) -> Ran {
    Run::of(mode, operation).with(&["--select", CHECK]).go()
}

#[track_caller]
fn assert_outcome(ran: &Ran, outcome: OutcomeKind, explanation: &str, code: i32) {
    let result = ran.check(CHECK);
    assert_eq!((result.outcome, ran.code), (outcome, code), "{}", result.explanation);
    assert!(result.explanation.contains(explanation), "{explanation:?} is not in: {}", result.explanation);
    assert_eq!(ran.stderr, "");
}

const CHECK: &str = "encryption/first-by-default#never-written";

/// No test waits for this long.
const ENOUGH: Duration = Duration::from_secs(20);

//! JUnit XML: a suite for each run, a case for each check.
//!
//! Readers of JUnit know passed, failed, error and skipped, so each outcome and verdict has one place among them:
//!
//! | of a check | is |
//! |---|---|
//! | pass | passed |
//! | pass that the baseline lists | `failure` of type `unexpected_pass` |
//! | fail | `failure` of type `fail` |
//! | fail that the baseline lists | `skipped` of type `expected_failure`, with reason and link |
//! | inconclusive, adapter error, harness error | `error` of that type: nothing was decided, which is not green |
//! | not applicable, not run | `skipped` of that type, with the reason |
//! | not run, although a merge demands it | `failure` of type `left_out` |
//!
//! An entry of the baseline that matches nothing is a failed case of its own, because it fails the run. The outcome in
//! our own words is a property of each case, and the counts of ours are properties of the suite.

use std::{fmt::Display, time::Duration};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{format::Reported, layout::printable, terminal::title};
use crate::{
    observation::Role,
    record::{CheckResult, Conformance, Header, OutcomeKind, Results, Verdict},
};

/// The report on runs as a document.
pub(super) fn junit(runs: &[Reported<'_>]) -> String {
    let mut report = Report::new("sealcheck");
    report.add_test_suites(runs.iter().map(suite));
    report.to_string().expect("a report in memory is UTF-8 and can be written")
}

fn suite(run: &Reported<'_>) -> TestSuite {
    let Results { header, checks, footer } = run.results;
    let mut suite = TestSuite::new(clean(&title(header)));
    suite.extra.insert("timestamp".into(), header.started.to_string().into());
    if let Some(timing) = &footer.timing {
        suite.set_time(Duration::from_millis(timing.wall_ms));
    }
    suite.add_properties(of_run(run.results));
    let mut timed = None;
    for result in checks {
        let mut case = case(header, result, run.left_out.contains(&result.check));
        // All checks of a case took place in the same worlds: the time is said once, so that a sum is right.
        if timed.replace(&result.case) != Some(&result.case) {
            case.set_time(Duration::from_millis(result.elapsed_ms));
        }
        suite.add_test_case(case);
    }
    for entry in header.baseline.iter().flat_map(|baseline| &baseline.unmatched) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("unmatched_baseline_entry");
        status.set_message("this entry of the baseline matches no check; remove or mend it");
        let mut case = TestCase::new(clean(&format!("baseline entry {entry}")), status);
        case.set_classname(classname(header));
        suite.add_test_case(case);
    }
    suite
}

fn of_run(results: &Results) -> Vec<Property> {
    let Results { header, footer, .. } = results;
    let selection = &header.selection;
    let mut properties = vec![
        property("sealcheck.version", &header.harness),
        property("sealcheck.adapter", &header.adapter),
        property("sealcheck.platform", &header.platform),
        property("sealcheck.provider", &header.provider),
        property("sealcheck.broker", &header.broker),
        property("sealcheck.select", selection.select.join(" ")),
        property("sealcheck.skip", selection.skip.join(" ")),
        property("sealcheck.exit_code", footer.exit_code),
    ];
    let optional = [
        (
            "sealcheck.implementation",
            header.implementation.as_ref().map(|it| format!("{} {}", it.name, it.version)),
        ),
        ("sealcheck.caveat", header.caveat.clone()),
        ("sealcheck.seed", header.seed.as_ref().map(ToString::to_string)),
        ("sealcheck.shard", selection.shard.as_ref().map(ToString::to_string)),
        ("sealcheck.baseline", header.baseline.as_ref().map(|baseline| baseline.source.clone())),
        ("sealcheck.conformance", conformance(&results.conformance())),
    ];
    properties.extend(optional.into_iter().filter_map(|(name, value)| Some(property(name, value?))));
    let outcomes = OutcomeKind::ALL.into_iter().map(|kind| (kind, footer.tally.outcome(kind)));
    properties.extend(outcomes.map(|(kind, count)| property(&format!("sealcheck.count.{kind}"), count)));
    // Readers show what is expected to fail as skipped: how much that is, is said here.
    let expected = footer.tally.verdict(Verdict::ExpectedFailure);
    properties.push(property("sealcheck.count.expected_failure", expected));
    properties
}

fn conformance(conformance: &Conformance) -> Option<String> {
    match conformance {
        Conformance::NotAsked => None,
        Conformance::Partial { set } => Some(format!("of {set} only a shard")),
        Conformance::Conformant { set } => Some(format!("conformant to {set}")),
        Conformance::NotConformant { set, failed, unverified } => {
            Some(format!("not conformant to {set}: {failed} failed, {unverified} not verified"))
        }
    }
}

fn case(header: &Header, result: &CheckResult, left_out: bool) -> TestCase {
    let mut case = TestCase::new(clean(result.check.as_str()), status(result, left_out));
    case.set_classname(classname(header));
    case.add_properties([
        property("case", &result.case),
        property("rev", result.rev),
        property("level", word(&result.level)),
        property("severity", word(&result.severity)),
        property("outcome", result.outcome),
        property("verdict", word(&result.verdict)),
        property("sentence", &result.sentence),
        property("evidence", evidence_ids(result)),
        property("reproducer", &result.reproducer),
    ]);
    if let Some(replayer) = &result.replayer {
        case.add_property(property("replayer", replayer));
    }
    case
}

fn status(result: &CheckResult, left_out: bool) -> TestCaseStatus {
    let failure = || TestCaseStatus::non_success(NonSuccessKind::Failure);
    let error = || TestCaseStatus::non_success(NonSuccessKind::Error);
    let skipped = TestCaseStatus::skipped;
    let plain = result.explanation.clone();
    let (mut status, kind, message) = match (result.outcome, result.verdict) {
        (OutcomeKind::Pass, Verdict::UnexpectedPass) => {
            let message = "the baseline says that this fails, and it passed: remove the entry".to_owned();
            (failure(), "unexpected_pass", message)
        }
        (OutcomeKind::Pass, _) => return TestCaseStatus::success(),
        (OutcomeKind::Fail, Verdict::ExpectedFailure) => {
            (skipped(), "expected_failure", format!("expected_failure: {}", known(result)))
        }
        (OutcomeKind::Fail, _) => (failure(), "fail", plain),
        (OutcomeKind::HarnessError | OutcomeKind::AdapterError | OutcomeKind::Inconclusive, _) => {
            (error(), result.outcome.as_str(), plain)
        }
        (OutcomeKind::NotRun, _) if left_out => {
            (failure(), "left_out", format!("not run, which is not allowed: {plain}"))
        }
        (OutcomeKind::NotRun | OutcomeKind::NotApplicable, _) => {
            (skipped(), result.outcome.as_str(), format!("{}: {plain}", result.outcome))
        }
    };
    status.set_type(kind).set_message(clean(&message)).set_description(description(result));
    status
}

/// What the baseline says.
fn known(result: &CheckResult) -> String {
    let Some(note) = &result.baseline else { return String::new() };
    format!("{} {}", note.reason, note.link.as_deref().unwrap_or_default()).trim_end().to_owned()
}

/// Everything about a check, a line each: what readers show when they are asked for more.
fn description(result: &CheckResult) -> String {
    let mut lines = vec![("judged", result.sentence.clone()), ("found", result.explanation.clone())];
    if result.baseline.is_some() {
        lines.push(("known", known(result)));
    }
    if let Some(advice) = &result.advice {
        lines.push(("why", advice.why.clone()));
    }
    lines.extend(result.evidence.iter().map(|evidence| {
        let of = match evidence.run {
            Role::Case => "",
            Role::Twin => "twin, ",
        };
        ("evidence", format!("{of}{}: {}", evidence.id, evidence.summary))
    }));
    if let Some(advice) = &result.advice {
        lines.push(("fix", advice.fix.clone()));
    }
    lines.push(("again", result.reproducer.clone()));
    lines.into_iter().map(|(label, text)| format!("{label}: {}\n", clean(&text))).collect()
}

fn evidence_ids(result: &CheckResult) -> String {
    let id = |evidence: &crate::record::EvidenceLine| match evidence.run {
        Role::Case => evidence.id.to_string(),
        Role::Twin => format!("{}(twin)", evidence.id),
    };
    result.evidence.iter().map(id).collect::<Vec<_>>().join(" ")
}

/// What tells the cases of one run from those of another: readers find a case again by this and its name.
fn classname(header: &Header) -> String {
    clean(&[&*header.adapter, &header.platform, &header.provider, &header.broker].join("."))
}

fn property(name: &str, value: impl Display) -> Property {
    Property::new(name, clean(&value.to_string()))
}

/// The word by which results call a value.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("{other:?} is not a word"),
    }
}

/// Text for a document: what moves a cursor is shown as an escape, and what XML has no character for is left out.
fn clean(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "")
}

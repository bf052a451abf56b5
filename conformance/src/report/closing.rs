//! What is said of a run as a whole, the tally last.

use anstyle::Style;

use super::palette::{self, paint};
use crate::record::{Conformance, OutcomeKind, Results, Tally, Verdict};

/// The sentence about the requirement set; nothing unless a whole one was asked for.
fn conformance(results: &Results) -> Option<String> {
    match results.conformance() {
        Conformance::NotAsked => None,
        Conformance::Partial { set } => {
            let sentence = format!("whether it conforms to {set} is said of all shards together");
            Some(format!("{}\n", paint(palette::DIM, sentence)))
        }
        Conformance::Conformant { set } => {
            Some(format!("{}\n", paint(palette::GOOD.bold(), format_args!("conformant to {set}"))))
        }
        Conformance::NotConformant { set, failed, unverified } => {
            let mut reasons = Vec::new();
            if failed > 0 {
                reasons.push(format!("{failed} failed"));
            }
            if unverified > 0 {
                reasons.push(format!("{unverified} not verified"));
            }
            if reasons.is_empty() {
                reasons.push("nothing of it passed".into());
            }
            let sentence = format!("not conformant to {set}: {}", reasons.join(", "));
            Some(format!("{}\n", paint(palette::UNSURE.bold(), sentence)))
        }
    }
}

/// How long the run took, and how much of that the sessions of the adapter lived.
fn timing(results: &Results) -> Option<String> {
    let timing = results.footer.timing?;
    let seconds = |milliseconds: u64| milliseconds as f64 / 1_000.0;
    let plural = if timing.jobs == 1 { "job" } else { "jobs" };
    let mut line = format!("{:.1} s with {} {plural}", seconds(timing.wall_ms), timing.jobs);
    if let Some(overhead) = timing.overhead() {
        line.push_str(&format!(
            "; {} sessions of the adapter lived {:.1} s in all, so a second of theirs cost {overhead:.2} s",
            timing.sessions,
            seconds(timing.lived_ms)
        ));
    }
    Some(format!("{}\n", paint(palette::DIM, line)))
}

/// All that is said of a run as a whole, the tally last.
pub(super) fn all(results: &Results) -> String {
    let before = timing(results).into_iter().chain(conformance(results));
    before.chain([tally(results)]).collect()
}

/// The last line of standard output: plain words and counts.
fn tally(results: &Results) -> String {
    let line = match results.header.selection.shard {
        Some(shard) if results.checks.is_empty() => {
            format!("sealcheck: nothing of what is selected falls to {shard}; {}", counts(results))
        }
        Some(_) | None => format!("sealcheck: {}", counts(results)),
    };
    format!("{}\n", paint(style(results), line))
}

/// Green only if something passed and the run as a whole succeeded.
pub(super) fn style(results: &Results) -> Style {
    let tally = &results.footer.tally;
    if tally.outcome(OutcomeKind::Fail) > tally.verdict(Verdict::ExpectedFailure)
        || tally.outcome(OutcomeKind::HarnessError) + tally.outcome(OutcomeKind::AdapterError) > 0
    {
        palette::BAD
    } else if results.footer.exit_code == 0 && tally.outcome(OutcomeKind::Pass) > 0 {
        palette::GOOD
    } else {
        palette::UNSURE
    }
}

/// How many results of each kind a run has, in words.
pub(super) fn counts(results: &Results) -> String {
    let is_empty_shard = results.header.selection.shard.is_some() && results.checks.is_empty();
    let counts = counts_of(&results.footer.tally);
    if results.footer.tally.ran() == 0 && !is_empty_shard { format!("nothing ran; {counts}") } else { counts }
}

/// How many results of each kind there are, in words.
pub(super) fn counts_of(tally: &Tally) -> String {
    let counts: Vec<_> = SAID_FIRST
        .into_iter()
        .filter(|kind| tally.outcome(*kind) > 0 || matches!(kind, OutcomeKind::Pass | OutcomeKind::Fail))
        .map(|kind| {
            let expected = tally.verdict(Verdict::ExpectedFailure);
            let note = match kind {
                OutcomeKind::Fail if expected > 0 => format!(" ({expected} expected)"),
                OutcomeKind::Pass if tally.verdict(Verdict::UnexpectedPass) > 0 => {
                    format!(" ({} unexpectedly)", tally.verdict(Verdict::UnexpectedPass))
                }
                OutcomeKind::Fail
                | OutcomeKind::HarnessError
                | OutcomeKind::AdapterError
                | OutcomeKind::Inconclusive
                | OutcomeKind::NotRun
                | OutcomeKind::Pass
                | OutcomeKind::NotApplicable => String::new(),
            };
            format!("{} {}{note}", tally.outcome(kind), words(kind, tally.outcome(kind)))
        })
        .collect();
    counts.join(", ")
}

/// The words of a sentence such as `3 not run`.
pub(super) fn words(outcome: OutcomeKind, count: usize) -> &'static str {
    match outcome {
        OutcomeKind::Fail => "failed",
        OutcomeKind::HarnessError if count > 1 => "harness errors",
        OutcomeKind::HarnessError => "harness error",
        OutcomeKind::AdapterError if count > 1 => "adapter errors",
        OutcomeKind::AdapterError => "adapter error",
        OutcomeKind::Inconclusive => "inconclusive",
        OutcomeKind::NotRun => "not run",
        OutcomeKind::Pass => "passed",
        OutcomeKind::NotApplicable => "not applicable",
    }
}

/// The order of the tally: passed and failed first, then why the rest is neither.
const SAID_FIRST: [OutcomeKind; 7] = [
    OutcomeKind::Pass,
    OutcomeKind::Fail,
    OutcomeKind::HarnessError,
    OutcomeKind::AdapterError,
    OutcomeKind::Inconclusive,
    OutcomeKind::NotRun,
    OutcomeKind::NotApplicable,
];

//! What is said of a run as a whole, the tally last.

use super::palette::{self, paint};
use crate::record::{Conformance, OutcomeKind, Results, Verdict};

/// The sentence about the requirement set; nothing unless a whole one was asked for.
pub(super) fn conformance(results: &Results) -> Option<String> {
    match results.conformance() {
        Conformance::NotAsked => None,
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

/// The last line of standard output: plain words and counts.
///
/// It is green only if something passed and the run as a whole succeeded.
pub(super) fn tally(results: &Results) -> String {
    let tally = &results.footer.tally;
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
    let prefix = if tally.ran() == 0 { "nothing ran; " } else { "" };
    let line = format!("sealcheck: {prefix}{}", counts.join(", "));
    let style = if tally.outcome(OutcomeKind::Fail) > tally.verdict(Verdict::ExpectedFailure)
        || tally.outcome(OutcomeKind::HarnessError) + tally.outcome(OutcomeKind::AdapterError) > 0
    {
        palette::BAD
    } else if results.footer.exit_code == 0 && tally.outcome(OutcomeKind::Pass) > 0 {
        palette::GOOD
    } else {
        palette::UNSURE
    };
    format!("{}\n", paint(style, line))
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

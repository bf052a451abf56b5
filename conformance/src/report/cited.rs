//! The evidence that an outcome rests on, and everything else that was seen.

use super::{
    evidence::summary,
    layout::Width,
    palette::{self, paint},
};
use crate::{
    judge::Outcome,
    observation::{Evidence, EvidenceId, Observation, Role},
    record::EvidenceLine,
};

/// The evidence that an outcome rests on, readable without the observations.
pub fn cited(outcome: &Outcome, run: &Observation, twin: &Observation) -> Vec<EvidenceLine> {
    let line = |(role, id): (Role, EvidenceId)| {
        let observation = match role {
            Role::Case => run,
            Role::Twin => twin,
        };
        let evidence = observation.evidence(id)?;
        Some(EvidenceLine { id, run: role, summary: summary(evidence, &observation.world) })
    };
    outcome.evidence().into_iter().filter_map(line).collect()
}

/// Everything that was seen, one line each, in the order in which it was recorded.
pub(super) fn timeline(seen: &Observation, width: Width) -> String {
    let mut text = String::new();
    for evidence in &seen.evidence {
        let Evidence { id, at, observer, .. } = evidence;
        let milliseconds = at.0 / 1_000_000;
        let label = paint(palette::LABEL, format_args!("{:<6}", id.to_string()));
        let when = paint(palette::DIM, format_args!("{milliseconds:>7} ms  {observer:<12}"));
        let summary = summary(evidence, &seen.world);
        let lines = super::layout::wrapped(&summary, width.columns().saturating_sub(TIMELINE_INDENT));
        for (number, line) in lines.iter().enumerate() {
            if number == 0 {
                text.push_str(&format!("  {label}{when} {line}\n"));
            } else {
                text.push_str(&format!("{:TIMELINE_INDENT$}{line}\n", ""));
            }
        }
    }
    text
}

/// The columns before what evidence says.
const TIMELINE_INDENT: usize = 2 + 6 + 10 + 2 + 12 + 1;

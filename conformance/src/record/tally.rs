//! How many results of each kind there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CheckResult, OutcomeKind, Verdict};

/// Counts of outcomes and verdicts. Kinds that did not occur are not mentioned.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Tally {
    /// Counts of outcomes.
    pub outcomes: BTreeMap<OutcomeKind, usize>,
    /// Counts of verdicts.
    pub verdicts: BTreeMap<Verdict, usize>,
}

impl Tally {
    /// The tally of results.
    pub fn of(results: &[CheckResult]) -> Self {
        let mut tally = Self::default();
        for result in results {
            tally.add(result.outcome, result.verdict);
        }
        tally
    }

    /// Counts one more result.
    pub fn add(&mut self, outcome: OutcomeKind, verdict: Verdict) {
        *self.outcomes.entry(outcome).or_default() += 1;
        *self.verdicts.entry(verdict).or_default() += 1;
    }

    /// How many results have the outcome.
    pub fn outcome(&self, outcome: OutcomeKind) -> usize {
        self.outcomes.get(&outcome).copied().unwrap_or_default()
    }

    /// How many results have the verdict.
    pub fn verdict(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    /// How many checks were run at all.
    pub fn ran(&self) -> usize {
        OutcomeKind::ALL.into_iter().filter(|kind| ran(*kind)).map(|kind| self.outcome(kind)).sum()
    }
}

/// Whether a run took place.
///
/// Errors count: something ran and broke. What was not run or does not apply does not, so a run of nothing else ran
/// nothing.
fn ran(outcome: OutcomeKind) -> bool {
    match outcome {
        OutcomeKind::Fail
        | OutcomeKind::HarnessError
        | OutcomeKind::AdapterError
        | OutcomeKind::Inconclusive
        | OutcomeKind::Pass => true,
        OutcomeKind::NotRun | OutcomeKind::NotApplicable => false,
    }
}

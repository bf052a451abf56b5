//! The words for verdicts in results and reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::{OutcomeKind, Verdict};

/// What an outcome means once the baseline was asked, without the entry's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// It passed, as it should.
    Pass,
    /// It failed, as the baseline says.
    ExpectedFailure,
    /// It failed, and the baseline does not list it.
    UnexpectedFailure,
    /// It passed, and the baseline lists it: the entry has to go.
    UnexpectedPass,
    /// It does not apply.
    NotApplicable,
    /// Nothing was decided. No baseline can list that.
    Undecided,
}

impl VerdictKind {
    /// The verdict on an outcome that the baseline lists or does not.
    pub fn of(outcome: OutcomeKind, is_listed: bool) -> Self {
        match (outcome, is_listed) {
            (OutcomeKind::Pass, false) => Self::Pass,
            (OutcomeKind::Pass, true) => Self::UnexpectedPass,
            (OutcomeKind::Fail, false) => Self::UnexpectedFailure,
            (OutcomeKind::Fail, true) => Self::ExpectedFailure,
            (OutcomeKind::NotApplicable, _) => Self::NotApplicable,
            (
                OutcomeKind::HarnessError
                | OutcomeKind::AdapterError
                | OutcomeKind::Inconclusive
                | OutcomeKind::NotRun,
                _,
            ) => Self::Undecided,
        }
    }
}

impl From<&Verdict> for VerdictKind {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::ExpectedFailure { .. } => Self::ExpectedFailure,
            Verdict::UnexpectedFailure => Self::UnexpectedFailure,
            Verdict::UnexpectedPass { .. } => Self::UnexpectedPass,
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::Undecided { .. } => Self::Undecided,
        }
    }
}

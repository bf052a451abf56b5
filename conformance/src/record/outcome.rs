//! The words for outcomes and verdicts in results and reports.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of one check, without the proof that the judge demanded for it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The requirement was seen to be broken.
    Fail,
    /// The harness failed; nothing is known about the implementation.
    HarnessError,
    /// The adapter failed; nothing is known about the implementation.
    AdapterError,
    /// The run says nothing: vacuous, an observer was missing, or evidence was lost.
    Inconclusive,
    /// It was not executed.
    NotRun,
    /// The requirement was seen to be kept.
    Pass,
    /// It does not apply, by what the implementation declares.
    NotApplicable,
}

impl OutcomeKind {
    /// All outcomes, worst first.
    pub const ALL: [Self; 7] = [
        Self::Fail,
        Self::HarnessError,
        Self::AdapterError,
        Self::Inconclusive,
        Self::NotRun,
        Self::Pass,
        Self::NotApplicable,
    ];

    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::HarnessError => "harness_error",
            Self::AdapterError => "adapter_error",
            Self::Inconclusive => "inconclusive",
            Self::NotRun => "not_run",
            Self::Pass => "pass",
            Self::NotApplicable => "not_applicable",
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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

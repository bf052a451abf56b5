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

/// An outcome after comparison with the baseline.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// No entry speaks of it: the outcome stands for itself.
    Unlisted,
    /// It failed, and an entry says that it does.
    ExpectedFailure,
    /// It passed although an entry says that it fails: the entry must go.
    UnexpectedPass,
    /// An entry says that it fails, and this run could not tell.
    Unconfirmed,
}

impl VerdictKind {
    /// All verdicts.
    pub const ALL: [Self; 4] =
        [Self::Unlisted, Self::ExpectedFailure, Self::UnexpectedPass, Self::Unconfirmed];

    /// The verdict on an outcome of which the baseline does or does not speak.
    pub fn of(outcome: OutcomeKind, is_listed: bool) -> Self {
        if !is_listed {
            return Self::Unlisted;
        }
        match outcome {
            OutcomeKind::Fail => Self::ExpectedFailure,
            OutcomeKind::Pass => Self::UnexpectedPass,
            OutcomeKind::HarnessError
            | OutcomeKind::AdapterError
            | OutcomeKind::Inconclusive
            | OutcomeKind::NotRun
            | OutcomeKind::NotApplicable => Self::Unconfirmed,
        }
    }
}

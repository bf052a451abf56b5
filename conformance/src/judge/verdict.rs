//! An outcome compared with the baseline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Known, OutcomeKind};

/// What an outcome means once the known failures are known.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It passed, as it should.
    Pass,
    /// It failed, as the baseline says.
    ExpectedFailure {
        /// Why, by the baseline.
        reason: String,
        /// Where that is tracked.
        link: String,
    },
    /// It failed, and the baseline does not list it.
    UnexpectedFailure,
    /// It passed, and the baseline lists it: the entry has to go.
    UnexpectedPass {
        /// Why it should have failed, by the baseline.
        reason: String,
    },
    /// It does not apply.
    NotApplicable,
    /// Nothing was decided: a harness error, an adapter error, inconclusive or not run. No baseline can list that.
    Undecided {
        /// Which of them.
        kind: OutcomeKind,
    },
}

impl Verdict {
    /// An outcome's kind, compared with the entry that covers it, if any does.
    pub fn of(kind: OutcomeKind, known: Option<&Known>) -> Self {
        match (kind, known) {
            (OutcomeKind::Pass, None) => Self::Pass,
            (OutcomeKind::Pass, Some(known)) => Self::UnexpectedPass { reason: known.reason.clone() },
            (OutcomeKind::Fail, None) => Self::UnexpectedFailure,
            (OutcomeKind::Fail, Some(known)) => {
                Self::ExpectedFailure { reason: known.reason.clone(), link: known.link.clone() }
            }
            (OutcomeKind::NotApplicable, _) => Self::NotApplicable,
            (
                OutcomeKind::HarnessError
                | OutcomeKind::AdapterError
                | OutcomeKind::Inconclusive
                | OutcomeKind::NotRun,
                _,
            ) => Self::Undecided { kind },
        }
    }

    /// The kind of the outcome that this is the verdict of.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Pass | Self::UnexpectedPass { .. } => OutcomeKind::Pass,
            Self::ExpectedFailure { .. } | Self::UnexpectedFailure => OutcomeKind::Fail,
            Self::NotApplicable => OutcomeKind::NotApplicable,
            Self::Undecided { kind } => *kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            check: "naming/default-name#item".into(),
            provider: None,
            platform: None,
            broker: None,
            reason: "why".into(),
            link: "where".into(),
        }
    }

    #[test]
    fn a_listed_failure_is_expected_and_an_unlisted_one_is_not() {
        assert_eq!(
            Verdict::of(OutcomeKind::Fail, Some(&known())),
            Verdict::ExpectedFailure { reason: "why".into(), link: "where".into() }
        );
        assert_eq!(Verdict::of(OutcomeKind::Fail, None), Verdict::UnexpectedFailure);
    }

    #[test]
    fn a_listed_check_that_passes_is_unexpected() {
        assert_eq!(
            Verdict::of(OutcomeKind::Pass, Some(&known())),
            Verdict::UnexpectedPass { reason: "why".into() }
        );
    }

    #[test]
    fn what_was_not_decided_cannot_be_listed() {
        for kind in [
            OutcomeKind::HarnessError,
            OutcomeKind::AdapterError,
            OutcomeKind::Inconclusive,
            OutcomeKind::NotRun,
        ] {
            assert_eq!(Verdict::of(kind, Some(&known())), Verdict::Undecided { kind });
        }
    }
}

//! An outcome compared with the baseline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OutcomeKind;

/// What an outcome means once the baseline was asked; the words of its entry stand beside it in a result.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
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
    /// Nothing was decided: a harness error, an adapter error, inconclusive or not run. No baseline can list that.
    Undecided,
}

impl Verdict {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_failure_is_expected_and_an_unlisted_one_is_not() {
        assert_eq!(Verdict::of(OutcomeKind::Fail, true), Verdict::ExpectedFailure);
        assert_eq!(Verdict::of(OutcomeKind::Fail, false), Verdict::UnexpectedFailure);
    }

    #[test]
    fn a_listed_check_that_passes_is_unexpected() {
        assert_eq!(Verdict::of(OutcomeKind::Pass, true), Verdict::UnexpectedPass);
        assert_eq!(Verdict::of(OutcomeKind::Pass, false), Verdict::Pass);
    }

    #[test]
    fn what_was_not_decided_cannot_be_listed() {
        for kind in [
            OutcomeKind::HarnessError,
            OutcomeKind::AdapterError,
            OutcomeKind::Inconclusive,
            OutcomeKind::NotRun,
        ] {
            assert_eq!(Verdict::of(kind, true), Verdict::Undecided);
        }
    }
}

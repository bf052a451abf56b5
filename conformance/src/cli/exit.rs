//! The exit codes, which are an interface.

use std::process::ExitCode;

use crate::record::{Header, OutcomeKind, Tally, VerdictKind};

/// How the program ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that ran passed.
    Success = 0,
    /// A failure that no baseline entry lists, an unexpected pass, or an entry that matches nothing.
    Failure = 1,
    /// Nothing worse than checks about which nothing can be said.
    Inconclusive = 2,
    /// The adapter failed.
    AdapterError = 3,
    /// Nothing ran.
    NothingRan = 4,
    /// Nothing failed but what the baseline expects.
    ExpectedFailuresOnly = 5,
    /// The command line is wrong.
    Usage = 64,
    /// A file that was given is wrong.
    BadInput = 65,
    /// This machine cannot make a world.
    SandboxUnavailable = 69,
    /// The harness failed.
    HarnessError = 70,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit of a run that got to its end: the first that applies.
    pub fn of_run(header: &Header, tally: &Tally) -> Self {
        let unmatched = header.baseline.as_ref().is_some_and(|baseline| !baseline.unmatched.is_empty());
        if tally.outcome(OutcomeKind::HarnessError) > 0 {
            Self::HarnessError
        } else if unmatched
            || tally.verdict(VerdictKind::UnexpectedFailure) > 0
            || tally.verdict(VerdictKind::UnexpectedPass) > 0
        {
            Self::Failure
        } else if tally.outcome(OutcomeKind::AdapterError) > 0 {
            Self::AdapterError
        } else if tally.outcome(OutcomeKind::Inconclusive) > 0 {
            Self::Inconclusive
        } else if tally.ran() == 0 {
            Self::NothingRan
        } else if tally.outcome(OutcomeKind::Fail) > 0 {
            Self::ExpectedFailuresOnly
        } else {
            Self::Success
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{record::BaselineUse, report::sample};

    fn exit(counts: &[(OutcomeKind, bool)]) -> Exit {
        let mut tally = Tally::default();
        for (outcome, is_listed) in counts {
            tally.add(*outcome, VerdictKind::of(*outcome, *is_listed));
        }
        Exit::of_run(&sample::header(), &tally)
    }

    const PASS: (OutcomeKind, bool) = (OutcomeKind::Pass, false);
    const FAIL: (OutcomeKind, bool) = (OutcomeKind::Fail, false);
    const EXPECTED: (OutcomeKind, bool) = (OutcomeKind::Fail, true);
    const MENDED: (OutcomeKind, bool) = (OutcomeKind::Pass, true);
    const UNSURE: (OutcomeKind, bool) = (OutcomeKind::Inconclusive, false);
    const ADAPTER: (OutcomeKind, bool) = (OutcomeKind::AdapterError, false);
    const HARNESS: (OutcomeKind, bool) = (OutcomeKind::HarnessError, false);
    const NOT_RUN: (OutcomeKind, bool) = (OutcomeKind::NotRun, false);
    const INAPPLICABLE: (OutcomeKind, bool) = (OutcomeKind::NotApplicable, false);

    #[test]
    fn the_first_exit_that_applies_is_the_exit() {
        for (counts, expected) in [
            (&[PASS, FAIL, HARNESS][..], Exit::HarnessError),
            (&[PASS, FAIL, ADAPTER, UNSURE], Exit::Failure),
            (&[PASS, MENDED], Exit::Failure),
            (&[PASS, ADAPTER, UNSURE, EXPECTED], Exit::AdapterError),
            (&[PASS, UNSURE, EXPECTED], Exit::Inconclusive),
            (&[NOT_RUN, INAPPLICABLE], Exit::NothingRan),
            (&[], Exit::NothingRan),
            (&[PASS, EXPECTED, NOT_RUN], Exit::ExpectedFailuresOnly),
            (&[PASS, NOT_RUN, INAPPLICABLE], Exit::Success),
        ] {
            assert_eq!(exit(counts), expected, "{counts:?}");
        }
    }

    #[test]
    fn a_baseline_entry_that_matches_nothing_fails_a_run_in_which_all_passed() {
        let mut header = sample::header();
        header.baseline = Some(BaselineUse {
            source: "baseline.toml".into(),
            entries: 1,
            unmatched: vec!["naming/gone#item".into()],
        });
        let mut tally = Tally::default();
        tally.add(OutcomeKind::Pass, VerdictKind::Pass);
        assert_eq!(Exit::of_run(&header, &tally), Exit::Failure);
    }
}

//! The exit codes of the program.

use std::process::ExitCode;

use super::{OutcomeKind, Verdict};

/// How the program ends. Of several that apply, the first one counts.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Exit {
    /// 128 and the number of a signal: the program was interrupted before it was done.
    Interrupted(u8),
    /// 64: the command line is wrong.
    Usage,
    /// 65: a file that was given is wrong: case, statement, baseline, recording.
    BadInput,
    /// 69: this machine has no sandbox.
    SandboxUnavailable,
    /// 70: the harness could not do its part.
    HarnessError,
    /// 1: an unlisted failure, an unexpected pass, a baseline entry that stands for no check, or a check that a merge
    /// misses.
    Failure,
    /// 3: the adapter crashed, broke the protocol or could not carry out an instruction.
    AdapterError,
    /// 2: something was not decided.
    Inconclusive,
    /// 4: nothing was judged.
    NothingRan,
    /// 5: only failures that the baseline lists.
    ExpectedFailuresOnly,
    /// 0: all that ran passed.
    Success,
}

impl Exit {
    /// All of them, in the order in which they are looked for; but for interruptions, of which there is one for each signal.
    pub const ALL: [Self; 10] = [
        Self::Usage,
        Self::BadInput,
        Self::SandboxUnavailable,
        Self::HarnessError,
        Self::Failure,
        Self::AdapterError,
        Self::Inconclusive,
        Self::NothingRan,
        Self::ExpectedFailuresOnly,
        Self::Success,
    ];

    /// How a run ends: what became of its checks, and how many entries of the baseline stand for no check.
    pub fn of(checks: impl IntoIterator<Item = (OutcomeKind, Verdict)>, stale: usize) -> Self {
        let stale = (stale > 0).then_some(Self::Failure);
        let checks = checks.into_iter().filter_map(|(outcome, verdict)| Self::of_check(outcome, verdict));
        // The order of the variants is that of the rule, so the first that applies is the least.
        checks.chain(stale).min().unwrap_or(Self::NothingRan)
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Interrupted(signal) => 128 + signal,
            Self::Usage => 64,
            Self::BadInput => 65,
            Self::SandboxUnavailable => 69,
            Self::HarnessError => 70,
            Self::Failure => 1,
            Self::AdapterError => 3,
            Self::Inconclusive => 2,
            Self::NothingRan => 4,
            Self::ExpectedFailuresOnly => 5,
            Self::Success => 0,
        }
    }

    /// What it means, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Interrupted(_) => "a signal ended it before it was done",
            Self::Usage => "the command line is wrong",
            Self::BadInput => "a case, statement, baseline or recording is wrong",
            Self::SandboxUnavailable => "this machine has no sandbox; see `sealcheck doctor`",
            Self::HarnessError => "the harness could not do its part",
            Self::Failure => {
                "an unlisted failure, an unexpected pass, a stale baseline entry, or a check that a merge misses"
            }
            Self::AdapterError => {
                "the adapter crashed, broke the protocol or could not carry out an instruction"
            }
            Self::Inconclusive => "something was not decided",
            Self::NothingRan => "nothing was judged",
            Self::ExpectedFailuresOnly => "only failures that the baseline lists",
            Self::Success => "all that ran passed",
        }
    }

    /// What one check asks for; `None` for what was not judged.
    fn of_check(outcome: OutcomeKind, verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::UnexpectedFailure | Verdict::UnexpectedPass => Some(Self::Failure),
            Verdict::ExpectedFailure => Some(Self::ExpectedFailuresOnly),
            Verdict::Pass => Some(Self::Success),
            Verdict::NotApplicable => None,
            Verdict::Undecided => match outcome {
                OutcomeKind::HarnessError => Some(Self::HarnessError),
                OutcomeKind::AdapterError => Some(Self::AdapterError),
                OutcomeKind::Inconclusive => Some(Self::Inconclusive),
                OutcomeKind::NotRun | OutcomeKind::Fail | OutcomeKind::Pass | OutcomeKind::NotApplicable => {
                    None
                }
            },
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

    #[test]
    fn the_codes_are_those_that_are_documented() {
        assert_eq!(Exit::ALL.map(Exit::code), [64, 65, 69, 70, 1, 3, 2, 4, 5, 0]);
        assert!(Exit::ALL.is_sorted());
    }

    #[test]
    fn the_first_exit_that_applies_is_the_exit() {
        for (checks, expected) in [
            (&[PASS, FAIL, HARNESS][..], Exit::HarnessError),
            (&[PASS, FAIL, ADAPTER, UNSURE], Exit::Failure),
            (&[PASS, MENDED], Exit::Failure),
            (&[PASS, ADAPTER, UNSURE, EXPECTED], Exit::AdapterError),
            (&[PASS, UNSURE, EXPECTED], Exit::Inconclusive),
            (&[PASS, EXPECTED, NOT_RUN], Exit::ExpectedFailuresOnly),
            (&[PASS, NOT_RUN, INAPPLICABLE], Exit::Success),
        ] {
            assert_eq!(exit(checks, 0), expected, "{checks:?}");
        }
    }

    #[test]
    fn what_was_not_run_is_never_green() {
        assert_eq!(exit(&[NOT_RUN, INAPPLICABLE], 0), Exit::NothingRan);
        assert_eq!(exit(&[], 0), Exit::NothingRan);
    }

    #[test]
    fn a_baseline_entry_that_stands_for_no_check_fails_a_run_in_which_all_passed() {
        assert_eq!(exit(&[PASS], 1), Exit::Failure);
        assert_eq!(exit(&[], 1), Exit::Failure);
        assert_eq!(exit(&[PASS, HARNESS], 1), Exit::HarnessError);
    }

    /// The exit of outcomes, each of which the baseline lists or does not.
    fn exit(checks: &[(OutcomeKind, bool)], stale: usize) -> Exit {
        let judged = checks.iter().map(|(outcome, is_listed)| (*outcome, Verdict::of(*outcome, *is_listed)));
        Exit::of(judged, stale)
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
}

//! What may be said of a requirement set.

use super::{CheckResult, Header, OutcomeKind};

/// Whether an implementation conforms: a word that only a whole frozen set earns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Conformance {
    /// No requirement set was asked for, so nothing is said.
    NotAsked,
    /// Only a shard of the set was asked for; the merge of all of them says more.
    Partial {
        /// The set.
        set: String,
    },
    /// Every check of the set passed or does not apply, with every observer, and at least one passed.
    Conformant {
        /// The set.
        set: String,
    },
    /// Something of the set failed, expected or not, or was not verified.
    NotConformant {
        /// The set.
        set: String,
        /// How many checks of the set failed.
        failed: usize,
        /// How many checks of the set have another outcome that proves nothing, or no result.
        unverified: usize,
    },
}

impl Conformance {
    /// Judges the results against the set that the header names.
    ///
    /// A failure that the baseline expects is still a failure: a baseline keeps a build green, it grants nothing.
    pub fn of(header: &Header, results: &[CheckResult]) -> Self {
        let Some(requirements) = &header.selection.requirements else { return Self::NotAsked };
        let set = requirements.name.clone();
        if header.selection.shard.is_some() {
            return Self::Partial { set };
        }
        let outcomes = requirements.checks.iter().map(|check| {
            results
                .iter()
                .find(|result| result.check == *check)
                .map_or(OutcomeKind::NotRun, |result| result.outcome)
        });
        let (mut passed, mut failed, mut unverified) = (0, 0, 0);
        for outcome in outcomes {
            match outcome {
                OutcomeKind::Fail => failed += 1,
                OutcomeKind::Pass => passed += 1,
                OutcomeKind::NotApplicable => {}
                OutcomeKind::HarnessError
                | OutcomeKind::AdapterError
                | OutcomeKind::Inconclusive
                | OutcomeKind::NotRun => unverified += 1,
            }
        }
        if failed == 0 && unverified == 0 && passed > 0 {
            Self::Conformant { set }
        } else {
            Self::NotConformant { set, failed, unverified }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{record::RequirementSet, report::sample};

    fn of(outcomes: &[(&str, OutcomeKind)], set: &[&str]) -> Conformance {
        let mut header = sample::header();
        header.selection.requirements = Some(RequirementSet {
            name: "2026.1".into(),
            checks: set.iter().map(|check| check.parse().expect("ids in tests are well formed")).collect(),
        });
        let results: Vec<_> =
            outcomes.iter().map(|(check, outcome)| sample::result(check, *outcome, false)).collect();
        Conformance::of(&header, &results)
    }

    const A: &str = "naming/default-name#item";
    const B: &str = "naming/default-name#file";

    #[test]
    fn a_set_whose_checks_all_pass_or_do_not_apply_is_conformant() {
        assert_eq!(
            of(&[(A, OutcomeKind::Pass), (B, OutcomeKind::NotApplicable)], &[A, B]),
            Conformance::Conformant { set: "2026.1".into() }
        );
    }

    #[test]
    fn a_set_of_which_a_check_has_no_result_is_not_conformant() {
        assert_eq!(
            of(&[(A, OutcomeKind::Pass)], &[A, B]),
            Conformance::NotConformant { set: "2026.1".into(), failed: 0, unverified: 1 }
        );
    }

    #[test]
    fn a_set_of_which_nothing_passed_is_not_conformant() {
        assert_eq!(
            of(&[(A, OutcomeKind::NotApplicable)], &[A]),
            Conformance::NotConformant { set: "2026.1".into(), failed: 0, unverified: 0 }
        );
    }

    #[test]
    fn an_expected_failure_is_a_failure_of_the_set() {
        assert_eq!(
            of(&[(A, OutcomeKind::Fail), (B, OutcomeKind::Pass)], &[A, B]),
            Conformance::NotConformant { set: "2026.1".into(), failed: 1, unverified: 0 }
        );
    }

    #[test]
    fn of_a_shard_nothing_is_said_yet() {
        let mut header = sample::header();
        let checks = [A].map(|check| check.parse().expect("ids in tests are well formed")).into();
        header.selection.requirements = Some(RequirementSet { name: "2026.1".into(), checks });
        header.selection.shard = crate::case::Shard::new(1, 2);
        let results = [sample::result(A, OutcomeKind::Pass, false)];
        assert_eq!(Conformance::of(&header, &results), Conformance::Partial { set: "2026.1".into() });
        header.selection.shard = None;
        let set = "2026.1".into();
        assert_eq!(Conformance::of(&header, &results), Conformance::Conformant { set }, "the control");
    }

    #[test]
    fn without_a_set_nothing_is_said() {
        let results = [sample::result(A, OutcomeKind::Pass, false)];
        assert_eq!(Conformance::of(&sample::header(), &results), Conformance::NotAsked);
    }
}

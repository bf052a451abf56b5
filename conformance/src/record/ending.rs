//! How a run ends, by what is recorded of it.

use super::{CheckResult, Header, OutcomeKind};
use crate::judge::Exit;

/// The exit of a run with such a header and such results.
///
/// A shard to which nothing of the selection falls, or nothing that applies, is no failure: that the selection as a
/// whole ran is said by the merge of all its shards. A shard in which something was left out, and nothing ran, is one.
pub fn exit_of(header: &Header, checks: &[CheckResult]) -> Exit {
    let stale = header.baseline.as_ref().map_or(0, |baseline| baseline.unmatched.len());
    let exit = Exit::of(checks.iter().map(|result| (result.outcome, result.verdict)), stale);
    let is_left_out = checks.iter().any(|result| result.outcome == OutcomeKind::NotRun);
    let is_part_of_something = header.selection.shard.is_some() && header.selection.checks > 0;
    if exit == Exit::NothingRan && is_part_of_something && !is_left_out { Exit::Success } else { exit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Shard, record::Selection, report::sample};

    const A: &str = "naming/default-name#item";
    const B: &str = "naming/default-name#file";

    #[test]
    fn a_shard_without_anything_to_run_is_no_failure_and_a_whole_run_is() {
        let inapplicable = [sample::result(A, OutcomeKind::NotApplicable, false)];
        for checks in [&[][..], &inapplicable] {
            assert_eq!(exit_of(&header(None, 9), checks), Exit::NothingRan);
            assert_eq!(exit_of(&header(Shard::new(1, 4), 9), checks), Exit::Success);
            assert_eq!(
                exit_of(&header(Shard::new(1, 4), 0), checks),
                Exit::NothingRan,
                "nothing is selected"
            );
        }
    }

    #[test]
    fn a_shard_in_which_something_was_left_out_and_nothing_ran_is_a_failure() {
        let checks = [OutcomeKind::NotRun, OutcomeKind::NotApplicable];
        let checks: Vec<_> =
            [A, B].into_iter().zip(checks).map(|(id, kind)| sample::result(id, kind, false)).collect();
        assert_eq!(exit_of(&header(Shard::new(1, 4), 9), &checks), Exit::NothingRan);
    }

    #[test]
    fn what_fails_in_a_shard_fails_the_shard() {
        let checks = [sample::result(A, OutcomeKind::Fail, false)];
        assert_eq!(exit_of(&header(Shard::new(1, 4), 9), &checks), Exit::Failure);
    }

    fn header(shard: Option<Shard>, checks: usize) -> Header {
        Header { selection: Selection { checks, shard, ..Selection::default() }, ..sample::header() }
    }
}

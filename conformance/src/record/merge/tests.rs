//! What is merged, and what is refused.

use super::{MergeError, NamedResults, merge};
use crate::{
    canary::Seed,
    case::{CaseId, Shard},
    judge::Exit,
    protocol::Identity,
    record::{
        BaselineUse, CheckResult, Footer, Header, OutcomeKind, Results, Selection, Tally, Timestamp, exit_of,
    },
    report::sample,
};

/// Checks of cases that fall to both of two shards.
const CHECKS: [&str; 4] = [
    "naming/default-name#item",
    "naming/default-name#place",
    "input/empty-name#refused",
    "fail-closed/no-bus#refuses",
];

/// The same checks in the order of the catalogue: by areas, and by ids within them.
const ORDERED: [&str; 4] = [
    "naming/default-name#item",
    "naming/default-name#place",
    "fail-closed/no-bus#refuses",
    "input/empty-name#refused",
];

#[test]
fn shards_become_the_run_that_was_not_sharded() {
    let whole = file("whole", None, &passed(&ORDERED));
    for files in [[shard(1), shard(2)], [shard(2), shard(1)]] {
        let merged = merge(files.into(), &[]).expect("all shards are there");
        assert_eq!(merged.exit(), Exit::Success);
        let [run] = merged.runs.as_slice() else { panic!("there is one run: {merged:?}") };
        assert_eq!(run.results.header, whole.results.header);
        assert_eq!(run.results.checks, whole.results.checks);
        assert_eq!(run.results.footer, Footer { timing: None, ..whole.results.footer.clone() });
    }
}

#[test]
fn a_merged_run_is_as_old_as_its_first_shard_and_has_their_seed_if_it_is_one() {
    let [mut early, mut late] = [shard(1), shard(2)];
    early.results.header.started = Timestamp::since_epoch(std::time::Duration::from_secs(5));
    late.results.header.started = Timestamp::since_epoch(std::time::Duration::from_secs(7));
    late.results.header.seed = Some(Seed::fresh());
    let merged = merge(vec![late, early.clone()], &[]).expect("all shards are there");
    let header = &merged.runs[0].results.header;
    assert_eq!((&header.started, header.seed), (&early.results.header.started, None));
}

#[test]
fn a_shard_that_is_missing_is_an_error_that_names_it() {
    let files = vec![NamedResults { file: "1".into(), ..part(1, 3) }];
    let shards = vec![Shard::new(2, 3).expect("a shard"), Shard::new(3, 3).expect("a shard")];
    let error = merge(files, &[]).expect_err("two are missing");
    assert_eq!(error, MergeError::Missing { adapter: "python-azure-identity".into(), shards });
    assert_eq!(
        error.to_string(),
        "of the run of python-azure-identity hash:2/3, hash:3/3 are missing; give the results of every shard"
    );
}

#[test]
fn shards_of_different_numbers_and_a_shard_beside_a_whole_run_are_errors() {
    for files in [vec![shard(1), part(2, 3)], vec![shard(1), file("whole", None, &passed(&CHECKS))]] {
        let error = merge(files, &[]).expect_err("they do not go together");
        assert!(matches!(error, MergeError::Differs { what: "the number of shards", .. }), "{error}");
    }
}

#[test]
fn what_came_out_in_two_ways_is_an_error_and_what_came_out_the_same_counts_once() {
    let twice = merge(vec![shard(1), shard(2), shard(1)], &[]).expect("the same came out");
    assert_eq!(twice.runs[0].results.checks.len(), CHECKS.len());
    let mut other = shard(1);
    other.file = "again".into();
    other.results.checks[0].outcome = OutcomeKind::Fail;
    let error = merge(vec![shard(1), shard(2), other], &[]).expect_err("another thing came out");
    let check = shard(1).results.checks[0].check.clone();
    let outcomes = [OutcomeKind::Pass, OutcomeKind::Fail];
    assert_eq!(error, MergeError::Conflict { check, outcomes, files: ["shard 1".into(), "again".into()] });
}

#[test]
fn different_catalogues_versions_selections_and_baselines_are_errors() {
    let refused = |change: fn(&mut Header)| {
        let mut other = shard(2);
        change(&mut other.results.header);
        merge(vec![shard(1), other], &[]).expect_err("they do not go together")
    };
    let files = || ["shard 1".to_owned(), "shard 2".to_owned()];
    assert_eq!(
        refused(|header| header.catalogue = Some("0".repeat(64))),
        MergeError::Catalogue { files: files() }
    );
    assert_eq!(refused(|header| header.catalogue = None), MergeError::NoCatalogue { file: "shard 2".into() });
    let versions = ["0.1.0".to_owned(), "0.2.0".to_owned()];
    assert_eq!(
        refused(|header| header.harness = "0.2.0".into()),
        MergeError::Harness { files: files(), versions }
    );
    let what = "what was selected";
    assert_eq!(
        refused(|header| header.selection.skip = vec!["x".into()]),
        MergeError::Differs { what, files: files() }
    );
    let baseline = |header: &mut Header| {
        header.baseline = Some(BaselineUse { source: "x".into(), entries: 1, unmatched: Vec::new() });
    };
    assert_eq!(refused(baseline), MergeError::Differs { what: "the baseline", files: files() });
    assert_eq!(merge(Vec::new(), &[]).expect_err("there is nothing"), MergeError::NoFiles);
}

#[test]
fn a_result_of_another_shard_and_one_too_few_are_errors() {
    let mut foreign = shard(1);
    let moved = shard(2).results.checks[0].clone();
    foreign.results.checks.push(moved.clone());
    let error = merge(vec![foreign, shard(2)], &[]).expect_err("it is another's");
    let shard_of_file = Shard::new(1, 2).expect("a shard");
    assert_eq!(
        error,
        MergeError::Foreign { file: "shard 1".into(), check: moved.check, shard: shard_of_file }
    );
    let mut short = shard(1);
    short.results.checks.pop();
    let error = merge(vec![short, shard(2)], &[]).expect_err("one is gone");
    let adapter = "python-azure-identity".into();
    assert_eq!(error, MergeError::Incomplete { adapter, selected: 4, found: 3 });
}

#[test]
fn a_check_that_was_not_run_fails_the_merge_unless_that_is_allowed() {
    let mut checks = passed(&CHECKS);
    checks[0] = sample::result(CHECKS[0], OutcomeKind::NotRun, false);
    let files = || vec![file("whole", None, &checks)];
    let merged = merge(files(), &[]).expect("the file is of one run");
    assert_eq!(merged.runs[0].left_out, [checks[0].check.clone()]);
    assert_eq!((merged.exit(), merged.runs[0].results.footer.exit_code), (Exit::Failure, 1));
    for allowed in ["naming/default-name#item", "naming/*", "*"] {
        let merged = merge(files(), &[allowed.to_owned()]).expect("the file is of one run");
        assert_eq!((merged.exit(), merged.runs[0].left_out.len()), (Exit::Success, 0), "{allowed}");
    }
}

#[test]
fn an_allowance_that_allows_nothing_fails_the_merge_and_one_that_names_nothing_is_an_error() {
    let allowed = |pattern: &str| merge(vec![shard(1), shard(2)], &[pattern.to_owned()]);
    let merged = allowed("input/*").expect("it names something");
    assert_eq!((merged.exit(), merged.idle), (Exit::Failure, vec!["input/*".to_owned()]));
    let error = allowed("lifecycle/*").expect_err("it names nothing");
    assert_eq!(error, MergeError::Allowance { pattern: "lifecycle/*".into() });
}

#[test]
fn runs_of_other_providers_and_versions_stay_apart_and_the_worst_counts() {
    let [whole, mut keyring, mut older] = [(); 3].map(|()| file("whole", None, &passed(&CHECKS)));
    keyring.results.header.provider = "gnome-keyring".into();
    keyring.results.checks[1] = sample::result(CHECKS[1], OutcomeKind::Inconclusive, false);
    older.results.header.implementation =
        Some(Identity { name: "azure-identity".into(), version: "1.0.0".into() });
    let merged = merge(vec![whole, keyring, older], &[]).expect("they are three runs");
    let exits: Vec<_> = merged.runs.iter().map(|run| run.exit).collect();
    assert_eq!(exits, [Exit::Success, Exit::Success, Exit::Inconclusive]);
    assert_eq!(merged.exit(), Exit::Inconclusive);
}

#[test]
fn a_shard_in_which_nothing_was_played_belongs_to_the_only_implementation_and_to_none_of_several() {
    let mut silent = shard(2);
    silent.results.header.implementation = None;
    let merged = merge(vec![silent.clone(), shard(1)], &[]).expect("there is one implementation");
    assert_eq!(merged.runs[0].results.header.implementation, sample::header().implementation);
    let mut other = shard(1);
    other.results.header.implementation =
        Some(Identity { name: "azure-identity".into(), version: "1.0.0".into() });
    let error = merge(vec![shard(1), other, silent], &[]).expect_err("it could be of either");
    assert_eq!(error, MergeError::Nobody { file: "shard 2".into() });
}

fn passed(checks: &[&str]) -> Vec<CheckResult> {
    checks.iter().map(|check| sample::result(check, OutcomeKind::Pass, false)).collect()
}

fn shard(number: u16) -> NamedResults {
    part(number, 2)
}

fn part(number: u16, count: u16) -> NamedResults {
    let part = Shard::new(number, count).expect("there is such a shard");
    let is_ours = |check: &&&str| {
        part.owns(&check.split('#').next().and_then(|id| id.parse::<CaseId>().ok()).expect("an id"))
    };
    let ours: Vec<&str> = CHECKS.iter().filter(is_ours).copied().collect();
    assert!(count > 2 || !ours.is_empty(), "the cases are chosen for two shards");
    file(&format!("shard {number}"), Some(part), &passed(&ours))
}

fn file(file: &str, shard: Option<Shard>, checks: &[CheckResult]) -> NamedResults {
    let selection = Selection { checks: CHECKS.len(), shard, ..Selection::default() };
    let header = Header { selection, ..sample::header() };
    let exit_code = exit_of(&header, checks).code();
    let footer =
        Footer { tally: Tally::of(checks), exit_code, complete: true, timing: Some(sample::timing()) };
    NamedResults { file: file.into(), results: Results { header, checks: checks.to_vec(), footer } }
}

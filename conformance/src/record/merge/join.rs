//! The shards of one run become its results.

use std::collections::BTreeMap;

use super::{MergeError, NamedResults};
use crate::{
    case::{Area, CaseId, CheckId, Shard},
    record::{CheckResult, Footer, Header, Results, Selection, Tally, exit_of},
};

/// The results of a run from the files of it.
///
/// Whole runs may be given twice, and shards: what comes again must have come out the same, and counts once.
pub(super) fn join(mut files: Vec<NamedResults>) -> Result<Results, MergeError> {
    same_question(&files)?;
    all_shards(&files)?;
    files.sort_by_key(|file| file.results.header.selection.shard.map(Shard::number));
    let header = header(&files);
    let mut checks = checks(files)?;
    // As the catalogue has them; within a case they are in its own order already.
    checks.sort_by(|one, other| place(one).cmp(&place(other)));
    if checks.len() != header.selection.checks {
        let (selected, found) = (header.selection.checks, checks.len());
        return Err(MergeError::Incomplete { adapter: header.adapter, selected, found });
    }
    let exit_code = exit_of(&header, &checks).code();
    let footer = Footer { tally: Tally::of(&checks), exit_code, complete: true, timing: None };
    Ok(Results { header, checks, footer })
}

fn place(result: &CheckResult) -> (Area, &CaseId) {
    (result.case.area(), &result.case)
}

/// Whether all files answer the same question: the same selection, compared with the same baseline.
fn same_question(files: &[NamedResults]) -> Result<(), MergeError> {
    let whole = |header: &Header| Selection { shard: None, ..header.selection.clone() };
    let first = &files[0];
    for other in &files[1..] {
        let (one, another) = (&first.results.header, &other.results.header);
        let differs = |what| MergeError::Differs { what, files: [first.file.clone(), other.file.clone()] };
        if whole(one) != whole(another) {
            return Err(differs("what was selected"));
        }
        if one.baseline != another.baseline {
            return Err(differs("the baseline"));
        }
    }
    Ok(())
}

/// Whether every shard is there, and all files are shards of as many or none is one.
fn all_shards(files: &[NamedResults]) -> Result<(), MergeError> {
    let first = &files[0];
    let count = first.results.header.selection.shard.map(Shard::count);
    for other in &files[1..] {
        if other.results.header.selection.shard.map(Shard::count) != count {
            let files = [first.file.clone(), other.file.clone()];
            return Err(MergeError::Differs { what: "the number of shards", files });
        }
    }
    let Some(count) = count else { return Ok(()) };
    let is_there = |number: u16| {
        files.iter().any(|file| file.results.header.selection.shard.map(Shard::number) == Some(number))
    };
    let missing: Vec<Shard> = (1..=count)
        .filter(|number| !is_there(*number))
        .filter_map(|number| Shard::new(number, count))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(MergeError::Missing { adapter: first.results.header.adapter.clone(), shards: missing })
}

/// The header of the whole: as if it had been run at once, when the first of its shards was.
fn header(files: &[NamedResults]) -> Header {
    let headers = || files.iter().map(|file| &file.results.header);
    let first = &files[0].results.header;
    Header {
        implementation: headers().find_map(|header| header.implementation.clone()),
        selection: Selection { shard: None, ..first.selection.clone() },
        seed: first.seed.filter(|seed| headers().all(|header| header.seed == Some(*seed))),
        started: headers().map(|header| &header.started).min().unwrap_or(&first.started).clone(),
        ..first.clone()
    }
}

/// The results of all files, each check once.
fn checks(files: Vec<NamedResults>) -> Result<Vec<CheckResult>, MergeError> {
    let mut checks: Vec<CheckResult> = Vec::new();
    let mut known: BTreeMap<CheckId, (usize, String)> = BTreeMap::new();
    for NamedResults { file, results } in files {
        for result in results.checks {
            if let Some(shard) = results.header.selection.shard.filter(|shard| !shard.owns(&result.case)) {
                return Err(MergeError::Foreign { file, check: result.check, shard });
            }
            match known.get(&result.check) {
                Some((at, earlier)) if !is_same(&checks[*at], &result) => {
                    return Err(MergeError::Conflict {
                        outcomes: [checks[*at].outcome, result.outcome],
                        files: [earlier.clone(), file],
                        check: result.check,
                    });
                }
                Some(_same) => {}
                None => {
                    known.insert(result.check.clone(), (checks.len(), file.clone()));
                    checks.push(result);
                }
            }
        }
    }
    Ok(checks)
}

/// Whether the same came out; how it was seen may differ from run to run.
fn is_same(one: &CheckResult, other: &CheckResult) -> bool {
    (one.outcome, one.verdict, one.rev) == (other.outcome, other.verdict, other.rev)
}

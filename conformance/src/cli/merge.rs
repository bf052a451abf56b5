//! `merge`: shards become one run, runs stand beside each other.

use std::io::Write;

use super::{
    Exit, Failure, MergeArguments,
    files::{Reports, create, read_results_file, unwritten},
    output::Output,
};
use crate::{
    record::{Merge, MergeError, NamedResults, Results, ResultsWriter, merge as merge_files},
    report::{Reported, text},
};

/// Reads, merges, writes and prints; gives the exit of all runs together.
pub(super) fn merge<W: Write>(arguments: &MergeArguments, output: &mut Output<W>) -> Result<Exit, Failure> {
    let files = arguments.files.iter().map(|path| {
        let results = read_results_file(path)?;
        Ok(NamedResults { file: path.display().to_string(), results })
    });
    let files = files.collect::<Result<Vec<_>, Failure>>()?;
    let merged = merge_files(files, &arguments.allow_not_run).map_err(|error| match error {
        MergeError::Allowance { .. } => Failure::usage(error),
        error => Failure::bad_input(error),
    })?;
    let reports = Reports::open(&arguments.report)?;
    if let Some(path) = &arguments.results {
        let results = only(&merged)?;
        let file = create(path)?;
        write(results, file).map_err(|cause| unwritten(path, cause))?;
    }
    let runs: Vec<Reported<'_>> =
        merged.runs.iter().map(|run| Reported { results: &run.results, left_out: &run.left_out }).collect();
    reports.write(&runs)?;
    output.write(&text(&runs, &complaints(&merged), output.width()))?;
    Ok(merged.exit())
}

/// The results of the only run: a results file is of one.
fn only(merged: &Merge) -> Result<&Results, Failure> {
    match merged.runs.as_slice() {
        [run] => Ok(&run.results),
        runs => Err(Failure::usage(format!(
            "a results file is of one run, and these files are of {}",
            runs.len()
        ))
        .next("merge the shards of each run apart, or leave --results away")),
    }
}

fn write(results: &Results, file: std::fs::File) -> std::io::Result<()> {
    let mut writer = ResultsWriter::begin(file, results.header.clone())?;
    results.checks.iter().try_for_each(|result| writer.result(result.clone()))?;
    writer.finish(results.footer.exit_code, results.footer.timing)?;
    Ok(())
}

fn complaints(merged: &Merge) -> Vec<String> {
    let idle = merged.idle.iter();
    idle.map(|pattern| {
        format!("--allow-not-run {pattern} allows nothing: all that it stands for ran; remove it")
    })
    .collect()
}

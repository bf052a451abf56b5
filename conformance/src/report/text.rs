//! What a terminal shows of one run or several.

use std::collections::BTreeSet;

use anstyle::Style;

use super::{
    closing,
    format::Reported,
    layout::{Width, labelled},
    palette::{self, paint},
    terminal::{Layout, body, caveat, short, title, unmatched, word},
};
use crate::{
    case::{Area, CheckId},
    record::{CheckResult, OutcomeKind, Tally, Verdict},
};

/// The report on runs: the table of the one, or one table of all of them beside each other.
///
/// Complaints are about the runs as a whole; they stand before the tally, which is the last line.
pub fn text(runs: &[Reported<'_>], complaints: &[String], width: Width) -> String {
    let (mut report, closing) = match runs {
        [run] => (body(run.results, width), closing::all(run.results)),
        runs => (beside(runs, width), overall(runs)),
    };
    report.push_str(&left_out(runs, width));
    report.push_str(&complained(complaints, width));
    report.push('\n');
    report.push_str(&closing);
    report
}

/// Every check of several runs, a column for each; then what is wrong, run by run.
fn beside(runs: &[Reported<'_>], width: Width) -> String {
    let column = runs.len().to_string().len();
    let mut report = String::new();
    for (number, run) in (1..).zip(runs) {
        report.push_str(&format!("{number:>column$}  {}\n", title(&run.results.header)));
        report.push_str(&caveat(&run.results.header, width));
    }
    let all: Vec<&CheckId> = checks(runs);
    for area in Area::ALL {
        let of_area: Vec<_> = all.iter().filter(|check| check.case().area() == area).collect();
        if of_area.is_empty() {
            continue;
        }
        let numbers = (1..=runs.len()).map(|number| format!(" {number:>column$}")).collect::<String>();
        report.push_str(&format!("\n{}\n {numbers}\n", paint(palette::HEADING, area)));
        for check in of_area {
            let cells = runs.iter().map(|run| {
                let cell = run.results.check(check).map_or((palette::DIM, ' '), mark);
                // The mark is one character; its style must not be counted.
                format!(" {:pad$}{}", "", paint(cell.0, cell.1), pad = column - 1)
            });
            report.push_str(&format!(" {}  {}\n", cells.collect::<String>(), short(check)));
        }
    }
    report.push_str(&format!("\n{}\n", paint(palette::DIM, MARKS)));
    for (number, run) in (1..).zip(runs) {
        report.push_str(&unmatched(&run.results.header, width));
        let wrong: Vec<&CheckResult> = run.results.checks.iter().filter(|result| is_wrong(result)).collect();
        if wrong.is_empty() {
            continue;
        }
        let heading = format!("{number}  {}", title(&run.results.header));
        report.push_str(&format!("\n{}\n", paint(palette::BAD, heading)));
        let layout = Layout::of(wrong.iter().copied(), width);
        for result in wrong {
            report.push_str(&layout.row(result));
            report.push_str(&layout.details(result));
        }
    }
    report
}

/// The checks of all runs, each once, in the order of the first run that has it, by areas.
fn checks<'a>(runs: &[Reported<'a>]) -> Vec<&'a CheckId> {
    let mut seen = BTreeSet::new();
    let all = runs.iter().flat_map(|run| run.results.checks.iter().map(|result| &result.check));
    all.filter(|check| seen.insert(*check)).collect()
}

fn is_wrong(result: &CheckResult) -> bool {
    match result.verdict {
        Verdict::UnexpectedFailure | Verdict::UnexpectedPass => true,
        Verdict::Undecided => result.outcome != OutcomeKind::NotRun,
        Verdict::Pass | Verdict::ExpectedFailure | Verdict::NotApplicable => false,
    }
}

/// The mark of a result in a column of its own; no meaning is carried by its style alone.
fn mark(result: &CheckResult) -> (Style, char) {
    let style = palette::outcome(result.outcome);
    match result.verdict {
        Verdict::ExpectedFailure => (palette::DIM, 'e'),
        Verdict::UnexpectedPass => (palette::BAD, 'u'),
        Verdict::Pass | Verdict::UnexpectedFailure | Verdict::NotApplicable | Verdict::Undecided => {
            (style, word(result.outcome).0)
        }
    }
}

/// What was not run and should have been.
fn left_out(runs: &[Reported<'_>], width: Width) -> String {
    if runs.iter().all(|run| run.left_out.is_empty()) {
        return String::new();
    }
    let heading = "not run, and not allowed to be left out; run it, or name it with --allow-not-run";
    let mut block = format!("\n{}\n", paint(palette::BAD, heading));
    for run in runs {
        for check in run.left_out {
            let why = run.results.check(check).map_or("", |result| &result.explanation);
            let text = format!("{check} of {}: {why}", title(&run.results.header));
            block.push_str(&labelled(2, "✗", palette::BAD, &text, Style::new(), width));
        }
    }
    block
}

fn complained(complaints: &[String], width: Width) -> String {
    if complaints.is_empty() {
        return String::new();
    }
    let lines = complaints.iter().map(|line| labelled(2, "✗", palette::BAD, line, Style::new(), width));
    format!("\n{}", lines.collect::<String>())
}

/// The tally of each run, and of all of them last.
fn overall(runs: &[Reported<'_>]) -> String {
    let column = runs.len().to_string().len();
    let mut block = String::new();
    for (number, run) in (1..).zip(runs) {
        let line = format!("{number:>column$}  {}", closing::counts(run.results));
        block.push_str(&format!("{}\n", paint(closing::style(run.results), line)));
    }
    let mut sum = Tally::default();
    for result in runs.iter().flat_map(|run| &run.results.checks) {
        sum.add(result.outcome, result.verdict);
    }
    let style = runs
        .iter()
        .map(|run| closing::style(run.results))
        .find(|style| *style != palette::GOOD)
        .unwrap_or(palette::GOOD);
    let line = format!("sealcheck: {} runs: {}", runs.len(), closing::counts_of(&sum));
    block.push_str(&format!("{}\n", paint(style, line)));
    block
}

/// What the marks of a table of runs say.
const MARKS: &str = "\
✓ passed  ✗ failed  e expected failure  u unexpected pass  ? inconclusive  ! error  · not applicable  - not run";

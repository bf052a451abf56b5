//! The table of a run, for a person at a terminal.

use super::{
    layout::{Width, columns, labelled, padded, printable, shortened, wrapped},
    palette::{self, paint},
    text::text,
};
use crate::{
    case::{Area, CheckId},
    observation::Role,
    record::{CheckResult, Header, OutcomeKind, Results, Verdict},
};

/// The whole report: head, one table for each area, what could not run, the tally last.
pub fn terminal(results: &Results, width: Width) -> String {
    text(&[results.into()], &[], width)
}

/// The same without what is said of the run as a whole.
pub(super) fn body(results: &Results, width: Width) -> String {
    let mut report = head(&results.header);
    report.push_str(&caveat(&results.header, width));
    let layout = Layout::of(&results.checks, width);
    for area in Area::ALL {
        let checks: Vec<_> = results.checks.iter().filter(|result| result.case.area() == area).collect();
        let (not_run, shown): (Vec<_>, Vec<_>) =
            checks.into_iter().partition(|result| result.outcome == OutcomeKind::NotRun);
        if shown.is_empty() && not_run.is_empty() {
            continue;
        }
        report.push_str(&format!("\n{}\n", paint(palette::HEADING, area)));
        for result in shown.into_iter().chain(not_run) {
            report.push_str(&layout.row(result));
            report.push_str(&layout.details(result));
        }
    }
    report.push_str(&layout.not_run(&results.checks));
    report.push_str(&unmatched(&results.header, width));
    report
}

/// Who was judged, and where, in one line without colours.
pub(super) fn title(header: &Header) -> String {
    let implementation = header.implementation.as_ref().map_or_else(String::new, |identity| {
        format!(" ({} {})", printable(&identity.name), printable(&identity.version))
    });
    let Header { adapter, platform, provider, broker, .. } = header;
    format!("{}{implementation} on {platform}, keyring {provider}, broker {broker}", printable(adapter))
}

fn head(header: &Header) -> String {
    let mut head = format!("{}\n", paint(palette::HEADING, title(header)));
    let shard = header.selection.shard.map(|shard| {
        format!(
            "only shard {shard} of {} checks; `sealcheck merge` joins the shards",
            header.selection.checks
        )
    });
    let chance = header.seed.map(|seed| format!("seed {seed}"));
    for line in chance.into_iter().chain(shard) {
        head.push_str(&format!("{}\n", paint(palette::DIM, line)));
    }
    if !header.without_observers.is_empty() {
        let names: Vec<_> = header.without_observers.iter().map(|observer| observer.as_str()).collect();
        let line = format!("without the observers {}: what they witness is inconclusive", names.join(", "));
        head.push_str(&format!("{}\n", paint(palette::UNSURE, line)));
    }
    head
}

/// What results on such a platform do not show; nothing where it stands in for no other.
pub(super) fn caveat(header: &Header, width: Width) -> String {
    let Some(caveat) = &header.caveat else { return String::new() };
    let lines = wrapped(&printable(caveat), width.columns());
    lines.iter().map(|line| format!("{}\n", paint(palette::UNSURE, line))).collect()
}

/// Baseline entries that match nothing: the list is wrong, so the run fails.
pub(super) fn unmatched(header: &Header, width: Width) -> String {
    let Some(baseline) = header.baseline.as_ref().filter(|baseline| !baseline.unmatched.is_empty()) else {
        return String::new();
    };
    let mut block = format!(
        "\n{}\n",
        paint(palette::BAD, "entries of the baseline that match no check; remove or mend them")
    );
    for entry in &baseline.unmatched {
        let entry = format!("{entry} in {}", baseline.source);
        block.push_str(&labelled(2, "✗", palette::BAD, &entry, anstyle::Style::new(), width));
    }
    block
}

/// The columns of the table, the same in every area.
pub(super) struct Layout {
    width: Width,
    name: usize,
}

impl Layout {
    pub(super) fn of<'a>(checks: impl IntoIterator<Item = &'a CheckResult>, width: Width) -> Self {
        let longest = checks.into_iter().map(|result| columns(name(result))).max().unwrap_or_default();
        Self { width, name: longest.min(width.columns().saturating_sub(BESIDE_NAME)) }
    }

    pub(super) fn row(&self, result: &CheckResult) -> String {
        let (mark, word) = word(result.outcome);
        let style = if is_expected(result) { palette::DIM } else { palette::outcome(result.outcome) };
        let lead = paint(style, format_args!("{mark} {word:<WORD$}"));
        let note = note(result);
        let room = self.width.columns().saturating_sub(2 + 2 + WORD + 1 + self.name + 2);
        let room = room.saturating_sub(if note.is_empty() { 0 } else { columns(&note) + 2 });
        let text = match result.outcome {
            OutcomeKind::NotApplicable => &result.explanation,
            OutcomeKind::Fail
            | OutcomeKind::HarnessError
            | OutcomeKind::AdapterError
            | OutcomeKind::Inconclusive
            | OutcomeKind::NotRun
            | OutcomeKind::Pass => &result.sentence,
        };
        let text = shortened(&printable(text), room);
        // A failure's sentence stands below, in full.
        let is_told_below = result.outcome == OutcomeKind::Fail && !is_expected(result);
        let text = if is_told_below { String::new() } else { paint(palette::DIM, text) };
        let note = if note.is_empty() { note } else { format!("{}  ", paint(self.note_style(result), note)) };
        let row =
            format!("  {lead} {}  {note}{text}", padded(&shortened(name(result), self.name), self.name));
        format!("{}\n", row.trim_end())
    }

    fn note_style(&self, result: &CheckResult) -> anstyle::Style {
        if is_expected(result) { palette::DIM } else { palette::severity(result.severity) }
    }

    /// What stands under a row: everything about what is wrong, nothing about what is right.
    pub(super) fn details(&self, result: &CheckResult) -> String {
        match (result.outcome, result.verdict) {
            (OutcomeKind::Fail, Verdict::ExpectedFailure) => self.expected(result),
            (OutcomeKind::Fail, _) => self.failure(result),
            (OutcomeKind::Pass, Verdict::UnexpectedPass) => self.unexpected_pass(result),
            (OutcomeKind::Inconclusive | OutcomeKind::HarnessError | OutcomeKind::AdapterError, _) => {
                let mut block = self.line("because", &result.explanation);
                block.push_str(&self.evidence(result));
                block.push_str(&self.again(result));
                block
            }
            (OutcomeKind::Pass | OutcomeKind::NotApplicable | OutcomeKind::NotRun, _) => String::new(),
        }
    }

    fn failure(&self, result: &CheckResult) -> String {
        let mut block = self.line("judged", &result.sentence);
        block.push_str(&self.line("found", &result.explanation));
        if let Some(advice) = &result.advice {
            block.push_str(&self.line("why", &advice.why));
        }
        block.push_str(&self.evidence(result));
        if let Some(advice) = &result.advice {
            block.push_str(&self.line("fix", &advice.fix));
        }
        block.push_str(&self.again(result));
        block
    }

    fn expected(&self, result: &CheckResult) -> String {
        let mut block = self.dim("found", &result.explanation);
        block.push_str(&self.known(result));
        block.push_str(&self.replay(result));
        block
    }

    fn unexpected_pass(&self, result: &CheckResult) -> String {
        let mut block =
            self.line("listed", "the baseline says that this fails, and it passed: remove the entry");
        block.push_str(&self.known(result));
        block.push_str(&self.again(result));
        block
    }

    /// What the baseline says: reason and link.
    fn known(&self, result: &CheckResult) -> String {
        let Some(note) = &result.baseline else { return String::new() };
        self.dim("known", &format!("{} {}", note.reason, note.link.as_deref().unwrap_or_default()))
    }

    fn evidence(&self, result: &CheckResult) -> String {
        let lines = result.evidence.iter().map(|evidence| {
            let label = match evidence.run {
                Role::Case => evidence.id.to_string(),
                Role::Twin => format!("{} twin", evidence.id),
            };
            self.line(&label, &evidence.summary)
        });
        lines.collect()
    }

    fn again(&self, result: &CheckResult) -> String {
        let again = command("again", &result.reproducer);
        format!("{again}{}", self.replay(result))
    }

    /// How the recording is played, where one was made.
    fn replay(&self, result: &CheckResult) -> String {
        result.replayer.as_deref().map_or_else(String::new, |replayer| command("replay", replayer))
    }

    fn line(&self, label: &str, text: &str) -> String {
        labelled(INDENT, label, palette::LABEL, text, anstyle::Style::new(), self.width)
    }

    fn dim(&self, label: &str, text: &str) -> String {
        labelled(INDENT, label, palette::DIM, text, palette::DIM, self.width)
    }

    /// What could not run, each with its reason: a skip must never read as green.
    fn not_run(&self, checks: &[CheckResult]) -> String {
        let not_run: Vec<_> = checks.iter().filter(|result| result.outcome == OutcomeKind::NotRun).collect();
        if not_run.is_empty() {
            return String::new();
        }
        let mut block = format!("\n{}\n", paint(palette::UNSURE.bold(), "not run"));
        for result in not_run {
            block.push_str(&format!("  {}\n", result.check));
            block.push_str(&labelled(
                INDENT,
                "because",
                palette::DIM,
                &result.explanation,
                palette::DIM,
                self.width,
            ));
        }
        block
    }
}

/// A command line to copy: one line whatever the width.
fn command(label: &str, line: &str) -> String {
    format!("{:INDENT$}{}{}\n", "", paint(palette::LABEL, padded(label, 10)), printable(line))
}

/// The id without the area, which is the heading.
fn name(result: &CheckResult) -> &str {
    short(&result.check)
}

/// The id of a check without the area.
pub(super) fn short(check: &CheckId) -> &str {
    check.as_str().split_once('/').map_or(check.as_str(), |(_, name)| name)
}

fn is_expected(result: &CheckResult) -> bool {
    result.verdict == Verdict::ExpectedFailure
}

fn note(result: &CheckResult) -> String {
    let severity = palette::severity_word(result.severity);
    match (result.outcome, result.verdict) {
        (OutcomeKind::Fail, Verdict::ExpectedFailure) => format!("expected, {severity}"),
        (OutcomeKind::Fail, _) => severity.into(),
        (OutcomeKind::Pass, Verdict::UnexpectedPass) => "unexpected".into(),
        (
            OutcomeKind::Pass
            | OutcomeKind::HarnessError
            | OutcomeKind::AdapterError
            | OutcomeKind::Inconclusive
            | OutcomeKind::NotRun
            | OutcomeKind::NotApplicable,
            _,
        ) => String::new(),
    }
}

pub(super) fn word(outcome: OutcomeKind) -> (char, &'static str) {
    match outcome {
        OutcomeKind::Pass => ('✓', "pass"),
        OutcomeKind::Fail => ('✗', "FAIL"),
        OutcomeKind::Inconclusive => ('?', "inconclusive"),
        OutcomeKind::NotApplicable => ('·', "n/a"),
        OutcomeKind::NotRun => ('-', "not run"),
        OutcomeKind::AdapterError => ('!', "adapter error"),
        OutcomeKind::HarnessError => ('!', "harness error"),
    }
}

/// The columns of the longest word.
const WORD: usize = 13;

/// The columns that a row needs beside the name: mark, word, the longest note and the gaps.
const BESIDE_NAME: usize = 40;

/// Where details begin.
const INDENT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::Platform,
        observation::{Emulator, platform_label},
        record::{BaselineUse, RequirementSet, Tally},
        report::sample,
    };

    fn plain(results: &Results) -> String {
        anstream::adapter::strip_str(&terminal(results, Width::new(100))).to_string()
    }

    #[test]
    fn the_report_of_a_run_with_every_outcome_is_readable() {
        insta::assert_snapshot!(plain(&sample::results()));
    }

    #[test]
    fn what_a_platform_does_not_show_stands_at_the_head() {
        let mut results = sample::results();
        let emulator = Emulator::Wine;
        results.header.platform = platform_label(Platform::Windows, Some(emulator));
        results.header.caveat = Some(emulator.caveat().into());
        let report = plain(&results);
        let head: Vec<&str> = report.lines().take(6).collect();
        assert!(head[0].contains("on windows (wine), keyring"), "{}", head[0]);
        assert!(head[2..].join(" ").contains("nothing here shows that DPAPI keeps a secret"), "{head:?}");
    }

    #[test]
    fn the_last_line_of_a_run_in_which_nothing_ran_says_so_and_is_not_green() {
        let mut results = sample::results();
        results
            .checks
            .retain(|result| matches!(result.outcome, OutcomeKind::NotRun | OutcomeKind::NotApplicable));
        results.footer.tally = Tally::of(&results.checks);
        results.footer.exit_code = 4;
        let report = terminal(&results, Width::DEFAULT);
        let last = report.lines().last().expect("a report has a last line");
        assert_eq!(
            anstream::adapter::strip_str(last).to_string(),
            "sealcheck: nothing ran; 0 passed, 0 failed, 1 not run, 1 not applicable"
        );
        assert!(!last.contains(&palette::GOOD.to_string()));
    }

    #[test]
    fn the_last_line_of_a_run_in_which_all_passed_is_green() {
        let mut results = sample::results();
        results
            .checks
            .retain(|result| result.outcome == OutcomeKind::Pass && result.verdict == Verdict::Pass);
        results.footer.tally = Tally::of(&results.checks);
        results.footer.exit_code = 0;
        let report = terminal(&results, Width::DEFAULT);
        let last = report.lines().last().expect("a report has a last line");
        assert_eq!(last, paint(palette::GOOD, "sealcheck: 1 passed, 0 failed"));
    }

    #[test]
    fn conformant_is_said_of_a_whole_requirement_set_only() {
        let mut results = sample::results();
        results.checks.retain(|result| result.outcome == OutcomeKind::Pass);
        results.footer.tally = Tally::of(&results.checks);
        assert!(!plain(&results).contains("conformant"));

        let checks = results.checks.iter().map(|result| result.check.clone()).collect();
        results.header.selection.requirements = Some(RequirementSet { name: "2026.1".into(), checks });
        assert!(plain(&results).contains("\nconformant to 2026.1\n"));
    }

    #[test]
    fn an_entry_of_the_baseline_that_matches_nothing_is_named() {
        let mut results = sample::results();
        results.header.baseline = Some(BaselineUse {
            source: "baseline.toml".into(),
            entries: 1,
            unmatched: vec!["naming/gone#item".into()],
        });
        assert!(plain(&results).contains("naming/gone#item in baseline.toml\n"));
    }

    #[test]
    fn no_line_of_a_table_but_a_reproducer_is_wider_than_the_terminal() {
        for width in [60, 80, 100, 140] {
            let report = terminal(&sample::results(), Width::new(width));
            let report = anstream::adapter::strip_str(&report).to_string();
            let table = report.lines().filter(|line| line.starts_with("  "));
            let is_command =
                |line: &&str| ["again", "replay"].iter().any(|word| line.trim_start().starts_with(word));
            for line in table.filter(|line| !is_command(line)) {
                assert!(columns(line) <= width, "{} columns: {line}", columns(line));
            }
        }
    }
}

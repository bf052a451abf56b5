//! Sentence, check, mutant, evidence: the links of the catalogue as text and as Markdown.

use anstyle::Style;

use super::{
    layout::{Width, labelled, printable},
    palette::{self, paint},
};
use crate::{
    case::CheckId,
    spec::{Exclusion, Extent},
    trace::{CheckLine, PropertyLine, SentenceLine, Trace},
};

/// Every link for people, the gaps and the counts last.
pub fn trace(trace: &Trace, width: Width) -> String {
    let mut page = Page { trace, width, text: String::new() };
    page.heading("The sentences of the specification");
    for line in &trace.sentences {
        page.sentence(line);
    }
    page.heading("Checks of hardening alone");
    for line in trace.hardening() {
        page.check(line);
    }
    page.heading("The properties of tier T1");
    for line in trace.first_tier() {
        page.property(line);
    }
    page.closing();
    page.text
}

/// The same as tables of Markdown.
pub fn trace_markdown(trace: &Trace) -> String {
    let mut text = String::from("| sentence | check | killed by | evidence |\n|---|---|---|---|\n");
    for line in &trace.sentences {
        if let Some(exclusion) = &line.exclusion {
            text.push_str(&row(&[&line.sentence, &excluded(exclusion), "", ""]));
        }
        for check in line.checks.iter().filter_map(|check| trace.check(check)) {
            text.push_str(&check_row(&line.sentence, check));
        }
    }
    for check in trace.hardening() {
        text.push_str(&check_row("hardening", check));
    }
    text.push_str("\n| property | asked | checks, or why none |\n|---|---|---|\n");
    for line in trace.first_tier() {
        let property = &line.property;
        text.push_str(&row(&[&property.id.to_string(), &property.text, &covered(line, trace)]));
    }
    text.push_str(&format!("\n{}\n", tally(trace)));
    for gap in &trace.gaps {
        text.push_str(&format!("\n- {}", cell(&gap.to_string())));
    }
    if !trace.gaps.is_empty() {
        text.push('\n');
    }
    text
}

struct Page<'a> {
    trace: &'a Trace,
    width: Width,
    text: String,
}

impl Page<'_> {
    fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("{}\n", paint(palette::HEADING, heading)));
    }

    fn item(&mut self, indent: usize, label: &str, text: &str) {
        self.text.push_str(&labelled(indent, label, palette::LABEL, text, Style::new(), self.width));
    }

    fn sentence(&mut self, line: &SentenceLine) {
        self.item(2, &line.sentence, &line.text);
        if let Some(exclusion) = &line.exclusion {
            self.item(2, "", &excluded(exclusion));
        }
        for check in line.checks.iter().filter_map(|check| self.trace.check(check)) {
            self.check(check);
        }
    }

    fn check(&mut self, line: &CheckLine) {
        self.text.push_str(&format!("    {}\n", line.check));
        self.item(6, "killed by", &line.mutants.join(", "));
        self.item(6, "seen in", &line.evidence.join(", "));
    }

    fn property(&mut self, line: &PropertyLine) {
        self.item(2, &line.property.id.to_string(), &line.property.text);
        self.item(2, "", &covered(line, self.trace));
    }

    fn closing(&mut self) {
        self.text.push('\n');
        for gap in &self.trace.gaps {
            let mark = paint(palette::BAD, "✗ GAP  ");
            self.text.push_str(&format!("{mark}{}\n", printable(&gap.to_string())));
        }
        let style = if self.trace.gaps.is_empty() { palette::GOOD } else { palette::BAD };
        self.text.push_str(&format!("{}\n", paint(style, format_args!("sealcheck: {}", tally(self.trace)))));
    }
}

/// The checks of a property, or why there are none.
fn covered(line: &PropertyLine, trace: &Trace) -> String {
    let checks: Vec<_> = line.checks.iter().map(CheckId::as_str).collect();
    match (&line.property.exclusion, checks.is_empty()) {
        (Some(reason), true) => format!("excluded: {reason}"),
        (Some(reason), false) => format!("{}; yet excluded: {reason}", checks.join(", ")),
        (None, true) => "covered by nothing".into(),
        (None, false) => whole_cases(&checks, trace).join(", "),
    }
}

/// Ids, with that of a case in place of all its checks.
fn whole_cases(checks: &[&str], trace: &Trace) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for check in checks {
        let case = check.split_once('#').map_or(*check, |(case, _)| case);
        let of_case = trace.checks.iter().filter(|line| line.check.case().as_str() == case).count();
        let word = if of_case > 1 { format!("{case} ({of_case} checks)") } else { (*check).to_owned() };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn excluded(exclusion: &Exclusion) -> String {
    match exclusion.extent {
        Extent::Whole => format!("excluded: {}", exclusion.reason),
        Extent::Part => format!("excluded in part: {}", exclusion.reason),
    }
}

fn tally(trace: &Trace) -> String {
    let sentences = trace.sentences.len();
    let judged = trace.sentences.iter().filter(|line| !line.checks.is_empty()).count();
    let (properties, covered, excluded) =
        trace.first_tier().fold((0, 0, 0), |(all, covered, excluded), line| {
            let is_covered = usize::from(!line.checks.is_empty());
            let is_excluded = usize::from(line.property.exclusion.is_some());
            (all + 1, covered + is_covered, excluded + is_excluded)
        });
    format!(
        "{judged} of {sentences} sentences judged, {covered} of {properties} properties of tier T1 covered and \
         {excluded} excluded, {} checks, {} mutants, {} honest variants, {} gaps",
        trace.counts.checks,
        trace.counts.mutants,
        trace.counts.honest_variants,
        trace.gaps.len()
    )
}

fn check_row(lead: &str, check: &CheckLine) -> String {
    row(&[lead, &format!("`{}`", check.check), &check.mutants.join(", "), &check.evidence.join(", ")])
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Text that stays within a cell.
fn cell(text: &str) -> String {
    printable(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::RequirementLevel,
        observation::Observer,
        spec::{Property, Tier},
        trace::{Counts, Gap},
    };

    fn property(id: &str, exclusion: Option<&str>) -> Property {
        Property {
            id: id.parse().expect("ids in tests are well formed"),
            tier: Tier::T1,
            platforms: vec![crate::case::Platform::Linux],
            text: format!("What {id} asks | for."),
            cwe: vec![1],
            asvs: vec!["1.1.1".into()],
            exclusion: exclusion.map(ToOwned::to_owned),
        }
    }

    fn line(check: &str, level: RequirementLevel, mutants: &[&'static str]) -> CheckLine {
        CheckLine {
            check: check.parse().expect("ids in tests are well formed"),
            level,
            mutants: mutants.to_vec(),
            evidence: vec!["replies".into(), "token requests".into()],
            observers: vec![Observer::Harness, Observer::Network],
        }
    }

    fn sample() -> Trace {
        let checks = vec![
            line("naming/default-name#item", RequirementLevel::Must, &["ignores-name", "other-name"]),
            line("naming/default-name#place", RequirementLevel::Must, &["other-name"]),
            line("input/empty-name#refused", RequirementLevel::Should, &[]),
        ];
        let whole = Exclusion { extent: Extent::Whole, reason: "A title.".into() };
        let part = Exclusion { extent: Extent::Part, reason: "The tools are not there.".into() };
        Trace {
            counts: Counts { checks: 3, mutants: 2, honest_variants: 1 },
            sentences: vec![
                SentenceLine {
                    sentence: "S1".into(),
                    text: "Options.".into(),
                    exclusion: Some(whole),
                    checks: vec![],
                },
                SentenceLine {
                    sentence: "S3".into(),
                    text: "The defaults are shared.".into(),
                    exclusion: Some(part),
                    checks: vec![checks[0].check.clone(), checks[1].check.clone()],
                },
            ],
            properties: vec![
                PropertyLine {
                    property: property("NAM-01", None),
                    checks: vec![checks[0].check.clone(), checks[1].check.clone()],
                },
                PropertyLine { property: property("NAM-08", None), checks: vec![checks[2].check.clone()] },
                PropertyLine {
                    property: property("ISO-04", Some("It takes a second user.")),
                    checks: vec![],
                },
                PropertyLine { property: property("LIF-01", None), checks: vec![] },
            ],
            gaps: vec![
                Gap::PropertyOpen {
                    property: "LIF-01".parse().expect("ids in tests are well formed"),
                    text: "What LIF-01 asks | for.".into(),
                },
                Gap::CheckWithoutMutant { check: checks[2].check.clone() },
            ],
            checks,
        }
    }

    #[test]
    fn every_link_is_shown_with_the_gaps_and_the_counts_last() {
        let text = trace(&sample(), Width::new(100));
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn the_tables_of_markdown_hold_the_same_and_no_cell_breaks_out() {
        insta::assert_snapshot!(trace_markdown(&sample()));
    }
}

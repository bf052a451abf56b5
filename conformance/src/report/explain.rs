//! A case or a check in prose: what it asks, why, and what would witness the answer.

use super::{
    closing,
    layout::{Width, labelled, printable},
    palette::{self, paint},
    predicate, script,
};
use crate::{
    case::{Case, Check, CheckId, RequirementLevel},
    judge,
    observation::Role,
    record::{Results, Verdict},
};

/// What an explanation needs beside the case.
#[derive(Clone, Copy)]
pub struct Explanation<'a> {
    /// The check to explain; all checks of the case if absent.
    pub only: Option<&'a CheckId>,
    /// The text of a sentence of the specification, by its id.
    pub sentence: &'a dyn Fn(&str) -> Option<String>,
    /// The mutants that a check kills by name.
    pub killed_by: &'a dyn Fn(&CheckId) -> Vec<String>,
    /// Results of an earlier run.
    pub results: Option<&'a Results>,
    /// The width of the text.
    pub width: Width,
}

/// The explanation of a case, or of one of its checks.
pub fn explain(case: &Case, with: &Explanation<'_>) -> String {
    let mut page = Page { width: with.width, text: String::new() };
    page.heading(&format!("{} (rev {})", case.id, case.rev), &case.title);
    page.item("why", &case.why);
    page.item("effect", &case.effect);
    page.item("attacker", &case.precondition);
    page.item("severity", palette::severity_word(case.severity));
    page.item("CWE", &joined(case.cwe.iter().map(|number| format!("CWE-{number}"))));
    page.item("covers", &case.properties.join(", "));
    page.world(case);
    page.script(case);
    page.twin(case);
    for check in case.checks.iter().filter(|check| with.only.is_none_or(|only| *only == check.id)) {
        page.check(check, with);
    }
    page.blank();
    page.item("fix", &case.fix);
    page.text
}

struct Page {
    width: Width,
    text: String,
}

impl Page {
    fn heading(&mut self, id: &str, title: &str) {
        self.text.push_str(&format!("{}  {}\n\n", paint(palette::HEADING, id), printable(title)));
    }

    fn section(&mut self, title: &str) {
        self.text.push_str(&format!("\n{}\n", paint(palette::HEADING, title)));
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn item(&mut self, label: &str, text: &str) {
        self.text.push_str(&labelled(2, label, palette::LABEL, text, anstyle::Style::new(), self.width));
    }

    fn world(&mut self, case: &Case) {
        // Where it needs what worlds do not have, it is told to be inconclusive, and is not played.
        let platforms = case.world.platforms.iter().filter(|platform| case.beyond(**platform).is_none());
        let platforms = joined(platforms.map(ToString::to_string));
        self.section("world");
        self.item("keyring", script::condition(case.world.condition));
        self.item("umask", &case.world.umask);
        self.item("runs on", &platforms);
        for plant in &case.plants {
            self.item("planted", &script::plant(plant));
        }
        for fault in &case.faults {
            self.item("fault", &script::fault(fault));
        }
        for rendezvous in &case.rendezvous {
            self.item("meeting", &script::rendezvous(rendezvous));
        }
    }

    fn script(&mut self, case: &Case) {
        self.section("script");
        for (index, session) in case.script.sessions.iter().enumerate() {
            self.text.push_str(&format!("  {}\n", printable(&script::session(case, index, session))));
            for (number, step) in session.steps.iter().enumerate() {
                let label = (number + 1).to_string();
                let said = script::step(step);
                self.text.push_str(&labelled(
                    4,
                    &label,
                    palette::DIM,
                    &said,
                    anstyle::Style::new(),
                    self.width,
                ));
            }
        }
    }

    fn twin(&mut self, case: &Case) {
        let mut removed = Vec::new();
        if !is_usable_throughout(case) {
            removed.push("a usable keyring in every session".to_owned());
        }
        if !case.plants.is_empty() {
            removed.push("nothing planted".into());
        }
        if !case.faults.is_empty() {
            removed.push("no fault".into());
        }
        if case.script.sessions.iter().any(|session| session.overlaps) {
            removed.push("its sessions one after the other".into());
        }
        removed.extend(
            case.twin.names.iter().map(|(hostile, benign)| format!("the name {benign:?} for {hostile:?}")),
        );
        let differs = if removed.is_empty() {
            "The case is its own twin".into()
        } else {
            format!("The same with {}", removed.join(", "))
        };
        self.section("twin");
        let round_trip = format!("{differs}; `{}` must find what was persisted.", case.twin.round_trip);
        self.item("control", &round_trip);
    }

    fn check(&mut self, check: &Check, with: &Explanation<'_>) {
        let level = match check.requirement.level {
            RequirementLevel::Must => "must",
            RequirementLevel::Should => "should",
        };
        self.section(&format!("{} ({level})", check.id));
        self.item("judged", &check.sentence);
        for id in &check.requirement.sentences {
            let text = (with.sentence)(id).unwrap_or_else(|| "not a sentence of the specification".into());
            self.item(id, &text);
        }
        self.item("sources", &check.requirement.sources.join(", "));
        self.item("asserts", &predicate::asserted(&check.predicate));
        let witnesses = judge::witnesses(&check.predicate);
        self.item("witnesses", &joined(witnesses.iter().map(ToString::to_string)));
        self.item("applies", &joined(check.applies_when.iter().map(predicate::declared)));
        self.item("kills", &(with.killed_by)(&check.id).join(", "));
        if let Some(results) = with.results {
            self.result(&check.id, results);
        }
    }

    fn result(&mut self, check: &CheckId, results: &Results) {
        let Some(result) = results.check(check) else {
            return self.item("last run", "These results have no line for this check.");
        };
        let verdict = match result.verdict {
            Verdict::Pass | Verdict::UnexpectedFailure | Verdict::NotApplicable | Verdict::Undecided => "",
            Verdict::ExpectedFailure => ", as the baseline expects",
            Verdict::UnexpectedPass => ", although the baseline expects a failure",
        };
        let header = &results.header;
        self.item(
            "last run",
            &format!(
                "{}, {}: {}{verdict}.",
                header.adapter,
                header.started,
                closing::words(result.outcome, 1)
            ),
        );
        self.item("", &result.explanation);
        for evidence in &result.evidence {
            let label = match evidence.run {
                Role::Case => evidence.id.to_string(),
                Role::Twin => format!("{} twin", evidence.id),
            };
            self.item(&label, &evidence.summary);
        }
        // One line whatever the width, so that it can be copied.
        let again = paint(palette::LABEL, "again     ");
        self.text.push_str(&format!("  {again}{}\n", printable(&result.reproducer)));
        if let Some(replayer) = &result.replayer {
            let replay = paint(palette::LABEL, "replay    ");
            self.text.push_str(&format!("  {replay}{}\n", printable(replayer)));
        }
    }
}

fn is_usable_throughout(case: &Case) -> bool {
    let mut sessions = case.script.sessions.iter();
    sessions.all(|session| session.condition.unwrap_or(case.world.condition).is_usable())
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn plain(only: Option<&str>, results: Option<&Results>) -> String {
        let only = only.map(|id| id.parse().expect("ids in tests are well formed"));
        let with = Explanation {
            only: only.as_ref(),
            sentence: &|id| (id == "S17").then(|| "The cache will always try to encrypt its data.".into()),
            killed_by: &|check| {
                if check.word() == "residue-gone" { vec!["keeps-residue".into()] } else { Vec::new() }
            },
            results,
            width: Width::new(100),
        };
        anstream::adapter::strip_str(&explain(&sample::case(), &with)).to_string()
    }

    #[test]
    fn a_case_is_explained_in_prose() {
        insta::assert_snapshot!(plain(None, None));
    }

    #[test]
    fn a_check_is_explained_with_its_last_result_and_evidence() {
        let results = sample::results();
        insta::assert_snapshot!(plain(Some("lifecycle/encryption-returns#residue-gone"), Some(&results)));
    }

    #[test]
    fn a_check_that_the_results_do_not_mention_is_said_to_be_missing() {
        let results = sample::results();
        let page = plain(Some("lifecycle/encryption-returns#quiet"), Some(&results));
        assert!(page.contains("These results have no line for this check."));
    }
}

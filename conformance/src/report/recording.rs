//! A recording, judged or played again, for a person.

use super::{
    cited::{cited, timeline},
    closing::words,
    layout::{Width, labelled, printable},
    palette::{self, paint},
};
use crate::{
    observation::{Observation, Role},
    record::{Comparison, EvidenceLine, OutcomeKind, Recording, Repetition},
};

/// A recording beside what came of it again.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The recording.
    pub recording: &'a Recording,
    /// What came of its checks.
    pub comparisons: &'a [Comparison],
    /// What was played; absent where the recorded observations were judged.
    pub played: Option<(&'a Observation, &'a Observation)>,
    /// What else differs between then and now.
    pub notes: &'a [String],
}

impl Compared<'_> {
    /// The comparison in words: head, one row for each check, and below it whatever is wrong or not the same.
    pub fn text(&self, width: Width) -> String {
        let mut text = self.head(width);
        for comparison in self.comparisons {
            text.push_str(&self.row(comparison));
            text.push_str(&self.details(comparison, width));
        }
        text
    }

    /// Everything that was seen, of the recording or of what was played.
    pub fn timelines(&self, width: Width) -> String {
        let (run, twin) = self.now();
        let mut text =
            format!("\n  {}\n{}", paint(palette::HEADING, "seen of the case"), timeline(run, width));
        if !self.recording.case().is_own_twin() {
            let heading = paint(palette::HEADING, "seen of the twin");
            text.push_str(&format!("\n  {heading}\n{}", timeline(twin, width)));
        }
        text
    }

    /// The evidence that the outcome of a check rests on now.
    pub fn evidence(&self, comparison: &Comparison) -> Vec<EvidenceLine> {
        let (run, twin) = self.now();
        cited(&comparison.now, run, twin)
    }

    fn now(&self) -> (&Observation, &Observation) {
        self.played.unwrap_or((self.recording.run(), self.recording.twin()))
    }

    fn head(&self, width: Width) -> String {
        let (case, file) = (self.recording.case(), self.recording.file());
        let id = paint(palette::HEADING, format_args!("{} (rev {})", case.id, case.rev));
        let mut head = format!("{id}  {}\n", printable(&case.title));
        let implementation = self.recording.run().implementation.as_ref();
        let implementation = implementation
            .map_or_else(String::new, |identity| format!(" ({} {})", identity.name, identity.version));
        let recorded = format!(
            "{}{implementation} on {}, keyring {}, broker {}; {} by sealcheck {}",
            file.adapter.name,
            self.recording.run().world.platform_label(),
            file.options.provider,
            file.options.broker,
            file.recorded,
            file.harness
        );
        head.push_str(&line("recorded", &recorded, width));
        if !file.options.without_observers.is_empty() {
            let names: Vec<_> =
                file.options.without_observers.iter().map(|observer| observer.as_str()).collect();
            head.push_str(&line("without", &format!("the observers {}", names.join(", ")), width));
        }
        let emulator = self.recording.run().world.emulator;
        let caveat = emulator.map(|emulator| emulator.caveat().to_owned());
        for note in self.notes.iter().chain(&caveat) {
            head.push_str(&labelled(2, "note", palette::UNSURE, note, anstyle::Style::new(), width));
        }
        head
    }

    fn row(&self, comparison: &Comparison) -> String {
        let Comparison { check, recorded, now, repetition } = comparison;
        let is_same = self.is_same(comparison);
        let said = match self.played {
            None if is_same => words(now.kind(), 1).to_owned(),
            None => format!("was {}, is now {}", words(recorded.kind(), 1), words(now.kind(), 1)),
            Some(_) if recorded.kind() == now.kind() => {
                format!("{}: {}", repetition.as_str(), words(now.kind(), 1))
            }
            Some(_) => format!(
                "{}: was {}, is now {}",
                repetition.as_str(),
                words(recorded.kind(), 1),
                words(now.kind(), 1)
            ),
        };
        let (mark, style) = match (is_same, now.kind()) {
            (false, _) => ('≠', palette::BAD),
            (true, OutcomeKind::Pass) => ('=', palette::GOOD),
            (true, _) => ('=', palette::outcome(now.kind())),
        };
        format!("  {} #{}\n", paint(style, format_args!("{mark} {said}")), check.word())
    }

    fn details(&self, comparison: &Comparison, width: Width) -> String {
        let Comparison { check, recorded, now, .. } = comparison;
        let is_same = self.is_same(comparison);
        if is_same && !now.kind().is_trouble() {
            return String::new();
        }
        let mut block = String::new();
        if let Some(check) = self.recording.case().check(check) {
            block.push_str(&detail("judged", &check.sentence, width));
        }
        if !is_same {
            block.push_str(&detail("recorded", &recorded.why(), width));
            for cited in cited(recorded, self.recording.run(), self.recording.twin()) {
                block.push_str(&detail(&label(&cited), &cited.summary, width));
            }
        }
        block.push_str(&detail(if is_same { "found" } else { "now" }, &now.why(), width));
        for cited in self.evidence(comparison) {
            block.push_str(&detail(&label(&cited), &cited.summary, width));
        }
        block
    }

    fn is_same(&self, comparison: &Comparison) -> bool {
        match self.played {
            None => comparison.is_same_verdict(),
            Some(_) => comparison.repetition == Repetition::Reproduced,
        }
    }
}

fn label(cited: &EvidenceLine) -> String {
    match cited.run {
        Role::Case => cited.id.to_string(),
        Role::Twin => format!("{} twin", cited.id),
    }
}

fn line(label: &str, text: &str, width: Width) -> String {
    labelled(2, label, palette::LABEL, text, anstyle::Style::new(), width)
}

fn detail(label: &str, text: &str, width: Width) -> String {
    labelled(6, label, palette::LABEL, text, anstyle::Style::new(), width)
}

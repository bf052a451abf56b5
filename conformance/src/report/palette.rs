//! Colours by meaning. No meaning is carried by colour alone.

use anstyle::{AnsiColor, Style};

use crate::{case::Severity, record::OutcomeKind};

/// Text in a style, with its end.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of an outcome's mark and word.
pub(super) fn outcome(outcome: OutcomeKind) -> Style {
    match outcome {
        OutcomeKind::Pass => GOOD,
        OutcomeKind::Fail | OutcomeKind::HarnessError | OutcomeKind::AdapterError => BAD,
        OutcomeKind::Inconclusive | OutcomeKind::NotRun => UNSURE,
        OutcomeKind::NotApplicable => DIM,
    }
}

/// The style of a severity.
pub(super) fn severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => UNSURE,
        Severity::Low => DIM,
    }
}

/// The word of a severity.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const LABEL: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const UNSURE: Style = AnsiColor::Yellow.on_default();

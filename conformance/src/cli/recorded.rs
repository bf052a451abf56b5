//! A recording that was named on the command line: read, compared with the catalogue, and shown as results.

use std::{fs::File, path::Path};

use serde::Serialize;

use super::{Failure, Parts};
use crate::{
    case::{Case, CheckId},
    judge::OutcomeKind,
    protocol::Identity,
    record::{
        CheckResult, Comparison, EvidenceLine, Footer, Header, Recording, RecordingError, Results,
        ResultsVersion, Selection, Tally, Timestamp, Verdict,
    },
    report::{Compared, cited},
};

/// Reads a recording.
///
/// # Errors
///
/// Bad input for a file that is none, or none that this build can judge.
pub(super) fn read(path: &Path) -> Result<Recording, Failure> {
    let file = path.display().to_string();
    let input = File::open(path)
        .map_err(|source| Failure::bad_input(RecordingError::Io { file: file.clone(), source }))?;
    Recording::read(input, &file).map_err(Failure::bad_input)
}

/// How the catalogue of this build differs from what was recorded.
///
/// # Errors
///
/// Bad input if a case that is built in cannot be read.
pub(super) fn notes(recording: &Recording, parts: &impl Parts) -> Result<Vec<String>, Failure> {
    let recorded = recording.case();
    let known = parts.cases()?.into_iter().find(|case| case.id == recorded.id);
    let differs = match known {
        None => Some("the catalogue of this sealcheck does not have this case".to_owned()),
        Some(known) if known.rev != recorded.rev => {
            Some(format!("the catalogue of this sealcheck has rev {} of this case", known.rev))
        }
        Some(known) if known != recorded => {
            Some("the catalogue of this sealcheck words this revision of the case otherwise".into())
        }
        Some(_same) => None,
    };
    let differs = differs.map(|differs| format!("{differs}; the recorded one is what counts here"));
    Ok(differs.into_iter().collect())
}

/// A comparison as programs read it.
#[derive(Serialize)]
pub(super) struct ComparedRecording<'a> {
    file: String,
    case: &'a Case,
    adapter: &'a str,
    implementation: Option<&'a Identity>,
    harness: &'a str,
    recorded: &'a Timestamp,
    notes: &'a [String],
    checks: Vec<ComparedCheck<'a>>,
}

#[derive(Serialize)]
struct ComparedCheck<'a> {
    check: &'a CheckId,
    recorded: OutcomeKind,
    now: OutcomeKind,
    repetition: &'static str,
    recorded_explanation: String,
    explanation: String,
    evidence: Vec<EvidenceLine>,
}

impl<'a> ComparedRecording<'a> {
    pub(super) fn new(path: &Path, compared: &Compared<'a>) -> Self {
        let (recording, file) = (compared.recording, compared.recording.file());
        let check = |comparison: &'a Comparison| ComparedCheck {
            check: &comparison.check,
            recorded: comparison.recorded.kind(),
            now: comparison.now.kind(),
            repetition: comparison.repetition.as_str(),
            recorded_explanation: comparison.recorded.why(),
            explanation: comparison.now.why(),
            evidence: compared.evidence(comparison),
        };
        Self {
            file: path.display().to_string(),
            case: recording.case(),
            adapter: &file.adapter.name,
            implementation: recording.run().implementation.as_ref(),
            harness: &file.harness,
            recorded: &file.recorded,
            notes: compared.notes,
            checks: compared.comparisons.iter().map(check).collect(),
        }
    }
}

/// A recording in the form of results, as they were when it was made.
pub(super) fn results(recording: &Recording, replayer: &str) -> Results {
    let (case, file, world) = (recording.case(), recording.file(), &recording.run().world);
    let header = Header {
        format: ResultsVersion::CURRENT,
        harness: file.harness.clone(),
        catalogue: None,
        adapter: file.adapter.name.clone(),
        implementation: recording.run().implementation.clone(),
        platform: world.platform_label(),
        caveat: world.emulator.map(|emulator| emulator.caveat().into()),
        provider: file.options.provider.clone(),
        broker: file.options.broker.clone(),
        selection: Selection {
            select: vec![case.id.to_string()],
            checks: case.checks.len(),
            ..Selection::default()
        },
        seed: file.options.seed,
        baseline: None,
        without_observers: file.options.without_observers.clone(),
        started: file.recorded.clone(),
    };
    let result = |recorded: &crate::record::RecordedOutcome| {
        let check = case.check(&recorded.check)?;
        let outcome = &recorded.outcome;
        Some(CheckResult {
            check: check.id.clone(),
            case: case.id.clone(),
            rev: case.rev,
            level: check.requirement.level,
            severity: case.severity,
            sentence: check.sentence.clone(),
            outcome: outcome.kind(),
            explanation: outcome.why(),
            evidence: cited(outcome, recording.run(), recording.twin()),
            verdict: Verdict::of(outcome.kind(), false),
            baseline: None,
            advice: None,
            elapsed_ms: 0,
            reproducer: replayer.to_owned(),
            replayer: None,
        })
    };
    let checks: Vec<_> = recording.outcomes().iter().filter_map(result).collect();
    let footer = Footer { tally: Tally::of(&checks), exit_code: 0, complete: true, timing: None };
    Results { header, checks, footer }
}

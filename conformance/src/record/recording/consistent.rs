//! A recording that was found to be consistent.

use super::{
    Contradiction, MachinePaths, RecordedAdapter, RecordedCase, RecordedObservations, RecordedOptions,
    RecordedOutcome, RecordingFile, RecordingVersion, contradiction,
};
use crate::{
    case::{Case, CaseFile, CheckId},
    judge::{Outcome, OutcomeKind, judge_case},
    observation::Observation,
    record::Timestamp,
};

/// A case as it was played, with the observations and the outcomes.
///
/// Every id in it leads to evidence, every check has one outcome, and the case is one that a catalogue could hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    case: Case,
    file: RecordingFile,
}

impl Recording {
    /// Records what was just seen of a case and its twin.
    ///
    /// # Errors
    ///
    /// [`Altered`] if taking the machine's folders out of the evidence changed what is decided of it.
    pub fn of(
        adapter: RecordedAdapter,
        options: RecordedOptions,
        case: &Case,
        (run, twin): (&Observation, &Observation),
        machine: &MachinePaths,
    ) -> Result<Self, Altered> {
        let file = RecordingFile {
            recording: RecordingVersion::CURRENT,
            harness: env!("CARGO_PKG_VERSION").into(),
            recorded: Timestamp::now(),
            adapter,
            options,
            case: RecordedCase { id: case.id.clone(), definition: CaseFile::from(case) },
            observations: RecordedObservations {
                case: machine.taken_out_of(run),
                twin: (!case.is_own_twin()).then(|| machine.taken_out_of(twin)),
            },
            outcomes: Vec::new(),
        };
        let mut recording = Self { case: case.clone(), file };
        let outcomes = recording.judge();
        let live = judge_case(case, run, twin);
        let altered = outcomes.iter().zip(&live).find(|((_, one), (_, other))| one.kind() != other.kind());
        if let Some(((check, recorded), (_, live))) = altered {
            return Err(Altered { check: check.clone(), live: live.kind(), recorded: recorded.kind() });
        }
        let outcomes = outcomes.into_iter().map(|(check, outcome)| RecordedOutcome { check, outcome });
        recording.file.outcomes = outcomes.collect();
        Ok(recording)
    }

    /// The recording in a file whose case was loaded.
    ///
    /// # Errors
    ///
    /// The first [`Contradiction`].
    pub(super) fn checked(case: Case, file: RecordingFile) -> Result<Self, Contradiction> {
        contradiction::check(&case, &file)?;
        Ok(Self { case, file })
    }

    /// What the file holds.
    pub fn file(&self) -> &RecordingFile {
        &self.file
    }

    /// The file as JSON with a line end.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string(&self.file).expect("a recording is plain data");
        text.push('\n');
        text
    }

    /// The case as it was.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// What was seen of the case.
    pub fn run(&self) -> &Observation {
        &self.file.observations.case
    }

    /// What was seen of its twin, which may be the case itself.
    pub fn twin(&self) -> &Observation {
        self.file.observations.twin.as_ref().unwrap_or(&self.file.observations.case)
    }

    /// What was decided then.
    pub fn outcomes(&self) -> &[RecordedOutcome] {
        &self.file.outcomes
    }

    /// What this build decides of the same observations, for each check of the case.
    pub fn judge(&self) -> Vec<(CheckId, Outcome)> {
        judge_case(&self.case, self.run(), self.twin())
    }
}

/// What is to be recorded would be judged otherwise than what was seen.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{check} cannot be recorded: it came out as {live}, and as {recorded} without the folders of this machine; \
     this is a defect of sealcheck, please report it"
)]
pub struct Altered {
    /// The check.
    pub check: CheckId,
    /// What came of it.
    pub live: OutcomeKind,
    /// What came of it in the recording.
    pub recorded: OutcomeKind,
}

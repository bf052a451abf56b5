//! The shape of a recording's file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    canary::Seed,
    case::{CaseFile, CaseId, CheckId},
    judge::Outcome,
    observation::{Observation, Observer},
    record::Timestamp,
};

/// The version of the shape of a recording: bump it when a reader of the old shape would misread the new one.
///
/// A new optional member does not bump it. Observations have a version of their own, and so has what they mean.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct RecordingVersion(pub u32);

impl RecordingVersion {
    /// The version that this harness writes and reads.
    pub const CURRENT: Self = Self(1);
}

/// What the file of a recording holds.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct RecordingFile {
    /// The version of this shape.
    pub recording: RecordingVersion,
    /// The version of the harness that recorded.
    pub harness: String,
    /// When the case was played.
    pub recorded: Timestamp,
    /// The adapter that played.
    pub adapter: RecordedAdapter,
    /// How it was played.
    pub options: RecordedOptions,
    /// The case as it was.
    pub case: RecordedCase,
    /// What was seen.
    pub observations: RecordedObservations,
    /// What was decided, one for each check of the case.
    pub outcomes: Vec<RecordedOutcome>,
}

/// Which adapter played. What it says of itself is in the observations.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedAdapter {
    /// Its name, as its manifest has it.
    pub name: String,
    /// Where it came from.
    pub source: AdapterSource,
    /// A short digest of its files; absent for the one that is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
}

/// Where an adapter comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterSource {
    /// It is a part of the harness.
    BuiltIn,
    /// Its files are in the harness and are set up by it.
    Embedded,
    /// A folder of the user's.
    Folder,
}

/// What decides an outcome beside case and adapter, in the words of the command line.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOptions {
    /// Who played the keyring, such as `scripted`.
    pub provider: String,
    /// The broker, such as `busd`.
    pub broker: String,
    /// Observers that were disabled on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_observers: Vec<Observer>,
    /// What decided every canary, so that it is played with the same ones again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
}

/// The case as it was played and judged.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCase {
    /// Its id.
    pub id: CaseId,
    /// What its file held.
    pub definition: CaseFile,
}

/// What was seen of the case and of its twin.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedObservations {
    /// The case.
    pub case: Observation,
    /// Its twin; absent where the case is its own twin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Observation>,
}

/// What came of one check.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOutcome {
    /// The check.
    pub check: CheckId,
    /// Its outcome, with the evidence that it rests on.
    pub outcome: Outcome,
}

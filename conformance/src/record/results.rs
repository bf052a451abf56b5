//! The lines of a results file.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conformance, OutcomeKind, Tally, Timestamp, Verdict};
use crate::{
    canary::Seed,
    case::{CaseId, CheckId, RequirementLevel, Severity, Shard},
    observation::{EvidenceId, Observer, Role},
    protocol::Identity,
};

/// The version of the shape of a results file: bump it when a reader of the old shape would misread the new one.
///
/// A new optional member does not bump it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ResultsVersion(pub u32);

impl ResultsVersion {
    /// The version that this harness writes and reads.
    pub const CURRENT: Self = Self(1);
}

/// One line of the file.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Header(Box<Header>),
    /// One check's result.
    Result(Box<CheckResult>),
    /// The last line. Without it the file was cut off.
    Footer(Footer),
}

/// What was run, in which world.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Header {
    /// The version of the file's shape.
    pub format: ResultsVersion,
    /// The version of the harness.
    pub harness: String,
    /// The digest of the catalogue that was built in; absent where a recording was made into results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
    /// The adapter, by the name that `--adapter` takes.
    pub adapter: String,
    /// The implementation under test; absent if no session got as far as `hello`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementation: Option<Identity>,
    /// The platform as a label, such as `linux` or `windows (wine)`.
    pub platform: String,
    /// What results on this platform do not show, if it only stands in for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caveat: Option<String>,
    /// Who played the keyring, such as `scripted`.
    pub provider: String,
    /// The broker, such as `busd`.
    pub broker: String,
    /// What was chosen to run.
    pub selection: Selection,
    /// What decided the order of the cases and every canary; absent where results of several seeds were merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// The baseline that outcomes are compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineUse>,
    /// Observers that were disabled on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_observers: Vec<Observer>,
    /// When the run began.
    pub started: Timestamp,
}

/// What was chosen to run.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Selection {
    /// Patterns of what to run; none means everything.
    #[serde(default)]
    pub select: Vec<String>,
    /// Patterns of what to leave out.
    #[serde(default)]
    pub skip: Vec<String>,
    /// The frozen requirement set, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<RequirementSet>,
    /// How many checks that is, those of other shards included.
    #[serde(default)]
    pub checks: usize,
    /// The part of it that was run, where it was spread over several runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// A frozen requirement set with every check in it, so that a file proves its own completeness.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct RequirementSet {
    /// Its name, such as `2026.1`.
    pub name: String,
    /// Its checks.
    pub checks: BTreeSet<CheckId>,
}

/// The baseline of a run.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct BaselineUse {
    /// Where it came from: a path, or the adapter's own.
    pub source: String,
    /// How many entries it has.
    pub entries: usize,
    /// Entries that match nothing in the catalogue; one is enough to fail the run.
    #[serde(default)]
    pub unmatched: Vec<String>,
}

/// What became of one check.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct CheckResult {
    /// The check.
    pub check: CheckId,
    /// Its case.
    pub case: CaseId,
    /// The revision of the case.
    pub rev: u32,
    /// How binding the requirement is.
    pub level: RequirementLevel,
    /// How bad a failure is.
    pub severity: Severity,
    /// The sentence that was judged.
    pub sentence: String,
    /// The outcome.
    pub outcome: OutcomeKind,
    /// Why the outcome is what it is, in one or a few sentences.
    pub explanation: String,
    /// The evidence that the outcome rests on.
    #[serde(default)]
    pub evidence: Vec<EvidenceLine>,
    /// The outcome after comparison with the baseline.
    pub verdict: Verdict,
    /// The baseline's entry, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineNote>,
    /// Why it matters and how to mend it; with failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
    /// How long the case and its twin took, in milliseconds; the same for every check of a case.
    pub elapsed_ms: u64,
    /// The command that repeats exactly this.
    pub reproducer: String,
    /// The command that plays the recording of exactly this run of the case again; where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayer: Option<String>,
}

/// One piece of evidence, readable without the observation.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct EvidenceLine {
    /// Its number within its run.
    pub id: EvidenceId,
    /// Which run: the case or its twin.
    pub run: Role,
    /// What it says, in one line.
    pub summary: String,
}

/// What the baseline says of a check.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct BaselineNote {
    /// Why the failure is known and left alone.
    pub reason: String,
    /// Where that is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Why a failure matters and what to change.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Advice {
    /// Why anybody should care.
    pub why: String,
    /// What to change in the implementation.
    pub fix: String,
}

/// The last line: what the lines before it must add up to.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Footer {
    /// How many results of each kind there are.
    pub tally: Tally,
    /// The exit code of the run.
    pub exit_code: u8,
    /// Always true: the run got to its end.
    pub complete: bool,
    /// How long it took; absent where several runs were merged, which did not take place together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// How long a run took, and how much of that the sessions of its adapter lived.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Timing {
    /// From before the first world to after the last one, in milliseconds.
    pub wall_ms: u64,
    /// How many worlds there were at a time.
    pub jobs: usize,
    /// How many sessions the adapter had, in cases and twins.
    pub sessions: usize,
    /// How long they lived, added up, in milliseconds.
    pub lived_ms: u64,
}

impl Timing {
    /// What a session cost beside its own life: wall time times jobs over the summed life, 1 being nothing.
    ///
    /// `None` if no session lived.
    pub fn overhead(&self) -> Option<f64> {
        let spent = self.wall_ms as f64 * self.jobs as f64;
        (self.lived_ms > 0).then(|| spent / self.lived_ms as f64)
    }
}

/// A whole results file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Results {
    /// The first line.
    pub header: Header,
    /// The lines between, in the order of the file.
    pub checks: Vec<CheckResult>,
    /// The last line.
    pub footer: Footer,
}

impl Results {
    /// The result of a check.
    pub fn check(&self, id: &CheckId) -> Option<&CheckResult> {
        self.checks.iter().find(|result| result.check == *id)
    }

    /// What may be said of the requirement set, if one was asked for.
    pub fn conformance(&self) -> Conformance {
        Conformance::of(&self.header, &self.checks)
    }
}

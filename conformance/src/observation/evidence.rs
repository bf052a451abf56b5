//! One recorded fact, with an id.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fact, Observer};

/// The number of a piece of evidence within its observation; shown as `E17`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct EvidenceId(pub u32);

impl EvidenceId {
    /// The position of the evidence in its observation.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for EvidenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E{}", self.0)
    }
}

/// Nanoseconds since the world began, by one monotonic clock for every observer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Instant(pub u64);

/// The number of a session within its script, from 0; texts count from 1.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct SessionIndex(pub usize);

impl fmt::Display for SessionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.0.saturating_add(1))
    }
}

/// One fact, when it was seen, by whom, during which session.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Evidence {
    /// Its number.
    pub id: EvidenceId,
    /// When it was seen.
    pub at: Instant,
    /// The session; `None` for what belongs to the world: the beacon, conditions, the scans at the end.
    pub session: Option<SessionIndex>,
    /// Who saw it.
    pub observer: Observer,
    /// What it says.
    pub fact: Fact,
}

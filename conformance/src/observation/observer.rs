//! The witnesses outside the implementation.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A witness outside the implementation under test.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Observer {
    /// The harness itself: replies of the adapter, how sessions ended, what was issued.
    Harness,
    /// The file tree before, between and after the sessions, with the contents of every file.
    Files,
    /// Creating, writing, renaming, linking, truncating, unlinking and connecting system calls.
    SystemCalls,
    /// Arguments and environment of every process at its start.
    Processes,
    /// Standard output and standard error.
    Output,
    /// The bytes and calls that cross the bus.
    Bus,
    /// The contents of the keyring.
    Keyring,
    /// Requests to the token authority.
    Network,
    /// A second home and keyring to which all files were carried.
    Relocation,
}

impl Observer {
    /// All observers that can be disabled, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Files,
        Self::SystemCalls,
        Self::Processes,
        Self::Output,
        Self::Bus,
        Self::Keyring,
        Self::Network,
        Self::Relocation,
    ];

    /// The word in options and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Harness => "harness",
            Self::Files => "files",
            Self::SystemCalls => "system_calls",
            Self::Processes => "processes",
            Self::Output => "output",
            Self::Bus => "bus",
            Self::Keyring => "keyring",
            Self::Network => "network",
            Self::Relocation => "relocation",
        }
    }
}

impl fmt::Display for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an observer ended. Absence is evidence only from one that is [`ObserverState::Complete`].
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ObserverState {
    /// It watched from the first to the last session, and it saw its own liveness canary in this run.
    Complete {
        /// The evidence of the liveness canary.
        liveness: super::EvidenceId,
    },
    /// It watched and lost something.
    Lost {
        /// What.
        reason: String,
    },
    /// It could not watch.
    Unavailable {
        /// Why.
        reason: String,
    },
}

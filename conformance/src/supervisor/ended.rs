//! How a session ends, and why it is made to.

use crate::observation::SessionEnd;

/// Why a session is killed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kill {
    /// The script says so.
    Script,
    /// The harness gives up on it.
    Harness {
        /// Why.
        reason: String,
    },
}

/// How a session ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// How its first process ended.
    pub end: SessionEnd,
    /// CapEff of its first process, hexadecimal; `None` if it never ran.
    pub effective_capabilities: Option<String>,
    /// The programs of what still ran when the first process had ended, in order; they were killed then.
    pub left_running: Vec<String>,
    /// Whether the witness saw everything; else what it lost.
    pub witness: Result<(), String>,
}

//! What was found, point by point.

use super::Point;
use crate::{judge::Exit, protocol::Identity};

/// The result of one examination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkup {
    /// The adapter's name.
    pub adapter: String,
    /// What it says that it drives.
    pub implementation: Option<Identity>,
    /// Every point, in order, with what was found.
    pub findings: Vec<(Point, Finding)>,
    /// Whether the adapter said, with exit 89, that it cannot run on this machine; then no point was looked at.
    pub cannot_run_here: bool,
}

/// What was found about one point.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    /// It is kept.
    Kept,
    /// It is not.
    Broken {
        /// What was sent or done.
        sent: String,
        /// What came back or was seen.
        came: String,
    },
    /// It could not be looked at.
    Unchecked {
        /// Why.
        reason: String,
    },
}

impl Checkup {
    /// How many points are kept, broken and not checked.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Finding) -> bool| {
            self.findings.iter().filter(|(_, finding)| wanted(finding)).count()
        };
        (
            count(|finding| matches!(finding, Finding::Kept)),
            count(|finding| matches!(finding, Finding::Broken { .. })),
            count(|finding| matches!(finding, Finding::Unchecked { .. })),
        )
    }

    /// How the program exits.
    pub fn exit(&self) -> Exit {
        match self.counts() {
            _ if self.cannot_run_here => Exit::NothingRan,
            (_, 1.., _) => Exit::AdapterError,
            // An adapter that keeps to nothing that could be looked at has shown nothing.
            (0, 0, _) => Exit::NothingRan,
            (1.., 0, _) => Exit::Success,
        }
    }
}

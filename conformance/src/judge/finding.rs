//! What a predicate found, before condition, twin and trouble were asked.

use super::{Inconclusive, Witness};

/// What a predicate found in an observation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Finding {
    /// What is asserted was witnessed.
    Met(Witness),
    /// Something that must not be was seen. It stands whatever went wrong around it.
    Violated(Witness),
    /// Something that must be is missing. It counts only where nothing went wrong before.
    Unmet(Witness),
    /// Neither.
    Undecided(Inconclusive),
    /// The script asks for something that the observation has no record of.
    Unrecorded(String),
}

impl From<Inconclusive> for Finding {
    fn from(reason: Inconclusive) -> Self {
        Self::Undecided(reason)
    }
}

impl Finding {
    /// The finding of a computation in which everything but a pass or a failure is an early return.
    pub(super) fn of(result: Result<Self, Self>) -> Self {
        match result {
            Ok(finding) | Err(finding) => finding,
        }
    }
}

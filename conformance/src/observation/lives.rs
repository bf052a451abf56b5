//! How long the sessions of an adapter lived.

use std::{ops::AddAssign, time::Duration};

use super::{Fact, Instant, Observation, SessionIndex};

/// How many sessions there were, and how long they lived, added up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lives {
    /// How many.
    pub sessions: usize,
    /// How long; sessions that overlap count each for itself.
    pub lived: Duration,
}

impl Lives {
    /// The sessions of an observation, each from its start to the end of its last process.
    pub fn of(observation: &Observation) -> Self {
        let mut began: Vec<(SessionIndex, Instant)> = Vec::new();
        let mut lives = Self::default();
        for evidence in &observation.evidence {
            let Some(session) = evidence.session else { continue };
            if matches!(evidence.fact, Fact::SessionStarted {}) {
                began.push((session, evidence.at));
            } else if matches!(evidence.fact, Fact::SessionEnded { .. })
                && let Some(at) = began.iter().position(|(started, _)| *started == session)
            {
                let (_, started) = began.swap_remove(at);
                let lived = Duration::from_nanos(evidence.at.0.saturating_sub(started.0));
                lives += Self { sessions: 1, lived };
            }
        }
        lives
    }
}

impl AddAssign for Lives {
    fn add_assign(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.lived += other.lived;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        case::Platform,
        observation::{Evidence, EvidenceId, ObservationVersion, Observer, Role, SessionEnd, WorldFacts},
    };

    #[test]
    fn sessions_that_overlap_count_each_and_one_that_never_ended_counts_nothing() {
        let seen = [began(0, 10), began(1, 20), began(2, 30), ended(0, 110), ended(1, 70), ended(3, 500)];
        let lives = Lives::of(&observation(seen.into()));
        assert_eq!(lives, Lives { sessions: 2, lived: Duration::from_nanos(100 + 50) });
    }

    fn began(session: usize, at: u64) -> (usize, u64, Fact) {
        (session, at, Fact::SessionStarted {})
    }

    fn ended(session: usize, at: u64) -> (usize, u64, Fact) {
        let how = SessionEnd::Exited { code: 0 };
        (session, at, Fact::SessionEnded { how, effective_capabilities: None })
    }

    fn observation(seen: Vec<(usize, u64, Fact)>) -> Observation {
        let evidence = (0..).zip(seen).map(|(id, (session, at, fact))| Evidence {
            id: EvidenceId(id),
            at: Instant(at),
            session: Some(SessionIndex(session)),
            observer: Observer::Harness,
            fact,
        });
        Observation {
            format: ObservationVersion::CURRENT,
            case: "naming/default-name".parse().expect("an id"),
            rev: 1,
            role: Role::Case,
            world: WorldFacts {
                platform: Platform::CURRENT,
                emulator: None,
                provider: "none".into(),
                broker: "none".into(),
                uid: Some(0),
                umask: Some(0),
                home: String::new(),
                root: String::new(),
            },
            implementation: None,
            adapter: None,
            statement: None,
            observers: BTreeMap::new(),
            evidence: evidence.collect(),
        }
    }
}

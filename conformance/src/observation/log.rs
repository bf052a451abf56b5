//! Numbers evidence while a world lives.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Evidence, EvidenceId, Fact, Instant, Observer, SessionIndex};

/// The one clock of a world: CLOCK_MONOTONIC, from the world's beginning, the same in every process.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: u64,
}

impl Clock {
    /// A clock that begins now.
    pub fn start() -> Self {
        Self { began: monotonic() }
    }

    /// A clock that began at a reading of CLOCK_MONOTONIC, for another process of the same world.
    pub fn since(began: u64) -> Self {
        Self { began }
    }

    /// The reading at which this clock began.
    pub fn began(&self) -> u64 {
        self.began
    }

    /// Now.
    pub fn now(&self) -> Instant {
        Instant(monotonic().saturating_sub(self.began))
    }
}

fn monotonic() -> u64 {
    #[cfg(unix)]
    {
        let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)
            .expect("every Unix has a monotonic clock");
        u64::try_from(time.tv_sec()).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec()).unwrap_or(0)
    }
    #[cfg(not(unix))]
    {
        static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        u64::try_from(BEGAN.get_or_init(std::time::Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Takes facts from every observer of a world, in the order in which they arrive, and numbers them.
///
/// Cloning gives another handle on the same log. Observers that are disabled record nothing in it, whoever runs them.
#[derive(Clone, Debug)]
pub struct EvidenceLog {
    clock: Clock,
    disabled: Arc<BTreeSet<Observer>>,
    entries: Arc<Mutex<Vec<Evidence>>>,
}

impl EvidenceLog {
    /// An empty log on a clock.
    pub fn new(clock: Clock) -> Self {
        Self::without(clock, [])
    }

    /// An empty log on a clock that takes nothing from these observers.
    pub fn without(clock: Clock, disabled: impl IntoIterator<Item = Observer>) -> Self {
        Self { clock, disabled: Arc::new(disabled.into_iter().collect()), entries: Arc::default() }
    }

    /// The clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Records a fact that is seen now; `None` if its observer is disabled.
    pub fn record(
        &self,
        observer: Observer,
        session: Option<SessionIndex>,
        fact: Fact,
    ) -> Option<EvidenceId> {
        self.record_at(self.clock.now(), observer, session, fact)
    }

    /// Records a fact that was seen at a time; `None` if its observer is disabled.
    pub fn record_at(
        &self,
        at: Instant,
        observer: Observer,
        session: Option<SessionIndex>,
        fact: Fact,
    ) -> Option<EvidenceId> {
        if self.disabled.contains(&observer) {
            return None;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let id = EvidenceId(u32::try_from(entries.len()).expect("a world has fewer than 2^32 facts"));
        entries.push(Evidence { id, at, session, observer, fact });
        Some(id)
    }

    /// Everything that was recorded so far.
    pub fn entries(&self) -> Vec<Evidence> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::SightingPlace;

    #[test]
    fn a_disabled_observer_records_nothing_and_leaves_no_gap_in_the_numbers() {
        let log = EvidenceLog::without(Clock::start(), [Observer::Bus]);
        let place = SightingPlace::StandardOutput { offset: 0 };
        let fact = |observer| Fact::LivenessSeen { observer, place: place.clone() };
        assert_eq!(log.record(Observer::Files, None, fact(Observer::Files)), Some(EvidenceId(0)));
        assert_eq!(log.clone().record(Observer::Bus, None, fact(Observer::Bus)), None);
        assert_eq!(log.record(Observer::Output, None, fact(Observer::Output)), Some(EvidenceId(1)));
        let observers: Vec<Observer> = log.entries().iter().map(|entry| entry.observer).collect();
        assert_eq!(observers, [Observer::Files, Observer::Output]);
    }
}

//! How each observer ended.

use std::collections::BTreeMap;

use crate::observation::{Evidence, EvidenceId, EvidenceLog, Fact, Observer, ObserverState, SessionIndex};

/// What an observer missed; from then on its silence says nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the observer {observer} lost something: {reason}")]
pub struct Lost {
    /// The observer.
    pub observer: Observer,
    /// What was lost and why, in one line, without canaries.
    pub reason: String,
}

/// Collects what observers lose while a world lives, and says at its end how each of them ended.
#[derive(Clone, Debug, Default)]
pub struct ObserverStates {
    lost: BTreeMap<Observer, String>,
    unavailable: BTreeMap<Observer, String>,
}

impl ObserverStates {
    /// Nothing lost yet, and these observers disabled.
    pub fn new(disabled: impl IntoIterator<Item = Observer>) -> Self {
        let unavailable = disabled.into_iter().map(|observer| (observer, DISABLED.into())).collect();
        Self { lost: BTreeMap::new(), unavailable }
    }

    /// Whether an observer was disabled or could not be started.
    pub fn is_unavailable(&self, observer: Observer) -> bool {
        self.unavailable.contains_key(&observer)
    }

    /// Notes a loss. The first one of an observer is kept: what follows it is often its consequence.
    pub fn lose(&mut self, lost: Lost) {
        self.lost.entry(lost.observer).or_insert(lost.reason);
    }

    /// Notes the loss in a result, if it is one.
    pub fn note(&mut self, result: Result<(), Lost>) {
        if let Err(lost) = result {
            self.lose(lost);
        }
    }

    /// Notes a session of which not even the start was seen: whoever watches its calls did not watch it at all.
    ///
    /// Every session begins with the start of a program, so this is a sign of life in each of them.
    pub fn note_start(&mut self, session: SessionIndex, evidence: &[Evidence]) {
        let started = |evidence: &Evidence| {
            evidence.session == Some(session) && matches!(evidence.fact, Fact::ProcessStarted(_))
        };
        if self.is_unavailable(Observer::Processes) || evidence.iter().any(started) {
            return;
        }
        for observer in [Observer::SystemCalls, Observer::Processes] {
            self.lose(Lost { observer, reason: format!("the start of {session} was not seen") });
        }
    }

    /// Notes that an observer cannot watch in this world.
    pub fn withdraw(&mut self, observer: Observer, reason: impl Into<String>) {
        self.unavailable.entry(observer).or_insert_with(|| reason.into());
    }

    /// How each observer ended.
    ///
    /// - Disabled or withdrawn: [`ObserverState::Unavailable`], whatever else is known.
    /// - Something lost: [`ObserverState::Lost`].
    /// - Its own leak seen by itself in this log: [`ObserverState::Complete`].
    /// - Else [`ObserverState::Unavailable`]: one that missed what was planted for it may have missed anything.
    ///
    /// The harness itself cannot be disabled and nothing is planted for it; it is mentioned only if it lost something.
    pub fn conclude(&self, log: &EvidenceLog) -> BTreeMap<Observer, ObserverState> {
        let evidence = log.entries();
        let harness = self.lost.contains_key(&Observer::Harness).then_some(Observer::Harness);
        let observers = Observer::ALL.into_iter().chain(harness);
        observers.map(|observer| (observer, self.state(observer, &evidence))).collect()
    }

    fn state(&self, observer: Observer, evidence: &[Evidence]) -> ObserverState {
        if let Some(reason) = self.unavailable.get(&observer) {
            return ObserverState::Unavailable { reason: reason.clone() };
        }
        if let Some(reason) = self.lost.get(&observer) {
            return ObserverState::Lost { reason: reason.clone() };
        }
        match liveness(observer, evidence) {
            Some(liveness) => ObserverState::Complete { liveness },
            None => ObserverState::Unavailable { reason: BLIND.into() },
        }
    }
}

/// The first sighting of an observer's leak by the observer itself.
fn liveness(observer: Observer, evidence: &[Evidence]) -> Option<EvidenceId> {
    let mut own = evidence.iter().filter(|evidence| evidence.observer == observer);
    let saw = |fact: &Fact| matches!(fact, Fact::LivenessSeen { observer: whose, .. } if *whose == observer);
    own.find(|evidence| saw(&evidence.fact)).map(|evidence| evidence.id)
}

const DISABLED: &str = "disabled by --without-observer";
const BLIND: &str = "it did not see the leak that was planted for it";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Clock, ProcessStart, SightingPlace};

    fn see(log: &EvidenceLog, seen_by: Observer, planted_for: Observer) -> EvidenceId {
        let place = SightingPlace::StandardOutput { offset: 0 };
        log.record(seen_by, None, Fact::LivenessSeen { observer: planted_for, place })
            .expect("no observer of the log is disabled")
    }

    fn lost(reason: &str) -> Lost {
        Lost { observer: Observer::Files, reason: reason.into() }
    }

    fn unavailable(reason: &str) -> ObserverState {
        ObserverState::Unavailable { reason: reason.into() }
    }

    #[test]
    fn an_observer_that_saw_its_leak_and_lost_nothing_is_complete() {
        let log = EvidenceLog::new(Clock::start());
        see(&log, Observer::Output, Observer::Output);
        let liveness = see(&log, Observer::Files, Observer::Files);
        see(&log, Observer::Files, Observer::Files);
        let states = ObserverStates::default().conclude(&log);
        assert_eq!(states[&Observer::Files], ObserverState::Complete { liveness });
    }

    #[test]
    fn an_observer_that_did_not_see_its_leak_is_unavailable() {
        let log = EvidenceLog::new(Clock::start());
        let states = ObserverStates::default().conclude(&log);
        assert_eq!(states.len(), Observer::ALL.len());
        assert!(states.values().all(|state| *state == unavailable(BLIND)));
    }

    #[test]
    fn a_leak_that_another_observer_saw_does_not_count() {
        let log = EvidenceLog::new(Clock::start());
        see(&log, Observer::SystemCalls, Observer::Files);
        assert_eq!(ObserverStates::default().conclude(&log)[&Observer::Files], unavailable(BLIND));
    }

    #[test]
    fn the_first_loss_is_the_reason() {
        let log = EvidenceLog::new(Clock::start());
        see(&log, Observer::Files, Observer::Files);
        let mut states = ObserverStates::default();
        states.note(Ok(()));
        states.note(Err(lost("first")));
        states.lose(lost("second"));
        assert_eq!(states.conclude(&log)[&Observer::Files], ObserverState::Lost { reason: "first".into() });
    }

    #[test]
    fn a_session_whose_start_was_not_seen_was_not_watched() {
        let log = EvidenceLog::new(Clock::start());
        for observer in [Observer::SystemCalls, Observer::Processes] {
            see(&log, observer, observer);
        }
        let start = ProcessStart {
            pid: 7,
            program: "/bin/true".into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        };
        log.record(Observer::Processes, Some(SessionIndex(0)), Fact::ProcessStarted(start));
        let states = |session| {
            let mut states = ObserverStates::default();
            states.note_start(SessionIndex(session), &log.entries());
            states.conclude(&log)
        };
        for observer in [Observer::SystemCalls, Observer::Processes] {
            assert!(matches!(states(0)[&observer], ObserverState::Complete { .. }));
            assert!(matches!(states(1)[&observer], ObserverState::Lost { .. }));
        }
    }

    #[test]
    fn a_disabled_observer_is_unavailable_whatever_it_saw() {
        let log = EvidenceLog::new(Clock::start());
        see(&log, Observer::Files, Observer::Files);
        let mut states = ObserverStates::new([Observer::Files]);
        states.withdraw(Observer::Files, "later");
        assert!(states.is_unavailable(Observer::Files));
        assert_eq!(states.conclude(&log)[&Observer::Files], unavailable(DISABLED));
    }
}

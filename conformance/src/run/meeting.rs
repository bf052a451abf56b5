//! Holds sessions that overlap at their rendezvous, until the others have passed.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    case::{BusClass, CallClass, Meeting, Once, Point, Rendezvous, StepLabel},
    observation::{EvidenceLog, Fact, Observer, SessionIndex},
    supervisor::{CallGate, CallPoint},
};

/// The rendezvous of a case while its sessions run.
///
/// Whoever sees a session arrive at a point says so with [`Meetings::before`], which returns when the session may go
/// on, and with [`Meetings::after`] once it has passed. Nobody is held for longer than its [`Patience`].
#[derive(Debug)]
pub(super) struct Meetings {
    rendezvous: Vec<Rendezvous>,
    log: EvidenceLog,
    patience: Patience,
    state: Mutex<Vec<Other>>,
    changed: Condvar,
}

/// Something that a session arrives at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reached<'a> {
    /// The n-th call of a class to the Secret Service.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no bus on Windows, and so no call"))]
    Bus(BusClass, u32),
    /// The n-th system call of a class.
    SystemCall(CallClass, u32),
    /// A step with a label.
    Step(&'a StepLabel),
    /// The end of the session.
    End,
}

/// How far the session is for which another one is held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Other {
    /// It may still come.
    Expected,
    /// It has come.
    Came,
    /// It ended without having come.
    Gone,
}

impl Meetings {
    /// The rendezvous of a case, none of them met.
    pub(super) fn new(rendezvous: &[Rendezvous], log: &EvidenceLog) -> Self {
        Self {
            rendezvous: rendezvous.to_vec(),
            log: log.clone(),
            patience: PATIENCE,
            state: Mutex::new(vec![Other::Expected; rendezvous.len()]),
            changed: Condvar::new(),
        }
    }

    /// The points of a session at which it is held or others wait for it.
    fn points(&self, session: SessionIndex) -> impl Iterator<Item = &Point> {
        let meetings = self.rendezvous.iter().flat_map(|rendezvous| [&rendezvous.hold, &rendezvous.until]);
        meetings.filter(move |meeting| meeting.session == session.0).map(|meeting| &meeting.at)
    }

    /// Those of them that are system calls.
    pub(super) fn call_points(&self, session: SessionIndex) -> impl Iterator<Item = CallPoint> {
        self.points(session).filter_map(|point| match point {
            Point::SystemCall { call, nth } => Some(CallPoint { call: *call, nth: *nth }),
            Point::Bus { .. } | Point::Step { .. } | Point::End {} => None,
        })
    }

    /// What the supervisor of a session asks at its points.
    pub(super) fn gate(meetings: &Arc<Self>, session: SessionIndex) -> Arc<dyn CallGate> {
        Arc::new(AtCalls { meetings: meetings.clone(), session })
    }

    /// A session is about to do something: returns when it may.
    pub(super) fn before(&self, session: SessionIndex, reached: Reached<'_>) {
        self.come(session, reached, Once::Reached);
        for (number, rendezvous) in self.rendezvous.iter().enumerate() {
            if is_at(&rendezvous.hold, session, reached) {
                self.hold(number, session);
            }
        }
    }

    /// A session has done something.
    pub(super) fn after(&self, session: SessionIndex, reached: Reached<'_>) {
        self.come(session, reached, Once::Passed);
    }

    /// A session ended: whoever waits for what it did not do waits no longer.
    pub(super) fn ended(&self, session: SessionIndex) {
        self.come(session, Reached::End, Once::Reached);
        self.come(session, Reached::End, Once::Passed);
        self.advance(|rendezvous| (rendezvous.until.session == session.0).then_some(Other::Gone));
    }

    fn come(&self, session: SessionIndex, reached: Reached<'_>, once: Once) {
        self.advance(|rendezvous| {
            let comes = rendezvous.once == once && is_at(&rendezvous.until, session, reached);
            comes.then_some(Other::Came)
        });
    }

    /// Says how far others are; what was said first of a rendezvous counts.
    fn advance(&self, how_far: impl Fn(&Rendezvous) -> Option<Other>) {
        let mut state = self.state();
        for (rendezvous, other) in self.rendezvous.iter().zip(state.iter_mut()) {
            if *other == Other::Expected
                && let Some(now) = how_far(rendezvous)
            {
                *other = now;
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    fn hold(&self, number: usize, session: SessionIndex) {
        let began = Instant::now();
        let state = self.state();
        let expected = |state: &mut Vec<Other>| state[number] == Other::Expected;
        let (state, _) = self
            .changed
            .wait_timeout_while(state, self.patience.at(&self.rendezvous[number].hold.at), expected)
            .unwrap_or_else(PoisonError::into_inner);
        let other = state[number];
        drop(state);
        match other {
            Other::Came => {
                let held_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                let fact = Fact::RendezvousMet { rendezvous: number, held_ms };
                self.log.record(Observer::Harness, Some(session), fact);
            }
            // Not met: the judge misses its proof.
            Other::Expected | Other::Gone => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, Vec<Other>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The meetings of a session at its system calls.
struct AtCalls {
    meetings: Arc<Meetings>,
    session: SessionIndex,
}

impl CallGate for AtCalls {
    fn before(&self, call: CallClass, nth: u32) {
        self.meetings.before(self.session, Reached::SystemCall(call, nth));
    }

    fn after(&self, call: CallClass, nth: u32) {
        self.meetings.after(self.session, Reached::SystemCall(call, nth));
    }
}

fn is_at(meeting: &Meeting, session: SessionIndex, reached: Reached<'_>) -> bool {
    let here = match (&meeting.at, reached) {
        (Point::Bus { call, nth }, Reached::Bus(class, count)) => *call == class && *nth == count,
        (Point::SystemCall { call, nth }, Reached::SystemCall(class, count)) => {
            *call == class && *nth == count
        }
        (Point::Step { step }, Reached::Step(label)) => step == label,
        (Point::End {}, Reached::End) => true,
        (Point::Bus { .. } | Point::SystemCall { .. } | Point::Step { .. } | Point::End {}, _) => false,
    };
    here && meeting.session == session.0
}

/// How long a session is held at most, before it goes on without having met anybody.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// At a call to the keyring.
    at_keyring: Duration,
    /// Everywhere else.
    elsewhere: Duration,
}

impl Patience {
    fn at(self, point: &Point) -> Duration {
        match point {
            Point::Bus { .. } => self.at_keyring,
            Point::SystemCall { .. } | Point::Step { .. } | Point::End {} => self.elsewhere,
        }
    }
}

const PATIENCE: Patience = Patience {
    // Shorter than the five seconds after which libraries give a call up: who was held for longer may fail by its own
    // deadline, and not by what it met.
    at_keyring: Duration::from_secs(4),
    // Longer than the five seconds that libraries wait for a lock, shorter than the ten that an operation may take.
    elsewhere: Duration::from_secs(8),
};

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::observation::Clock;

    const HELD: SessionIndex = SessionIndex(0);
    const OTHER: SessionIndex = SessionIndex(1);

    #[test]
    fn a_session_is_held_until_the_other_has_passed() {
        let (meetings, log) = meetings(Duration::from_secs(60));
        thread::scope(|scope| {
            let held = scope.spawn(|| meetings.before(HELD, Reached::Bus(BusClass::Search, 2)));
            // Neither another call nor the same call of the wrong session releases it.
            meetings.after(OTHER, Reached::Bus(BusClass::Delete, 2));
            meetings.after(HELD, Reached::Bus(BusClass::Delete, 1));
            assert_eq!(met(&log), Vec::<usize>::new());
            meetings.after(OTHER, Reached::Bus(BusClass::Delete, 1));
            held.join().expect("nobody panics");
        });
        assert_eq!(met(&log), [0]);
    }

    #[test]
    fn whoever_comes_after_the_other_passed_is_not_held_and_has_met_it() {
        let (meetings, log) = meetings(Duration::from_secs(60));
        meetings.after(OTHER, Reached::Bus(BusClass::Delete, 1));
        meetings.before(HELD, Reached::Bus(BusClass::Search, 2));
        assert_eq!(met(&log), [0]);
    }

    #[test]
    fn another_point_holds_nobody() {
        let (meetings, log) = meetings(Duration::from_secs(60));
        meetings.before(HELD, Reached::Bus(BusClass::Search, 1));
        meetings.before(HELD, Reached::Bus(BusClass::Any, 2));
        meetings.before(HELD, Reached::SystemCall(CallClass::Any, 2));
        meetings.before(OTHER, Reached::Bus(BusClass::Search, 2));
        meetings.before(HELD, Reached::Step(&StepLabel("write".into())));
        assert_eq!(met(&log), Vec::<usize>::new());
    }

    #[test]
    fn a_session_that_ends_without_passing_lets_the_held_one_go_unmet() {
        let (meetings, log) = meetings(Duration::from_secs(60));
        thread::scope(|scope| {
            let held = scope.spawn(|| meetings.before(HELD, Reached::Bus(BusClass::Search, 2)));
            meetings.ended(OTHER);
            held.join().expect("nobody panics");
        });
        assert_eq!(met(&log), Vec::<usize>::new());
    }

    #[test]
    fn nobody_is_held_for_longer_than_the_patience() {
        let (meetings, log) = meetings(Duration::from_millis(1));
        meetings.before(HELD, Reached::Bus(BusClass::Search, 2));
        assert_eq!(met(&log), Vec::<usize>::new());
    }

    #[test]
    fn the_end_of_a_session_can_be_waited_for() {
        let log = EvidenceLog::new(Clock::start());
        let until_end = Rendezvous {
            hold: Meeting { session: 0, at: Point::Step { step: StepLabel("write".into()) } },
            until: Meeting { session: 1, at: Point::End {} },
            once: Once::Passed,
        };
        let meetings = Meetings::new(&[until_end], &log);
        meetings.ended(OTHER);
        meetings.before(HELD, Reached::Step(&StepLabel("write".into())));
        assert_eq!(met(&log), [0]);
    }

    #[test]
    fn whoever_is_held_itself_has_reached_its_point() {
        let log = EvidenceLog::new(Clock::start());
        let write = StepLabel("write".into());
        let search = Point::Bus { call: BusClass::Search, nth: 1 };
        let begins = Rendezvous {
            hold: Meeting { session: 1, at: Point::Step { step: write.clone() } },
            until: Meeting { session: 0, at: search.clone() },
            once: Once::Reached,
        };
        let goes_on = Rendezvous {
            hold: Meeting { session: 0, at: search },
            until: Meeting { session: 1, at: Point::End {} },
            once: Once::Passed,
        };
        let meetings = Meetings::new(&[begins, goes_on], &log);
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                meetings.before(OTHER, Reached::Step(&write));
                meetings.ended(OTHER);
            });
            meetings.before(HELD, Reached::Bus(BusClass::Search, 1));
            other.join().expect("nobody panics");
        });
        assert_eq!(met(&log), [0, 1]);
    }

    /// One session is held before its second search, until the other has deleted something.
    fn meetings(patience: Duration) -> (Meetings, EvidenceLog) {
        let log = EvidenceLog::new(Clock::start());
        let rendezvous = Rendezvous {
            hold: Meeting { session: 0, at: Point::Bus { call: BusClass::Search, nth: 2 } },
            until: Meeting { session: 1, at: Point::Bus { call: BusClass::Delete, nth: 1 } },
            once: Once::Passed,
        };
        (
            Meetings {
                patience: Patience { at_keyring: patience, elsewhere: patience },
                ..Meetings::new(&[rendezvous], &log)
            },
            log,
        )
    }

    fn met(log: &EvidenceLog) -> Vec<usize> {
        let met = log.entries().into_iter().filter_map(|entry| match entry.fact {
            Fact::RendezvousMet { rendezvous, .. } => Some(rendezvous),
            _ => None,
        });
        met.collect()
    }
}

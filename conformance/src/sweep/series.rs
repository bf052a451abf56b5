//! One script with one fault at every call, and many of them at a time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde::Serialize;

use super::{
    control::control,
    flaw::{Flaw, is_held_up},
    point::{Disturbance, Point},
    script::SweepScript,
};
use crate::{
    causes::causes,
    observation::{Fact, ObserverState, ReplyFact},
    run::{RunOptions, Seen, StageError},
};

/// One script with one fault, at its first call, at its second, until the calls have run out.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// The script.
    pub script: &'static SweepScript,
    /// The fault.
    pub disturbance: Disturbance,
}

/// What became of a series.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Swept {
    /// How many calls the fault struck: the points that were reached.
    pub reached: u32,
    /// How many calls there were. Those that were not reached could not be struck, such as an answer in which there is no
    /// secret to alter.
    pub total: u32,
    /// After how many of them the next session was held up by a lock, and got on only once that was removed.
    pub held_up: u32,
    /// Points at which something went wrong, in their order.
    pub flawed: Vec<Flawed>,
    /// What the script asks for and the implementation cannot do; then nothing was swept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<String>,
    /// Why the flaws that are missing say nothing: what the script asks for does not work without a fault either, or an
    /// observer that would have seen them did not see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncontrolled: Option<String>,
    /// Why the series ended before its calls had run out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// A point at which something went wrong.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Flawed {
    /// Which call, from 1.
    pub nth: u32,
    /// What was hit, in one line.
    pub hit: String,
    /// What went wrong.
    pub flaws: BTreeSet<Flaw>,
}

impl Series {
    /// Plays every point.
    fn run(&self, options: &Arc<RunOptions>, told: &dyn Fn()) -> Swept {
        self.sweep(|nth| {
            let seen = Point { script: self.script, fault: self.disturbance.at(nth) }.play(options);
            seen.inspect(|_| told())
        })
    }

    /// Looks at one point after another, until a call is asked for that did not come.
    fn sweep(&self, mut play: impl FnMut(u32) -> Result<Seen, StageError>) -> Swept {
        let mut swept = Swept::default();
        let mut unseen = None;
        for nth in 1..=MOST_POINTS {
            let seen = match play(nth) {
                Ok(seen) => seen,
                Err(error) => {
                    swept.stopped = Some(causes(&error));
                    return swept;
                }
            };
            if let Some(what) = unsupported(&seen) {
                return Swept { unsupported: Some(what), ..Swept::default() };
            }
            if let Some(why) = self.unseen(&seen) {
                unseen.get_or_insert(format!("at call {nth} {why}"));
            }
            let Some(Met { what, is_struck }) = met(&seen) else {
                return match control(self.script, &seen.evidence) {
                    Ok(()) => Swept { uncontrolled: unseen, ..swept },
                    Err(why) => swept.without_control(why, Flaw::seen(self.script, &seen.evidence)),
                };
            };
            swept.total = nth;
            swept.reached += u32::from(is_struck);
            swept.held_up += u32::from(is_held_up(self.script, &seen.evidence));
            let flaws = Flaw::seen(self.script, &seen.evidence);
            if !flaws.is_empty() {
                swept.flawed.push(Flawed { nth, hit: what, flaws });
            }
        }
        swept.stopped = Some(format!("there were more than {MOST_POINTS} calls"));
        swept
    }

    /// Why a secret in a file, or a call, may have been there and was not seen.
    fn unseen(&self, seen: &Seen) -> Option<String> {
        let needed = self.disturbance.observers().iter();
        needed.copied().find_map(|observer| match seen.observers.get(&observer) {
            Some(ObserverState::Complete { .. }) => None,
            Some(ObserverState::Lost { reason }) => {
                Some(format!("the observer {observer} lost something: {reason}"))
            }
            Some(ObserverState::Unavailable { reason }) => {
                Some(format!("the observer {observer} was not there: {reason}"))
            }
            None => Some(format!("the observer {observer} was not there")),
        })
    }
}

impl Swept {
    /// The same where an undisturbed run does not work either: what is wrong whatever else works stays, and counts for the
    /// undisturbed run as well.
    fn without_control(mut self, why: String, undisturbed: BTreeSet<Flaw>) -> Self {
        let nth = self.total + 1;
        self.flawed.push(Flawed { nth, hit: "no fault".into(), flaws: undisturbed });
        for flawed in &mut self.flawed {
            flawed.flaws.retain(|flaw| !flaw.needs_control());
        }
        self.flawed.retain(|flawed| !flawed.flaws.is_empty());
        Self { flawed: self.flawed, uncontrolled: Some(why), ..Self::default() }
    }
}

/// The first thing that the implementation cannot do.
fn unsupported(seen: &Seen) -> Option<String> {
    seen.evidence.iter().find_map(|entry| match &entry.fact {
        Fact::Replied { reply: ReplyFact::Unsupported(unsupported), .. } => Some(unsupported.what.clone()),
        _ => None,
    })
}

/// The call that was to be struck.
struct Met {
    /// Which one, in one line.
    what: String,
    /// Whether the fault happened to it.
    is_struck: bool,
}

/// What the fault met; nothing where the calls had run out before.
fn met(seen: &Seen) -> Option<Met> {
    seen.evidence.iter().find_map(|entry| match &entry.fact {
        Fact::FaultHit { detail, .. } => Some(Met { what: detail.clone(), is_struck: true }),
        Fact::FaultMissed { detail, .. } => Some(Met { what: detail.clone(), is_struck: false }),
        _ => None,
    })
}

/// Plays series, `options.jobs` at a time; `told` hears of every point that was played.
///
/// The results are in the order of the series.
pub fn sweep(series: &[Series], options: &Arc<RunOptions>, told: &(dyn Fn(usize) + Sync)) -> Vec<Swept> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Swept>>> = Mutex::new(vec![None; series.len()]);
    thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, series.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = series.get(index) else { break };
                    let swept = one.run(options, &|| told(index));
                    results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(swept);
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|swept| swept.expect("every series was played")).collect()
}

/// No library makes so many calls in a session; one that does is in a loop.
const MOST_POINTS: u32 = 500;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        case::{BusClass, BusEffect, CallClass, CallEffect, Platform},
        observation::{EvidenceId, Observer, WorldFacts},
        protocol::RequestKind,
        sweep::{
            evidence_of::{evidence, get, ok, replied},
            scripts,
        },
    };

    #[test]
    fn a_call_that_cannot_be_struck_is_passed_over_and_the_next_one_is_not() {
        let call = |detail: &str| detail.to_owned();
        let (first, second) = (call("the first read"), call("the second read"));
        let swept = altered_reads().sweep(|nth| {
            Ok(match nth {
                1 => seen(Some(Fact::FaultMissed { fault: 0, detail: first.clone() }), Some("new")),
                2 => seen(Some(Fact::FaultHit { fault: 0, detail: second.clone() }), None),
                _ => seen(None, Some("new")),
            })
        });
        assert_eq!((swept.reached, swept.total), (1, 2));
        let flaws = [Flaw::Lost].into();
        assert_eq!(swept.flawed, [Flawed { nth: 2, hit: second, flaws }]);
        assert_eq!((swept.uncontrolled, swept.stopped), (None, None));
    }

    #[test]
    fn what_an_observer_did_not_see_at_any_point_is_not_swept() {
        let lost = || ObserverState::Lost { reason: "it is blind".into() };
        let unavailable = || ObserverState::Unavailable { reason: "it is blind".into() };
        let whole = with_observers(altered_reads(), &|_, _| {});
        assert_eq!((whole.uncontrolled, whole.reached), (None, 2));
        for state in [lost(), unavailable()] {
            for observer in [Observer::Files, Observer::SystemCalls, Observer::Bus] {
                // The third one is the control.
                for blind in 1..=3 {
                    let swept = with_observers(altered_reads(), &|nth, observers| {
                        if nth == blind {
                            observers.insert(observer, state.clone());
                        }
                    });
                    let why = swept.uncontrolled.expect("somebody did not see everything");
                    assert!(why.starts_with(&format!("at call {blind} the observer {observer} ")), "{why}");
                    assert!(why.ends_with(": it is blind"), "{why}");
                }
            }
        }
        let missing = with_observers(altered_reads(), &|_, observers| observers.clear());
        assert!(missing.uncontrolled.is_some());
    }

    #[test]
    fn what_cannot_show_a_flaw_of_a_series_may_be_blind() {
        let kill = Series {
            disturbance: Disturbance::SystemCall(CallClass::Any, CallEffect::Kill),
            ..altered_reads()
        };
        let swept = with_observers(kill, &|_, observers| {
            observers.remove(&Observer::Bus);
        });
        assert_eq!((swept.uncontrolled, swept.reached), (None, 2));
        let swept = with_observers(altered_reads(), &|_, observers| {
            observers.remove(&Observer::Network);
        });
        assert_eq!((swept.uncontrolled, swept.reached), (None, 2));
    }

    #[test]
    fn without_a_control_only_what_is_lost_is_excused() {
        let flawed = |nth, flaws: &[Flaw]| Flawed {
            nth,
            hit: "no fault".into(),
            flaws: flaws.iter().copied().collect(),
        };
        let swept = Swept {
            reached: 1,
            total: 2,
            held_up: 1,
            flawed: vec![flawed(1, &[Flaw::Lost]), flawed(2, &[Flaw::Lost, Flaw::Plaintext])],
            ..Swept::default()
        };
        let left = swept.without_control("it does not save".into(), [Flaw::Crashed, Flaw::Torn].into());
        assert_eq!(left.flawed, [flawed(2, &[Flaw::Plaintext]), flawed(3, &[Flaw::Crashed])]);
        assert_eq!((left.reached, left.uncontrolled.as_deref()), (0, Some("it does not save")));
    }

    /// Sweeps two calls without a flaw, with observers that a test changes.
    fn with_observers(series: Series, change: &dyn Fn(u32, &mut BTreeMap<Observer, ObserverState>)) -> Swept {
        series.sweep(|nth| {
            let fault = Fact::FaultHit { fault: 0, detail: "a read".into() };
            let mut seen = seen((nth <= 2).then_some(fault), Some("new"));
            change(nth, &mut seen.observers);
            Ok(seen)
        })
    }

    fn altered_reads() -> Series {
        let script = scripts().iter().find(|script| script.name == "save").expect("there is such a script");
        Series { script, disturbance: Disturbance::Bus(BusClass::Read, BusEffect::Alter) }
    }

    /// A point of the script `save`, by what became of the fault in it and what was left.
    fn seen(fault: Option<Fact>, left: Option<&str>) -> Seen {
        let put = |session| (session, replied(RequestKind::Put, ok(None)));
        let fault = fault.map(|fault| (1, fault));
        let facts: Vec<_> = [put(0), put(1), (2, get(left))].into_iter().chain(fault).collect();
        let world = WorldFacts {
            platform: Platform::CURRENT,
            emulator: None,
            provider: "none".into(),
            broker: "none".into(),
            uid: Some(0),
            umask: Some(0),
            home: String::new(),
            root: String::new(),
        };
        let complete = ObserverState::Complete { liveness: EvidenceId(0) };
        let observers = Observer::ALL.into_iter().map(|observer| (observer, complete.clone())).collect();
        Seen { world, hello: None, observers, evidence: evidence(&facts) }
    }
}

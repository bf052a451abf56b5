//! How often calls of each class were made, and what is to become of the next one.

use std::collections::HashMap;

use super::super::{CallFault, CallPoint};
use crate::case::{CallClass, CallEffect, Repeat};

/// Counts the calls of a session by class (all its processes together).
#[derive(Debug)]
pub(super) struct Tally {
    faults: Vec<CallFault>,
    points: Vec<CallPoint>,
    counts: HashMap<CallClass, u32>,
}

/// What is to become of a call.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Fate {
    /// The fault that it meets; the first in the order of the case.
    pub(super) fault: Option<Hit>,
    /// The points at which it waits first.
    pub(super) points: Vec<usize>,
}

/// A fault that happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Hit {
    /// Which of the case's faults.
    pub(super) fault: usize,
    /// How.
    pub(super) effect: CallEffect,
    /// The class that was counted.
    pub(super) class: CallClass,
    /// How many calls of that class there have been, this one included.
    pub(super) count: u32,
    /// Whether the fault happens for the first time.
    pub(super) is_first: bool,
}

impl Tally {
    /// Nothing was called yet.
    pub(super) fn new(faults: Vec<CallFault>, points: Vec<CallPoint>) -> Self {
        Self { faults, points, counts: HashMap::new() }
    }

    /// Counts a call that belongs to these classes, and to those that follow from them and from what came before.
    pub(super) fn count(&mut self, classes: &[CallClass]) -> Fate {
        let mut fate = Fate::default();
        let after_secret =
            self.counts.contains_key(&CallClass::SecretWrite).then_some(CallClass::AfterSecret);
        let takes = [CallClass::Rename, CallClass::Unlink, CallClass::Truncate];
        let destroys = classes.iter().any(|class| takes.contains(class)).then_some(CallClass::Destroy);
        let implied = [Some(CallClass::Any), after_secret, destroys].into_iter().flatten();
        for class in classes.iter().copied().chain(implied) {
            let count = self.counts.entry(class).or_default();
            *count += 1;
            let count = *count;
            let reached = |fault: &&CallFault| match fault.repeat {
                Repeat::Once => fault.nth == count,
                Repeat::FromThenOn => fault.nth <= count,
            };
            let hit = self.faults.iter().filter(|fault| fault.call == class).find(reached).map(|fault| {
                let (fault, effect, is_first) = (fault.fault, fault.effect, fault.nth == count);
                Hit { fault, effect, class, count, is_first }
            });
            fate.fault = match (fate.fault, hit) {
                (Some(earlier), Some(hit)) if hit.fault < earlier.fault => Some(hit),
                (earlier, hit) => earlier.or(hit),
            };
            let points = self.points.iter().enumerate();
            let here = points.filter(|(_, point)| point.call == class && point.nth == count);
            fate.points.extend(here.map(|(index, _)| index));
        }
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_call_of_a_class_meets_its_fault_and_no_other_does() {
        let mut tally = Tally::new(vec![fault(0, CallClass::Write, 2, Repeat::Once)], Vec::new());
        let hits: Vec<_> = [CallClass::Write, CallClass::Create, CallClass::Write, CallClass::Write]
            .map(|class| tally.count(&[class]).fault.map(|hit| (hit.count, hit.is_first)))
            .into();
        assert_eq!(hits, [None, None, Some((2, true)), None]);
    }

    #[test]
    fn a_fault_from_then_on_goes_on_and_is_new_but_once() {
        let mut tally = Tally::new(vec![fault(0, CallClass::Any, 2, Repeat::FromThenOn)], Vec::new());
        let hits: Vec<_> = [CallClass::Write, CallClass::Unlink, CallClass::Sync]
            .map(|class| tally.count(&[class]).fault.map(|hit| hit.is_first))
            .into();
        assert_eq!(hits, [None, Some(true), Some(false)]);
    }

    #[test]
    fn a_call_of_several_classes_counts_in_each() {
        let points =
            vec![point(CallClass::Create, 1), point(CallClass::Truncate, 2), point(CallClass::Any, 2)];
        let mut tally = Tally::new(Vec::new(), points);
        assert_eq!(tally.count(&[CallClass::Create, CallClass::Truncate]).points, [0]);
        assert_eq!(tally.count(&[CallClass::Truncate]).points, [1, 2]);
    }

    #[test]
    fn what_comes_after_a_secret_write_is_a_class_of_its_own() {
        let mut tally = Tally::new(Vec::new(), vec![point(CallClass::AfterSecret, 1)]);
        assert_eq!(tally.count(&[CallClass::Write]).points, NOWHERE);
        assert_eq!(tally.count(&[CallClass::Write, CallClass::SecretWrite]).points, NOWHERE);
        assert_eq!(tally.count(&[]).points, [0]);
        assert_eq!(tally.count(&[CallClass::Rename]).points, NOWHERE);
    }

    #[test]
    fn whatever_takes_a_name_or_a_content_away_is_a_class_of_its_own() {
        let mut tally = Tally::new(Vec::new(), vec![point(CallClass::Destroy, 3)]);
        assert_eq!(tally.count(&[CallClass::Rename]).points, NOWHERE);
        assert_eq!(tally.count(&[CallClass::Create]).points, NOWHERE);
        assert_eq!(tally.count(&[CallClass::Create, CallClass::Truncate]).points, NOWHERE);
        assert_eq!(tally.count(&[CallClass::Unlink]).points, [0]);
    }

    #[test]
    fn the_first_fault_of_the_case_wins() {
        let faults =
            vec![fault(3, CallClass::Write, 1, Repeat::Once), fault(1, CallClass::Any, 1, Repeat::Once)];
        let hit = Tally::new(faults, Vec::new()).count(&[CallClass::Write]).fault.expect("both are here");
        assert_eq!(hit.fault, 1);
    }

    const NOWHERE: [usize; 0] = [];

    fn fault(fault: usize, call: CallClass, nth: u32, repeat: Repeat) -> CallFault {
        CallFault { fault, call, nth, repeat, effect: CallEffect::Eio }
    }

    fn point(call: CallClass, nth: u32) -> CallPoint {
        CallPoint { call, nth }
    }
}

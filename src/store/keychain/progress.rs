//! How far a request has come, shared by the thread that carries it out and the caller that may give up.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{Breakage, Obstacle};

/// The state of one request.
///
/// A request begins under the same lock under which it is given up. So after that it does not begin, and whoever gives
/// up knows whether a change may have happened.
#[derive(Debug)]
pub(super) struct Progress {
    label: &'static str,
    effect: Effect,
    stage: Mutex<Stage>,
}

/// Whether a request changes the item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    Reads,
    Changes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Waiting,
    Begun,
    GivenUp,
}

impl Progress {
    pub(super) fn new(label: &'static str, effect: Effect) -> Self {
        Self { label, effect, stage: Mutex::new(Stage::Waiting) }
    }

    /// Notes that the request is about to be made.
    ///
    /// # Errors
    ///
    /// The caller has given up, and the request must not be made.
    pub(super) fn begin(&self) -> Result<(), Obstacle> {
        let mut stage = self.stage();
        match *stage {
            Stage::Waiting => {
                *stage = Stage::Begun;
                Ok(())
            }
            Stage::Begun | Stage::GivenUp => Err(self.late()),
        }
    }

    /// Keeps the request from beginning if it has not, and says what is known about it.
    pub(super) fn give_up(&self) -> Obstacle {
        let mut stage = self.stage();
        let reached = std::mem::replace(&mut *stage, Stage::GivenUp);
        match (self.effect, reached) {
            (Effect::Changes, Stage::Begun) => Breakage::OutcomeUnknown { call: self.label }.into(),
            (Effect::Reads, _) | (Effect::Changes, Stage::Waiting | Stage::GivenUp) => self.late(),
        }
    }

    fn late(&self) -> Obstacle {
        Breakage::TimedOut { call: self.label }.into()
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_up(progress: &Progress) -> Breakage {
        match progress.give_up() {
            Obstacle::Broken(breakage) => breakage,
            other => panic!("a time-out is a breakage: {other:?}"),
        }
    }

    #[test]
    fn a_change_that_had_not_begun_has_timed_out_and_does_not_begin_any_more() {
        let progress = Progress::new("writing", Effect::Changes);
        assert_eq!(given_up(&progress), Breakage::TimedOut { call: "writing" });
        let refused = progress.begin().expect_err("given up");
        assert!(matches!(refused, Obstacle::Broken(Breakage::TimedOut { call: "writing" })), "{refused:?}");
    }

    #[test]
    fn a_change_that_had_begun_has_an_unknown_outcome() {
        let progress = Progress::new("writing", Effect::Changes);
        progress.begin().expect("nobody gave up");
        assert_eq!(given_up(&progress), Breakage::OutcomeUnknown { call: "writing" });
    }

    #[test]
    fn a_reading_has_timed_out_whether_it_had_begun_or_not() {
        let progress = Progress::new("reading", Effect::Reads);
        progress.begin().expect("nobody gave up");
        assert_eq!(given_up(&progress), Breakage::TimedOut { call: "reading" });
    }
}

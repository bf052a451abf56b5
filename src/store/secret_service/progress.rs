//! How far a request has come, shared by the thread that carries it out and the caller that may give up.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::store::{Breakage, Obstacle};

use super::service::{Call, Effect};

/// The state of one request.
///
/// A call begins under the same lock under which a request is cancelled, and so does the request end. So after a
/// cancellation no call begins, and whoever cancels knows whether a change may have happened.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<State>);

impl Progress {
    /// Notes that `call` is about to be sent.
    ///
    /// # Errors
    ///
    /// The request has been cancelled, and the call must not be sent.
    pub(super) fn enter(&self, call: Call) -> Result<(), Obstacle> {
        let mut state = self.state();
        if state.cancelled {
            return Err(state.interrupted());
        }
        state.last = Some(call.label);
        match call.effect {
            Effect::Reads => {}
            Effect::Changes => state.changing = Some(call.label),
        }
        Ok(())
    }

    /// Stops the request and says what is known about it; `None` if it has ended, and there is an answer.
    pub(super) fn cancel(&self) -> Option<Obstacle> {
        let mut state = self.state();
        if state.ended {
            return None;
        }
        state.cancelled = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        Some(state.interrupted())
    }

    /// Carries `work` out to its end; `None` if the request was cancelled before.
    pub(super) async fn until_cancelled<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| {
            {
                let mut state = self.state();
                if state.cancelled {
                    return Poll::Ready(None);
                }
                state.waker = Some(context.waker().clone());
            }
            work.as_mut().poll(context).map(|output| self.end().then_some(output))
        })
        .await
    }

    /// Notes that there is an answer; says whether somebody still waits for it.
    fn end(&self) -> bool {
        let mut state = self.state();
        state.ended = !state.cancelled;
        state.ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    /// There is an answer that nobody can cancel any more.
    ended: bool,
    /// The call that began last.
    last: Option<&'static str>,
    /// The changing call that began last; a later reading call does not undo the doubt.
    changing: Option<&'static str>,
    waker: Option<Waker>,
}

impl State {
    fn interrupted(&self) -> Obstacle {
        Obstacle::Broken(match (self.changing, self.last) {
            (Some(call), _) => Breakage::OutcomeUnknown { call },
            (None, Some(call)) => Breakage::TimedOut { call },
            (None, None) => Breakage::TimedOut { call: "the session bus" },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::store::secret_service::backend::service::{GET_SECRET, SET_SECRET};

    #[test]
    fn a_request_that_only_read_has_timed_out() {
        let progress = Progress::default();
        progress.enter(GET_SECRET).expect("nobody cancelled");
        let Some(Obstacle::Broken(breakage)) = progress.cancel() else { panic!("a time-out is a breakage") };
        assert_eq!(breakage, Breakage::TimedOut { call: "GetSecret" });
    }

    #[test]
    fn a_request_that_changed_something_before_it_read_again_has_an_unknown_outcome() {
        let progress = Progress::default();
        progress.enter(SET_SECRET).expect("nobody cancelled");
        progress.enter(GET_SECRET).expect("nobody cancelled");
        let Some(Obstacle::Broken(breakage)) = progress.cancel() else { panic!("a time-out is a breakage") };
        assert_eq!(breakage, Breakage::OutcomeUnknown { call: "SetSecret" });
    }

    #[test]
    fn after_a_cancellation_no_call_begins() {
        let progress = Progress::default();
        progress.cancel().expect("nothing has ended");
        let refused = progress.enter(SET_SECRET).expect_err("the request was cancelled");
        assert!(matches!(refused, Obstacle::Broken(Breakage::TimedOut { .. })));
    }

    #[test]
    fn a_cancellation_from_another_thread_ends_work_that_never_ends() {
        let progress = Progress::default();
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| progress.cancel());
            zbus::block_on(progress.until_cancelled(pending::<()>()))
        });
        assert_eq!(ended, None);
    }

    #[test]
    fn work_that_ends_is_handed_through_and_cannot_be_cancelled_any_more() {
        let progress = Progress::default();
        assert_eq!(zbus::block_on(progress.until_cancelled(ready(7))), Some(7));
        assert!(progress.cancel().is_none());
    }

    #[test]
    fn work_that_ends_while_it_is_cancelled_has_no_answer() {
        let progress = Progress::default();
        let work = async { progress.cancel().expect("it has not ended") };
        assert!(zbus::block_on(progress.until_cancelled(work)).is_none());
    }
}

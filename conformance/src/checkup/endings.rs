//! `bye`, the end of the input, a kill.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Point, examination::Examination, interview::Interview};
use crate::observation::{Fact, SessionEnd};

impl Examination {
    /// Whether a session that was to end by itself did so, in time and with 0.
    pub(super) fn judge_exit(&mut self, point: Point, done: &str, end: &SessionEnd) {
        if is_good_exit(end) {
            self.keep(point);
        } else {
            self.break_with(point, done, ended(end));
        }
    }

    /// Waits until only the first process of a session is left, as it is once the last reply is behind it.
    ///
    /// What is still there at the deadline waits for more, and is found when the first process is killed.
    pub(super) fn settle(&self, interview: &Interview) {
        let evidence = self.stage.log().entries();
        let first = evidence.iter().find_map(|evidence| match &evidence.fact {
            Fact::ProcessStarted(start) if evidence.session == Some(interview.live.session) => {
                Some(start.pid)
            }
            _other => None,
        });
        let Some(first) = first else { return };
        let deadline = Instant::now() + SETTLING;
        while !interview.live.process.running_beside(first).is_empty() && Instant::now() < deadline {
            #[expect(clippy::disallowed_methods, reason = "nobody tells when a stranger's child has ended")]
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Whether a kill of the first process ended all of a session.
    pub(super) fn judge_kill(&mut self, end: &SessionEnd, left_running: &[String]) {
        if *end != SessionEnd::KilledByScript {
            self.break_with(Point::Killed, "SIGKILL, while nothing was asked", ended(end));
        } else if left_running.is_empty() {
            self.keep(Point::Killed);
        } else {
            let left = self.scanner.redact(&left_running.join(", "));
            self.break_with(
                Point::Killed,
                "SIGKILL to the session's first process, while nothing was asked",
                format!("this still ran: {left}"),
            );
        }
    }
}

/// Whether a session exited with 0.
pub(super) fn is_good_exit(end: &SessionEnd) -> bool {
    *end == SessionEnd::Exited { code: 0 }
}

fn ended(end: &SessionEnd) -> String {
    match end {
        SessionEnd::Exited { code } => format!("it exited with {code}"),
        SessionEnd::KilledByScript | SessionEnd::KilledByFault => "it was killed".into(),
        SessionEnd::KilledByHarness { .. } => "it still ran after 5 s and was killed".into(),
        SessionEnd::Signalled { signal } => format!("it died by signal {signal}"),
        SessionEnd::CannotRunHere => "it exited with 89".into(),
        SessionEnd::NotStarted { reason } => reason.clone(),
    }
}

/// Far more than a process needs to end that has nothing left to do.
const SETTLING: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

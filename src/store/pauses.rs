//! The pauses between two looks at what somebody else still has.

use std::thread;
use std::time::Duration;

use super::Deadline;

/// Pauses of which each is twice as long as the one before, up to the longest.
///
/// Whoever is about to let go is noticed soon, and whoever is not costs little.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Pauses from the shortest up to the longest.
    pub(crate) const fn between(shortest: Duration, longest: Duration) -> Self {
        Self { next: shortest, longest }
    }

    /// Waits for the next pause, never past the deadline.
    pub(crate) fn wait(&mut self, deadline: Deadline) {
        self.wait_at_least(Duration::ZERO, deadline);
    }

    /// Waits for the next pause, for longer if `least` is longer, never past the deadline.
    pub(crate) fn wait_at_least(&mut self, least: Duration, deadline: Deadline) {
        thread::park_timeout(self.take().max(least).min(deadline.remaining()));
    }

    fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

/// How long at least not to look again at what took this long to be looked at.
///
/// Looking keeps up whoever is to let go, above all on a system that is slow. However many look, most of the time they
/// leave it alone.
pub(crate) fn respite(looked: Duration) -> Duration {
    looked.saturating_mul(4).min(LONGEST_RESPITE)
}

const LONGEST_RESPITE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn pauses_become_longer_up_to_the_longest() {
        let mut pauses = Pauses::between(Duration::from_millis(3), Duration::from_millis(20));
        let taken = [(); 5].map(|()| pauses.take().as_millis());
        assert_eq!(taken, [3, 6, 12, 20, 20]);
    }

    #[test]
    fn a_pause_is_waited_for_and_ends_at_the_deadline() {
        let waited = |shortest, least, deadline| {
            let begun = Instant::now();
            Pauses::between(shortest, shortest).wait_at_least(least, Deadline::after(deadline));
            begun.elapsed()
        };
        let begun = Instant::now();
        let mut pauses = Pauses::between(Duration::from_millis(20), Duration::from_millis(20));
        pauses.wait(Deadline::after(Duration::from_secs(60)));
        assert!(begun.elapsed() >= Duration::from_millis(20));

        let (none, short, long) = (Duration::ZERO, Duration::from_millis(20), Duration::from_secs(60));
        assert!(waited(short, none, long) >= short);
        assert!(waited(none, short, long) >= short);
        assert!(waited(long, none, short) < long);
        assert!(waited(none, long, short) < long);
    }

    #[test]
    fn what_was_slow_to_look_at_is_left_alone_for_longer_but_not_for_long() {
        assert_eq!(respite(Duration::from_millis(30)), Duration::from_millis(120));
        assert_eq!(respite(Duration::from_secs(30)), LONGEST_RESPITE);
    }
}

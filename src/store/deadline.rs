//! The moment at which a wait ends.

use std::time::{Duration, Instant};

/// A point in time after which a call returns an error instead of waiting on. An earlier one is the smaller one.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use token_cache::Deadline;
///
/// let deadline = Deadline::after(Duration::from_secs(5));
/// assert!(deadline.remaining() <= Duration::from_secs(5));
/// assert!(!deadline.has_passed());
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline that lies `wait` from now; a wait of more than a year is one of a year.
    pub fn after(wait: Duration) -> Self {
        // The clocks of the system and of its sockets cannot count to the end of a `Duration`.
        Self(Instant::now() + wait.min(LONGEST))
    }

    /// The time left, zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether no time is left.
    pub fn has_passed(&self) -> bool {
        self.remaining().is_zero()
    }
}

const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_has_passed_when_nothing_remains() {
        let passed = Deadline::after(Duration::ZERO);
        assert!(passed.has_passed());
        assert_eq!(passed.remaining(), Duration::ZERO);
        let ahead = Deadline::after(Duration::from_secs(60));
        assert!(!ahead.has_passed());
        assert!(ahead.remaining() > Duration::from_secs(30));
    }

    #[test]
    fn the_longest_wait_that_can_be_asked_for_is_a_deadline_and_no_panic() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(!deadline.has_passed());
        let days = deadline.remaining().as_secs() / (24 * 60 * 60);
        assert!((364..=365).contains(&days), "{days}");
    }
}

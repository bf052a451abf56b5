//! When a change was.

use std::time::{Duration, SystemTime};

/// Now, or just after the last change if the clock is behind it: a change must never look like none.
pub(super) fn later_than(before: Option<SystemTime>) -> SystemTime {
    let now = SystemTime::now();
    // A file may bear the last moment there is; nothing is later than that.
    before.map_or(now, |before| now.max(before.checked_add(TICK).unwrap_or(before)))
}

/// The least difference that survives in the SDKs that keep times as floating point numbers.
const TICK: Duration = Duration::from_micros(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_later_than_one_that_the_clock_is_behind() {
        let future = SystemTime::now() + Duration::from_secs(3600);
        assert_eq!(later_than(Some(future)), future + TICK);
    }

    #[test]
    #[cfg(unix)]
    fn the_last_moment_that_a_file_system_can_keep_is_no_panic() {
        let seconds = i64::MAX.unsigned_abs();
        let last = SystemTime::UNIX_EPOCH + Duration::new(seconds, 999_999_999);
        assert_eq!(later_than(Some(last)), last);
    }
}

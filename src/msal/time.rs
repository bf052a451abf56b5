//! Points in time as the schema writes them.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whole seconds since 1970, the schema's only measure of time.
///
/// This module has no clock: the time by which something is valid is always passed in.
///
/// # Example
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use token_cache::msal::UnixTime;
///
/// let now = UnixTime::from(SystemTime::now());
/// let in_five_minutes = now + Duration::from_secs(300);
/// assert!(in_five_minutes > now);
/// assert_eq!(UnixTime::from_seconds(1_700_000_000).to_string(), "1700000000");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixTime(i64);

impl UnixTime {
    /// So many seconds after the beginning of 1970, or before it.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::UnixTime;
    ///
    /// assert!(UnixTime::from_seconds(-1) < UnixTime::from_seconds(0));
    /// ```
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The seconds since the beginning of 1970.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::UnixTime;
    ///
    /// assert_eq!(UnixTime::from_seconds(7).seconds(), 7);
    /// ```
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The same moment for the standard library; `None` if its clock does not reach that far.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// use token_cache::msal::UnixTime;
    ///
    /// let minute = UnixTime::from_seconds(60).to_system_time();
    /// assert_eq!(minute, Some(UNIX_EPOCH + Duration::from_secs(60)));
    /// ```
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_secs(self.0.unsigned_abs());
        if self.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
    }

    /// What the schema writes: a number in decimal, nothing around it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        text.parse().ok().map(Self)
    }
}

impl From<SystemTime> for UnixTime {
    /// The second that has begun.
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(saturated(after)),
            Err(before) => {
                let before = before.duration();
                let begun = i64::from(before.subsec_nanos() > 0);
                Self(-saturated(before) - begun)
            }
        }
    }
}

impl Add<Duration> for UnixTime {
    type Output = Self;

    /// Whole seconds later; the last moment there is, if it is later than that.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturated(duration)))
    }
}

impl Sub<Duration> for UnixTime {
    type Output = Self;

    /// Whole seconds earlier; the first moment there is, if it is earlier than that.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(saturated(duration)))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn saturated(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decimal_digits_are_a_time() {
        assert_eq!(UnixTime::parse("1700000000"), Some(UnixTime(1_700_000_000)));
        assert_eq!(UnixTime::parse("-62135596800"), Some(UnixTime(-62_135_596_800)));
        for refused in ["", "-", "+5", " 5", "5 ", "5.0", "1e9", "0x5", "٥", "99999999999999999999", "--5"] {
            assert_eq!(UnixTime::parse(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn a_moment_belongs_to_the_second_that_has_begun() {
        let half = Duration::from_millis(500);
        assert_eq!(UnixTime::from(UNIX_EPOCH + half), UnixTime(0));
        assert_eq!(UnixTime::from(UNIX_EPOCH - half), UnixTime(-1));
        assert_eq!(UnixTime::from(UNIX_EPOCH - Duration::from_secs(1)), UnixTime(-1));
    }

    #[test]
    fn a_moment_is_the_same_for_the_standard_library() {
        for seconds in [-1_700_000_000, -1, 0, 1, 1_700_000_000] {
            let time = UnixTime(seconds).to_system_time().expect("within its reach");
            assert_eq!(UnixTime::from(time), UnixTime(seconds));
        }
    }

    #[test]
    fn sums_stop_at_the_ends_of_time() {
        assert_eq!(UnixTime(i64::MAX) + Duration::MAX, UnixTime(i64::MAX));
        assert_eq!(UnixTime(i64::MIN) - Duration::MAX, UnixTime(i64::MIN));
    }
}

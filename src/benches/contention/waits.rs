//! The distribution of waits.

use std::fmt;
use std::time::Duration;

/// How long the updates waited, in order.
pub(crate) struct Waits(Vec<Duration>);

impl Waits {
    /// What the columns of a row are.
    pub(crate) const HEAD: &str = "wait p50       p90       p99       max";

    pub(crate) fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort();
        Self(waits)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The wait that so many of a hundred did not exceed.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for percent in [50, 90, 99, 100] {
            let milliseconds = self.percentile(percent).as_secs_f64() * 1000.0;
            write!(f, "{milliseconds:>8.2}{}", if percent == 100 { " ms" } else { "  " })?;
        }
        Ok(())
    }
}

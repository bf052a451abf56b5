//! A wait that can be cut short.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Whether the waits of one connection are over for good.
#[derive(Debug, Default)]
pub(super) struct Pause {
    over: Mutex<bool>,
    ended: Condvar,
}

impl Pause {
    /// Waits for a time, or until somebody ends all waits.
    pub(super) fn wait(&self, time: Duration) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        // Who comes back early and who comes back in time goes on alike.
        let _ = self.ended.wait_timeout_while(over, time, |over| !*over);
    }

    /// Ends the wait that is under way, and every later one at once.
    pub(super) fn end(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        thread,
        time::{Duration, Instant},
    };

    use super::Pause;

    #[test]
    fn a_wait_takes_its_time_unless_it_is_cut_short() {
        let pause = Pause::default();
        let began = Instant::now();
        pause.wait(Duration::from_millis(20));
        assert!(began.elapsed() >= Duration::from_millis(20));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| pause.wait(Duration::from_secs(60)));
            pause.end();
            waiting.join().expect("nobody panics");
        });
        pause.wait(Duration::from_secs(60));
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}

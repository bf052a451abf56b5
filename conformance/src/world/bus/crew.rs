//! Threads that are waited for until a deadline.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// A set of threads, of which it is known how many still run.
#[derive(Clone, Debug, Default)]
pub(super) struct Crew {
    running: Arc<(Mutex<usize>, Condvar)>,
}

impl Crew {
    /// Starts a thread.
    pub(super) fn start(&self, name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let member = Member::enlist(self.clone());
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                let _member = member;
                work();
            })
            .map(drop)
    }

    /// Waits until every thread has ended; false if some still run at the end of the time.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        let (running, ended) = &*self.running;
        let mut count = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *count > 0 {
            let Some(remaining) = deadline.checked_duration_since(Instant::now()) else { return false };
            count = ended.wait_timeout(count, remaining).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Counts a thread for as long as it lives, also where it panics.
struct Member(Crew);

impl Member {
    fn enlist(crew: Crew) -> Self {
        *crew.running.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(crew)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let (running, ended) = &*self.0.running;
        *running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ended.notify_all();
    }
}

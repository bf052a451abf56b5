//! Waiting for our own lock so that everybody gets a turn.
//!
//! The system's lock cannot be waited for with an end, so it is asked for again and again, and goes to whoever asks
//! first after it was given back. That would always be a writer that comes back at once. So whoever asks in vain marks
//! the lock file, by its modification time, and whoever finds a fresh mark waits before it asks for the first time. Then
//! all who want the lock ask equally often, at random moments: each of n gets about every n-th turn.
//!
//! The mark decides about nothing but who asks when. Whatever a clock does, and whoever sets the mark, one holds the
//! lock and all others ask on.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::Error;
use crate::fs::{LockFile, PrivateDir};
use crate::store::{Deadline, respite};

/// Holds the lock in this file, which is made if there is none.
///
/// # Errors
///
/// [`Error::Busy`] if it is not free before the deadline, [`Error::File`] if the file is not safe to use, or fails.
pub(super) fn hold(directory: &PrivateDir, name: &str, deadline: Deadline) -> Result<LockFile, Error> {
    let mut waited = false;
    // It stays open between two looks: to open it costs several times as much as to ask.
    let mut file = None;
    loop {
        let looked = Instant::now();
        // Looked at once, so that nobody is told that the lock is held who has not asked for it.
        let last = deadline.has_passed();
        if file.is_none() {
            // On some systems whoever has the file open may keep us from opening it.
            file = LockFile::open(directory, name)?;
        }
        if let Some(open) = file.take() {
            let (marked, now) = (open.modified()?, SystemTime::now());
            let asks = waited || last || !is_younger(marked, now, FRESH);
            if asks && open.try_hold()? {
                if open.is_still(directory, name)? {
                    return Ok(open);
                }
                // A holder that cleared the cache has removed the file; a lock on one without a name excludes nobody.
            } else {
                // Only by whoever has asked in vain: a mark that is renewed because it was seen would never end.
                if asks && !is_younger(marked, now, FRESH / 2) {
                    open.mark();
                }
                file = Some(open);
            }
        }
        if last {
            return Err(Error::Busy { path: directory.path().join(name) });
        }
        pause(looked.elapsed(), deadline);
        waited = true;
    }
}

/// Whether somebody has marked the file less than this long ago; a mark from the future is none.
fn is_younger(marked: SystemTime, now: SystemTime, age: Duration) -> bool {
    now.duration_since(marked).is_ok_and(|since| since < age)
}

/// Waits about as long as a short change takes, longer where looking took long, never past the deadline.
fn pause(looked: Duration, deadline: Deadline) {
    // Without randomness everybody would still ask, though in step.
    let random = getrandom::u32().unwrap_or_default();
    thread::park_timeout(length(looked, random).min(deadline.remaining()));
}

/// Several pauses fit into the time for which a mark is fresh, however long looking takes.
fn length(looked: Duration, random: u32) -> Duration {
    moment(random).max(respite(looked).min(FRESH / 5))
}

/// The pause that a random number stands for.
fn moment(random: u32) -> Duration {
    SHORTEST + Duration::from_micros((random % SPREAD_MICROSECONDS).into())
}

const SHORTEST: Duration = Duration::from_millis(1);
const SPREAD_MICROSECONDS: u32 = 2000;

/// Whoever has asked in vain asks again long before half of this has passed, and marks the file again once half of it
/// has.
///
/// So there is always a fresh mark as long as anybody asks in vain.
const FRESH: Duration = Duration::from_millis(100);

#[cfg(all(test, any(unix, windows)))]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;
    use crate::fs::{Files, SystemFiles};

    fn place() -> (tempfile::TempDir, PrivateDir) {
        let home = tempfile::tempdir().expect("a folder");
        let directory = SystemFiles.create_directory(&home.path().join("cache")).expect("made");
        (home, directory)
    }

    #[test]
    fn whoever_waits_gets_its_share_of_turns_beside_one_that_comes_back_at_once() {
        const TURNS: u32 = 30;
        let (_home, directory) = place();
        let (enough, taken) = (AtomicBool::new(false), AtomicU32::new(0));
        let turn = || hold(&directory, "a.lock", Deadline::after(Duration::from_secs(20))).expect("in time");
        std::thread::scope(|scope| {
            let greedy = scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let held = turn();
                    taken.fetch_add(1, Ordering::Relaxed);
                    // Long enough for whoever waits to ask in vain and to leave a mark.
                    thread::park_timeout(SHORTEST + Duration::from_micros(SPREAD_MICROSECONDS.into()));
                    drop(held);
                }
            });
            for _ in 0..TURNS {
                let before = taken.load(Ordering::Relaxed);
                while taken.load(Ordering::Relaxed) == before && !greedy.is_finished() {
                    thread::yield_now();
                }
                drop(turn());
            }
            enough.store(true, Ordering::Relaxed);
        });
        // Equal chances give the other one about two turns for each of ours; without marks it would be a hundred.
        let taken = taken.into_inner();
        assert!(taken < 8 * TURNS, "{taken} turns against {TURNS}");
    }

    #[test]
    fn a_mark_is_fresh_for_a_moment_and_never_in_the_future() {
        // No clock is finer on some systems.
        let (marked, instant) = (SystemTime::UNIX_EPOCH, Duration::from_nanos(100));
        assert!(is_younger(marked, marked, FRESH));
        assert!(is_younger(marked, marked + FRESH - instant, FRESH));
        assert!(!is_younger(marked, marked + FRESH, FRESH));
        assert!(!is_younger(marked + instant, marked, FRESH));
    }

    #[test]
    fn a_mark_from_the_future_or_the_past_holds_nobody_up() {
        let (_home, directory) = place();
        let path = directory.path().join("a.lock");
        #[expect(clippy::disallowed_types, reason = "a test sets a clock's mark")]
        let file = std::fs::File::options().create(true).append(true).open(&path).expect("open");
        // A machine may be busy elsewhere, but not every time.
        let fastest = |marked: fn() -> SystemTime| {
            let attempts = (0..20).map(|_| {
                let begun = Instant::now();
                file.set_modified(marked()).expect("set");
                hold(&directory, "a.lock", Deadline::after(Duration::from_secs(20))).expect("free");
                // One that was stopped in between says nothing: no mark may have been fresh any more.
                Some(begun.elapsed()).filter(|elapsed| *elapsed < FRESH).unwrap_or(Duration::MAX)
            });
            attempts.min().expect("there are some")
        };
        let held_up = fastest(SystemTime::now);
        for marked in [
            || SystemTime::now() + Duration::from_secs(3600),
            || SystemTime::now() - Duration::from_secs(3600),
            || SystemTime::UNIX_EPOCH,
        ] {
            assert!(fastest(marked) < held_up, "{:?} and {held_up:?}", marked());
        }
    }

    #[test]
    fn whoever_waits_marks_the_file() {
        let (_home, directory) = place();
        let held = hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect("free");
        let before = held.modified().expect("looked");
        hold(&directory, "a.lock", Deadline::after(SHORTEST)).expect_err("held");
        assert!(held.modified().expect("looked") > before);
    }

    #[test]
    fn a_mark_is_renewed_before_it_is_stale() {
        let (_home, directory) = place();
        let held = hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect("free");
        #[expect(clippy::disallowed_types, reason = "a test sets a clock's mark")]
        let file = std::fs::File::options().append(true).open(directory.path().join("a.lock")).expect("open");
        let old = SystemTime::now() - FRESH * 3 / 4;
        file.set_modified(old).expect("set");
        hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect_err("held");
        assert!(held.modified().expect("looked") > old + FRESH / 4);
    }

    #[test]
    fn a_new_file_holds_nobody_up() {
        let (_home, directory) = place();
        let made = hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect("free");
        assert!(!is_younger(made.modified().expect("looked"), SystemTime::now(), FRESH));
    }

    #[test]
    fn whoever_only_finds_a_mark_does_not_renew_it() {
        let (_home, directory) = place();
        let open = LockFile::open(&directory, "a.lock").expect("open").expect("shared");
        #[expect(clippy::disallowed_types, reason = "a test sets a clock's mark")]
        let file = std::fs::File::options().append(true).open(directory.path().join("a.lock")).expect("open");
        // Old enough to be renewed, and fresh enough to be waited for.
        file.set_modified(SystemTime::now() - FRESH * 3 / 4).expect("set");
        let marked = open.modified().expect("looked");
        drop(hold(&directory, "a.lock", Deadline::after(Duration::from_secs(20))).expect("free"));
        assert_eq!(open.modified().expect("looked"), marked);
    }

    #[test]
    fn whoever_has_waited_asks_though_others_wait_too() {
        let (_home, directory) = place();
        // A machine may be busy elsewhere for longer than a mark is fresh, but not every time.
        let asked = (0..100).any(|_| {
            let begun = Instant::now();
            LockFile::open(&directory, "a.lock").expect("open").expect("shared").mark();
            hold(&directory, "a.lock", Deadline::after(Duration::from_secs(20))).expect("free");
            begun.elapsed() < FRESH
        });
        assert!(asked, "whoever waits asks no sooner than when the mark is old");
    }

    #[test]
    fn every_pause_is_about_as_long_as_a_short_change() {
        for random in [0, 1, SPREAD_MICROSECONDS - 1, SPREAD_MICROSECONDS, u32::MAX] {
            let longest = SHORTEST + Duration::from_micros(SPREAD_MICROSECONDS.into());
            assert!((SHORTEST..longest).contains(&moment(random)), "{random}");
        }
        assert_ne!(moment(1), moment(2));
        assert_eq!(length(Duration::from_secs(60), 0), Duration::from_millis(20));

        let begun = Instant::now();
        pause(Duration::ZERO, Deadline::after(Duration::from_secs(60)));
        assert!(begun.elapsed() >= SHORTEST);
        let (begun, looked) = (Instant::now(), Duration::from_millis(5));
        pause(looked, Deadline::after(Duration::from_secs(60)));
        assert!(begun.elapsed() >= respite(looked));
    }

    #[test]
    fn whoever_finds_a_mark_and_runs_out_of_time_asks_before_it_gives_up() {
        let (_home, directory) = place();
        let marked = || LockFile::open(&directory, "a.lock").expect("open").expect("shared").mark();
        // Where the deadline passes between one look at it and the next differs from try to try.
        for nanoseconds in (0..100_000).step_by(50) {
            marked();
            let wait = Duration::from_nanos(nanoseconds);
            hold(&directory, "a.lock", Deadline::after(wait)).expect("free");
        }
    }

    #[test]
    fn a_deadline_that_has_passed_is_no_reason_not_to_ask_once() {
        let (_home, directory) = place();
        let held = hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect("free");
        let error = hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect_err("held");
        assert!(matches!(error, Error::Busy { path } if path == directory.path().join("a.lock")));
        drop(held);
        hold(&directory, "a.lock", Deadline::after(Duration::ZERO)).expect("free");
    }
}

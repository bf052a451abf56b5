//! Waiting for other programs to close a file.

use std::io;
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION};

use crate::store::{Deadline, Pauses};

/// What is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Until {
    /// Nobody keeps the file from being opened.
    Shared,
    /// Nobody has it open, or is about to remove it; the system says of both what it says of a lack of rights.
    Free,
}

/// Tries again while somebody else's use of a file is in the way, for a second at most.
///
/// Virus scanners, indexers and other SDKs open files for moments without sharing them.
pub(super) fn patiently<T>(until: Until, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let deadline = Deadline::after(PATIENCE);
    let mut pauses = Pauses::between(SHORTEST_PAUSE, LONGEST_PAUSE);
    loop {
        match attempt() {
            Err(error) if may_pass(until, &error) && !deadline.has_passed() => {}
            ended => return ended,
        }
        pauses.wait(deadline);
    }
}

/// Whether the error is that of a system call.
pub(super) fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}

fn may_pass(until: Until, error: &io::Error) -> bool {
    match until {
        Until::Shared => is(error, ERROR_SHARING_VIOLATION) || is(error, ERROR_LOCK_VIOLATION),
        Until::Free => may_pass(Until::Shared, error) || is(error, ERROR_ACCESS_DENIED),
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: u32) -> io::Error {
        io::Error::from_raw_os_error(code.cast_signed())
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
        for (until, code, attempts) in [
            (Until::Shared, ERROR_SHARING_VIOLATION, 3),
            (Until::Shared, ERROR_ACCESS_DENIED, 1),
            (Until::Free, ERROR_ACCESS_DENIED, 3),
            (Until::Free, 2, 1),
        ] {
            let mut made = 0;
            let ended = patiently(until, || {
                made += 1;
                if made == 3 { Ok(()) } else { Err(error(code)) }
            });
            assert_eq!((made, ended.is_ok()), (attempts, attempts == 3), "{until:?} {code}");
        }
    }

    #[test]
    fn patience_has_an_end() {
        let begun = std::time::Instant::now();
        let ended = patiently(Until::Shared, || Err::<(), _>(error(ERROR_SHARING_VIOLATION)));
        assert!(is(&ended.expect_err("never free"), ERROR_SHARING_VIOLATION));
        assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < PATIENCE * 10);
    }
}

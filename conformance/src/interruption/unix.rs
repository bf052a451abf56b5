//! Signals that interrupt.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicI32, AtomicI64, Ordering},
    },
};

use nix::{
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
    time::{ClockId, clock_gettime},
};

/// Has signals write their number.
pub(super) fn heed(signal: &'static AtomicI32) -> io::Result<()> {
    TOLD.get_or_init(|| signal);
    // Calls that a signal breaks into go on by themselves. Programs that are started have none of this: a handler ends
    // with exec.
    let action = SigAction::new(SigHandler::Handler(take_note), SaFlags::SA_RESTART, SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler does only what POSIX lets a handler do; see there.
        let before = unsafe { sigaction(signal, &action) }?;
        if matches!(before.handler(), SigHandler::SigIgn) {
            // As nohup(1) and shells have it for what shall not be interrupted.
            // SAFETY: to ignore a signal takes no handler.
            unsafe { sigaction(signal, &before) }?;
        }
    }
    Ok(())
}

/// Runs between any two instructions of any thread: it touches nothing but atomics, and calls only what is
/// async-signal-safe: `clock_gettime` and `_exit`.
extern "C" fn take_note(number: libc::c_int) {
    let Some(told) = TOLD.get() else { return };
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(i64::MAX, |now| now.tv_sec().saturating_mul(1000).saturating_add(now.tv_nsec() / 1_000_000));
    if told.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        SINCE.store(now, Ordering::Relaxed);
    } else if now.saturating_sub(SINCE.load(Ordering::Relaxed)) > ECHO_MS {
        // SAFETY: `_exit` takes any number, and POSIX lets a handler call it.
        unsafe { libc::_exit(128 + number) }
    }
}

static TOLD: OnceLock<&'static AtomicI32> = OnceLock::new();
/// When the first signal came, by the monotonic clock in milliseconds.
static SINCE: AtomicI64 = AtomicI64::new(i64::MAX);
/// timeout(1) sends its signal to the process and again to its group: that is one wish.
const ECHO_MS: i64 = 100;

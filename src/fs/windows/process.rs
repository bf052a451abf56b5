//! What the system says of processes and of itself.

use std::time::{Duration, SystemTime};

use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;

use super::ffi;
use super::patience::is;

/// Whether no process has this id; one that we may not ask for is there.
pub(crate) fn process_is_gone(id: u32) -> bool {
    ffi::process_is_gone(id).unwrap_or_else(|error| is(&error, ERROR_INVALID_PARAMETER))
}

/// When the machine was started, where it can be known.
pub(crate) fn boot_time() -> Option<SystemTime> {
    SystemTime::now().checked_sub(Duration::from_millis(ffi::milliseconds_since_boot()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_an_impossible_one_is_not() {
        assert!(!process_is_gone(std::process::id()));
        assert!(process_is_gone(0));
        // Ids are multiples of four, and far smaller.
        assert!(process_is_gone(u32::MAX - 3));
    }

    #[test]
    fn a_process_that_has_ended_is_gone_even_while_somebody_keeps_its_handle() {
        let mut child = std::process::Command::new("cmd").args(["/c", "exit"]).spawn().expect("started");
        child.wait().expect("ended");
        assert!(process_is_gone(child.id()));
    }

    #[test]
    fn the_machine_was_started_in_the_past() {
        assert!(boot_time().expect("known on Windows") < SystemTime::now());
    }
}

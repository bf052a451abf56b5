//! What the system says of processes and of itself.

use std::time::{Duration, SystemTime};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// Whether no process has this id; one that we may not signal is there.
pub(crate) fn process_is_gone(pid: u32) -> bool {
    match i32::try_from(pid) {
        // Zero and below would ask about groups of processes.
        Ok(pid) if pid > 0 => kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH),
        Ok(_) | Err(_) => true,
    }
}

/// When the machine was started, where it can be known.
pub(crate) fn boot_time() -> Option<SystemTime> {
    let statistics = std::fs::read_to_string("/proc/stat").ok()?;
    let seconds = statistics.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_an_impossible_one_is_not() {
        assert!(!process_is_gone(std::process::id()));
        assert!(process_is_gone(0));
        assert!(process_is_gone(i32::MAX.cast_unsigned()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_machine_was_started_in_the_past() {
        let boot = boot_time().expect("known on Linux");
        assert!(boot > SystemTime::UNIX_EPOCH && boot < SystemTime::now(), "{boot:?}");
    }
}

//! The lock file that other SDKs look at.
//!
//! A process in another pid namespace that shares the folder looks absent from here; that is why age counts too.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::Error;
use crate::fs::{FileError, LockFile, PrivateDir, boot_time, process_is_gone};
use crate::store::{Deadline, Pauses};

/// The file that other SDKs look at; it must not outlive its holder.
#[derive(Debug)]
pub(super) struct Courtesy {
    directory: Arc<PrivateDir>,
    name: String,
    file: LockFile,
}

impl Drop for Courtesy {
    fn drop(&mut self) {
        if let Err(error) = self.file.remove(&self.directory, &self.name) {
            tracing::warn!(%error, "a lock file stays behind; it is broken once it is old");
        }
    }
}

impl Courtesy {
    /// Makes the file, for whoever holds our own lock; waits for an SDK that has made one, and breaks a stale one.
    pub(super) fn hold(
        directory: &Arc<PrivateDir>,
        name: String,
        program: &str,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let content = format!("{} {program}", std::process::id());
        let mut pauses = Pauses::between(SHORTEST_PAUSE, LONGEST_PAUSE);
        let file = loop {
            if let Some(file) = LockFile::create(directory, &name, &content)? {
                break file;
            }
            if break_if_stale(directory, &name, SystemTime::now())? {
                continue;
            }
            if deadline.has_passed() {
                return Err(Error::Busy { path: directory.path().join(name) });
            }
            // Other SDKs ask four times a second at most; asking less and less often is soon enough.
            pauses.wait(deadline);
        };
        // Some SDKs make the file without asking whether it is new, and then lock it.
        file.try_hold()?;
        Ok(Self { directory: Arc::clone(directory), name, file })
    }
}

/// Removes a lock file that a dead process left behind; says whether it did.
fn break_if_stale(directory: &PrivateDir, name: &str, now: SystemTime) -> Result<bool, FileError> {
    let Some(left) = LockFile::open_existing(directory, name)? else { return Ok(false) };
    if !left.try_hold()? || !is_abandoned(&left.content()?) || !is_old(left.modified()?, now, boot_time()) {
        return Ok(false);
    }
    // The second look: only the very file that was judged is removed.
    let removed = left.remove(directory, name)?;
    if removed {
        tracing::info!(file = name, "broke the lock file of a process that is gone");
    }
    Ok(removed)
}

/// Whether the process that the content names is gone.
///
/// Our own id is abandoned too: our lock on the other file says that nobody else in this process is the holder, and
/// in a container the next process often has the same id.
fn is_abandoned(content: &str) -> bool {
    let pid: Option<u32> = content.split_whitespace().next().and_then(|pid| pid.parse().ok());
    pid.is_none_or(|pid| pid == std::process::id() || process_is_gone(pid))
}

/// Whether no holder from that time can be left; a process that is only being made has a new file.
fn is_old(modified: SystemTime, now: SystemTime, boot: Option<SystemTime>) -> bool {
    boot.is_some_and(|boot| modified < boot) || now.duration_since(modified).is_ok_and(|age| age > OLD)
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
const OLD: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_from_before_this_boot_is_old() {
        let boot = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let before = boot - Duration::from_secs(1);
        assert!(is_old(before, boot, Some(boot)));
        assert!(!is_old(boot, boot, Some(boot)));
        assert!(!is_old(before, boot, None));
    }

    #[test]
    fn a_lock_file_is_old_after_more_than_a_minute() {
        let made = SystemTime::UNIX_EPOCH;
        assert!(!is_old(made, made + OLD, None));
        // No clock is finer on some systems.
        let instant = Duration::from_nanos(100);
        assert!(is_old(made, made + OLD + instant, None));
        // One from the future has no age.
        assert!(!is_old(made + OLD * 2, made, None));
    }
}

//! Holding a cache against other processes (D12).
//!
//! Our own lock is the system's lock on `<file>.lock`, which ends with its holder. The file `<file>.lockfile` is a
//! courtesy to SDKs that know nothing else: it is made exclusively, names its holder, and may be left behind by one
//! that is killed.
//!
//! A process in another pid namespace that shares the folder looks absent from here; that is why age counts too.
#![cfg_attr(not(feature = "seams"), expect(unreachable_pub, reason = "public where parts can be replaced"))]

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::Error;
use crate::fs::{FileError, LockFile, PrivateDir, boot_time, process_is_gone};
use crate::location::Location;
use crate::store::Deadline;

/// Proof that the cache is held; every write asks for one. Dropping it gives the cache back.
#[derive(Debug)]
pub struct LockGuard {
    // Dropped in this order: the courtesy must be gone before the next holder makes its own.
    _courtesy: Option<Courtesy>,
    own: Option<LockFile>,
}

impl LockGuard {
    /// A guard that holds nothing, for tests and for parts that are wrong on purpose.
    #[cfg(any(test, feature = "seams"))]
    #[doc(hidden)]
    pub fn without_lock() -> Self {
        Self { _courtesy: None, own: None }
    }

    /// Gives the cache back and leaves no lock file behind.
    pub(crate) fn release_without_trace(
        self,
        directory: &PrivateDir,
        location: &Location,
    ) -> Result<(), FileError> {
        if let Some(own) = &self.own {
            // Whoever waits for this file sees that its name is gone, and opens the next one.
            own.remove(directory, &location.lock())?;
        }
        Ok(())
    }
}

/// The way a cache is held.
pub trait Locking: fmt::Debug + Send + Sync {
    /// Waits until nobody else holds the cache, and holds it.
    ///
    /// - If it is not free before the deadline, returns [`Error::Busy`] with the file that stands for the holder.
    /// - A holder that is alive is never robbed, however slow it is.
    fn acquire(
        &self,
        directory: &Arc<PrivateDir>,
        location: &Location,
        program: &str,
        deadline: Deadline,
    ) -> Result<LockGuard, Error>;
}

/// The locks of this system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLocking;

impl Locking for SystemLocking {
    fn acquire(
        &self,
        directory: &Arc<PrivateDir>,
        location: &Location,
        program: &str,
        deadline: Deadline,
    ) -> Result<LockGuard, Error> {
        let name = location.lock();
        let own = retry(directory.path(), &name, deadline, || {
            let file = LockFile::open(directory, &name)?;
            // A holder that cleared the cache removes its file; a lock on a file without a name excludes nobody.
            let held = file.try_hold()? && file.is_still(directory, &name)?;
            Ok(held.then_some(file))
        })?;

        let name = location.courtesy_lock();
        let content = format!("{} {program}", std::process::id());
        let file = retry(directory.path(), &name, deadline, || {
            if let Some(file) = LockFile::create(directory, &name, &content)? {
                return Ok(Some(file));
            }
            break_if_stale(directory, &name, SystemTime::now())?;
            LockFile::create(directory, &name, &content)
        })?;
        // Some SDKs make the file without asking whether it is new, and then lock it.
        file.try_hold()?;
        Ok(LockGuard {
            _courtesy: Some(Courtesy { directory: Arc::clone(directory), name, file }),
            own: Some(own),
        })
    }
}

/// The file that other SDKs look at; it must not outlive its holder.
#[derive(Debug)]
struct Courtesy {
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

/// Tries until it works or the deadline passes.
///
/// Neither kind of lock can be waited for with an end, so both are asked for again, less and less often.
fn retry<T>(
    directory: &Path,
    name: &str,
    deadline: Deadline,
    mut attempt: impl FnMut() -> Result<Option<T>, FileError>,
) -> Result<T, Error> {
    let mut pause = SHORTEST_PAUSE;
    loop {
        if let Some(held) = attempt()? {
            return Ok(held);
        }
        if deadline.has_passed() {
            return Err(Error::Busy { path: directory.join(name) });
        }
        thread::park_timeout(pause.min(deadline.remaining()));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Removes a lock file that a dead process left behind.
fn break_if_stale(directory: &PrivateDir, name: &str, now: SystemTime) -> Result<(), FileError> {
    let Some(left) = LockFile::open_existing(directory, name)? else { return Ok(()) };
    if !left.try_hold()? || !is_abandoned(&left.content()?) || !is_old(left.modified()?, now, boot_time()) {
        return Ok(());
    }
    // The second look: only the very file that was judged is removed.
    if left.remove(directory, name)? {
        tracing::info!(file = name, "broke the lock file of a process that is gone");
    }
    Ok(())
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

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests plant and inspect files")]
mod tests {
    use std::fs;

    use super::*;
    use crate::location::{Environment, Platform};

    struct Place {
        _home: tempfile::TempDir,
        directory: Arc<PrivateDir>,
        location: Location,
    }

    impl Place {
        fn new() -> Self {
            let home = tempfile::tempdir().expect("a folder");
            let environment = Environment {
                platform: Platform::current(),
                home: Some(home.path().to_owned()),
                ..Environment::default()
            };
            let location = Location::new(&environment, "a.nocae".to_owned()).expect("there is a home");
            let files = crate::fs::SystemFiles;
            let directory = crate::fs::Files::create_directory(&files, location.directory()).expect("made");
            Self { _home: home, directory: Arc::new(directory), location }
        }

        fn acquire(&self, milliseconds: u64) -> Result<LockGuard, Error> {
            let deadline = Deadline::after(Duration::from_millis(milliseconds));
            SystemLocking.acquire(&self.directory, &self.location, "test", deadline)
        }

        fn plant(&self, content: &str, age: Duration) -> std::path::PathBuf {
            let path = self.directory.path().join(self.location.courtesy_lock());
            fs::write(&path, content).expect("written");
            let file = fs::File::options().write(true).open(&path).expect("open");
            file.set_modified(SystemTime::now() - age).expect("set");
            path
        }
    }

    fn gone() -> String {
        format!("{} python", i32::MAX)
    }

    #[test]
    fn a_holder_names_itself_for_other_sdks_and_leaves_nothing_for_them_to_wait_for() {
        let place = Place::new();
        let guard = place.acquire(1000).expect("free");
        let path = place.directory.path().join("a.nocae.lockfile");
        assert_eq!(fs::read_to_string(&path).expect("there"), format!("{} test", std::process::id()));
        drop(guard);
        assert!(!path.exists());
    }

    #[test]
    fn a_second_holder_gets_busy_with_the_path_and_then_its_turn() {
        let place = Place::new();
        let guard = place.acquire(1000).expect("free");
        let error = place.acquire(20).expect_err("held");
        let expected = place.directory.path().join("a.nocae.lock");
        assert!(matches!(error, Error::Busy { path } if path == expected));
        drop(guard);
        place.acquire(1000).expect("free again");
    }

    #[test]
    fn an_old_lock_file_of_a_dead_process_is_broken() {
        for content in [gone(), format!("{} me", std::process::id()), String::new(), "garbage".to_owned()] {
            let place = Place::new();
            place.plant(&content, Duration::from_secs(61));
            place.acquire(1000).unwrap_or_else(|error| panic!("{content:?} {error:?}"));
        }
    }

    #[test]
    fn a_fresh_lock_file_of_a_dead_process_is_not_broken() {
        let place = Place::new();
        let path = place.plant(&gone(), Duration::from_secs(30));
        let error = place.acquire(20).expect_err("held");
        assert!(matches!(error, Error::Busy { path: busy } if busy == path));
        assert!(path.exists());
    }

    #[test]
    fn an_old_lock_file_of_a_living_process_is_not_broken() {
        let place = Place::new();
        let parent = std::os::unix::process::parent_id().max(1);
        let path = place.plant(&format!("{parent} slow"), Duration::from_secs(3600));
        let error = place.acquire(20).expect_err("held");
        assert!(matches!(error, Error::Busy { path: busy } if busy == path));
    }

    #[test]
    fn a_lock_file_that_somebody_has_locked_is_not_broken() {
        let place = Place::new();
        let path = place.plant("", Duration::from_secs(3600));
        let holder = fs::File::open(&path).expect("open");
        holder.lock().expect("locked");
        assert!(matches!(place.acquire(20).expect_err("held"), Error::Busy { .. }));
        drop(holder);
        place.acquire(1000).expect("free");
    }

    #[test]
    fn a_lock_file_from_before_this_boot_is_old() {
        let boot = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let before = boot - Duration::from_secs(1);
        assert!(is_old(before, boot, Some(boot)));
        assert!(!is_old(boot, boot, Some(boot)));
        assert!(!is_old(before, boot, None));
    }

    #[test]
    fn a_folder_that_was_removed_meanwhile_is_an_error_and_no_panic() {
        let place = Place::new();
        fs::remove_dir(place.directory.path()).expect("removed");
        let error = place.acquire(1000).expect_err("there is no place for a lock");
        assert!(matches!(error, Error::File { source: FileError::System { .. } }), "{error:?}");
    }

    #[test]
    fn whoever_waits_for_a_lock_file_that_is_removed_takes_the_next_one() {
        let place = Place::new();
        let guard = place.acquire(1000).expect("free");
        guard.release_without_trace(&place.directory, &place.location).expect("released");
        assert_eq!(fs::read_dir(place.directory.path()).expect("listed").count(), 0);
        place.acquire(1000).expect("free");
    }
}

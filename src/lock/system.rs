//! The way a cache is held.

use std::fmt;
use std::sync::Arc;

use super::courtesy::Courtesy;
use super::{LockGuard, turns};
use crate::Error;
use crate::fs::PrivateDir;
use crate::location::Location;
use crate::store::Deadline;

/// The way a cache is held.
pub trait Locking: fmt::Debug + Send + Sync {
    /// Waits until nobody else holds the cache, and holds it.
    ///
    /// - If it is not free before the deadline, returns [`Error::Busy`] with the file that stands for the holder.
    /// - A holder that is alive is never robbed, however slow it is.
    /// - Everybody who waits gets a turn, also beside somebody who comes back at once.
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
        let own = turns::hold(directory, &location.lock(), deadline)?;
        let courtesy = Courtesy::hold(directory, location.courtesy_lock(), program, deadline)?;
        Ok(LockGuard::new(own, courtesy))
    }
}

#[cfg(all(test, any(unix, windows)))]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests plant and inspect files")]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::fs::Living;
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
                local_app_data: Some(home.path().to_owned()),
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
        let living = Living::start();
        let path = place.plant(&format!("{} slow", living.id()), Duration::from_secs(3600));
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

    // A folder that is held open cannot be removed there.
    #[test]
    #[cfg(not(windows))]
    fn a_folder_that_was_removed_meanwhile_is_an_error_and_no_panic() {
        let place = Place::new();
        fs::remove_dir(place.directory.path()).expect("removed");
        let error = place.acquire(1000).expect_err("there is no place for a lock");
        assert!(matches!(error, Error::File { source: crate::FileError::System { .. } }), "{error:?}");
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

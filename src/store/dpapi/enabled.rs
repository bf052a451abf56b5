//! The data protection of Windows as a [`Store`]: its blob is the content of the cache's file.

#[expect(unsafe_code, reason = "the calls of the data protection")]
mod ffi;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::error::{Call, obstacle};
use crate::fs::{Files, MAXIMUM_BYTES, SystemFiles};
use crate::store::{Breakage, Deadline, Interaction, Obstacle, Store};
use crate::{Location, LockGuard, SecretBytes};

/// A file whose content the system encrypts for this user.
#[derive(Debug)]
pub struct DpapiStore {
    files: Arc<dyn Files>,
    directory: PathBuf,
    name: String,
}

impl DpapiStore {
    /// The store of the cache at `location`.
    ///
    /// # Errors
    ///
    /// None here; [`Obstacle::NotBuilt`] on a platform without this protection.
    pub fn new(location: &Location) -> Result<Self, Obstacle> {
        Self::over(Arc::new(SystemFiles), location)
    }

    pub(crate) fn over(files: Arc<dyn Files>, location: &Location) -> Result<Self, Obstacle> {
        Ok(Self { files, directory: location.directory().to_owned(), name: location.file().to_owned() })
    }

    fn blob(&self) -> Result<Option<SecretBytes>, Obstacle> {
        let Some(directory) = self.files.open_directory(&self.directory)? else { return Ok(None) };
        let blob = self.files.read_private(&directory, &self.name)?;
        Ok(blob.filter(|blob| !blob.is_empty()))
    }
}

impl Store for DpapiStore {
    fn probe(&self, _interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        let blob = call(Call::Protect, PROBE, deadline)?;
        let read = call(Call::Unprotect, blob.expose(), deadline)?;
        if read.expose() == PROBE { Ok(()) } else { Err(Breakage::ReadBackDiffers.into()) }
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        let mut blob = self.blob()?;
        loop {
            let Some(bytes) = &blob else { return Ok(None) };
            match call(Call::Unprotect, bytes.expose(), deadline) {
                Ok(read) => return Ok(Some(read)),
                Err(obstacle @ Obstacle::Unreadable { .. }) => {
                    thread::park_timeout(MOMENT.min(deadline.remaining()));
                    let now = self.blob()?;
                    // Only what changes is being written.
                    if now == blob {
                        return Err(obstacle);
                    }
                    blob = now;
                }
                Err(obstacle) => return Err(obstacle),
            }
        }
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        if bytes.len() as u64 > MAXIMUM_BYTES {
            return Err(Breakage::TooLarge { bytes: bytes.len() }.into());
        }
        let blob = call(Call::Protect, bytes.expose(), deadline)?;
        // What could not be read again is not written either.
        if blob.len() as u64 > MAXIMUM_BYTES {
            return Err(Breakage::TooLarge { bytes: blob.len() }.into());
        }
        let directory = self.files.create_directory(&self.directory)?;
        Ok(self.files.replace_private(lock, &directory, &self.name, &blob)?)
    }

    fn clear(&self, lock: &LockGuard, _deadline: Deadline) -> Result<(), Obstacle> {
        let Some(directory) = self.files.open_directory(&self.directory)? else { return Ok(()) };
        self.files.remove(lock, &directory, &self.name)?;
        Ok(())
    }
}

fn call(call: Call, bytes: &[u8], deadline: Deadline) -> Result<SecretBytes, Obstacle> {
    if deadline.has_passed() {
        return Err(Breakage::TimedOut { call: call.name() }.into());
    }
    ffi::call(call, bytes).map_err(|code| obstacle(call, code))
}

const PROBE: &[u8] = b"token-cache";

/// Longer than it takes to write a file in place.
const MOMENT: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::path::Path;
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;
    use crate::fs::{FileError, FileState, NotedFile, PrivateDir};
    use crate::{Environment, Platform};

    struct Place {
        _home: tempfile::TempDir,
        location: Location,
        lock: LockGuard,
    }

    impl Place {
        fn new() -> Self {
            let home = tempfile::tempdir().expect("a folder");
            let environment = Environment {
                platform: Platform::Windows,
                local_app_data: Some(home.path().to_owned()),
                ..Environment::default()
            };
            let location = Location::new(&environment, "a.nocae".to_owned()).expect("there is a place");
            Self { _home: home, location, lock: LockGuard::without_lock() }
        }

        fn store(&self) -> DpapiStore {
            DpapiStore::new(&self.location).expect("built for this platform")
        }

        fn write(&self, bytes: &[u8]) {
            self.store().write(&self.lock, &bytes.to_vec().into(), soon()).expect("written");
        }

        fn read(&self) -> Result<Option<SecretBytes>, Obstacle> {
            self.store().read(soon())
        }

        fn blob(&self) -> Vec<u8> {
            self.store().blob().expect("read").expect("there").expose().to_vec()
        }

        fn plant(&self, blob: &[u8]) {
            let directory = SystemFiles.create_directory(self.location.directory()).expect("made");
            let blob = SecretBytes::from(blob.to_vec());
            SystemFiles.replace_private(&self.lock, &directory, "a.nocae", &blob).expect("written");
        }
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(30))
    }

    #[test]
    fn what_is_written_is_read_back_and_is_not_in_the_file() {
        let place = Place::new();
        assert_eq!(place.read().expect("read"), None);
        place.store().probe(Interaction::Never, soon()).expect("usable");
        assert!(!place.location.directory().exists());

        let secret = b"a token that is long enough to be found";
        place.write(secret);
        assert_eq!(place.read().expect("read"), Some(secret.to_vec().into()));
        let blob = place.blob();
        let found = |needle: &[u8]| blob.windows(needle.len()).any(|window| window == needle);
        assert!(!found(&secret[..8]) && blob.len() > secret.len());

        place.write(secret);
        assert_ne!(place.blob(), blob, "no two blobs of the same bytes are the same");
        place.store().clear(&place.lock, soon()).expect("cleared");
        assert_eq!(place.read().expect("read"), None);
    }

    #[test]
    fn a_blob_that_is_cut_off_anywhere_is_unreadable_and_an_empty_one_is_none() {
        let place = Place::new();
        place.write(b"token");
        let whole = place.blob();
        for length in 1..whole.len() {
            let read = call(Call::Unprotect, &whole[..length], soon());
            assert!(matches!(read, Err(Obstacle::Unreadable { .. })), "{length} {read:?}");
        }
        place.plant(&whole[..whole.len() / 2]);
        let read = place.read();
        assert!(matches!(read, Err(Obstacle::Unreadable { .. })), "{read:?}");
        place.plant(b"");
        assert_eq!(place.read().expect("read"), None);
    }

    #[test]
    fn what_is_no_blob_is_unreadable_and_left_alone() {
        let place = Place::new();
        for garbage in [&b"{\"AccessToken\": {}}"[..], &[0; 300], &[0xff; 1]] {
            place.plant(garbage);
            let read = place.read();
            assert!(matches!(read, Err(Obstacle::Unreadable { .. })), "{read:?}");
            assert_eq!(place.blob(), garbage);
        }
    }

    #[test]
    fn what_is_protected_with_entropy_or_by_a_dialogue_s_leave_is_not_asked_for() {
        // Not for the machine (4), not audited (16): the one flag forbids dialogues (1).
        assert_eq!(ffi::FLAGS, 1);
    }

    #[test]
    fn a_passed_deadline_is_a_time_out() {
        let place = Place::new();
        place.write(b"token");
        let now = Deadline::after(Duration::ZERO);
        for obstacle in [
            place.store().probe(Interaction::Never, now).err(),
            place.store().read(now).err(),
            place.store().write(&place.lock, &b"x".to_vec().into(), now).err(),
        ] {
            assert!(matches!(obstacle, Some(Obstacle::Broken(Breakage::TimedOut { .. }))), "{obstacle:?}");
        }
        assert_eq!(place.read().expect("read"), Some(b"token".to_vec().into()));
    }

    #[test]
    fn more_than_a_cache_may_have_is_refused_before_it_is_protected() {
        let place = Place::new();
        let bytes = usize::try_from(MAXIMUM_BYTES).expect("it fits") + 1;
        let error = place.store().write(&place.lock, &vec![0; bytes].into(), soon()).expect_err("refused");
        assert!(
            matches!(error, Obstacle::Broken(Breakage::TooLarge { bytes: told }) if told == bytes),
            "{error:?}"
        );
        assert!(!place.location.directory().exists());
    }

    #[test]
    fn a_blob_that_another_program_is_writing_is_read_once_it_is_whole() {
        let place = Place::new();
        place.write(b"token");
        let whole = place.blob();
        let seen = [&whole[..10], &whole[..90], &whole[..]].map(<[u8]>::to_vec);
        let files = Written(Mutex::new(VecDeque::from(seen)));
        let store = DpapiStore::over(Arc::new(files), &place.location).expect("built for this platform");
        assert_eq!(store.read(soon()).expect("read"), Some(b"token".to_vec().into()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
            let blob = call(Call::Protect, &bytes, soon()).expect("protected");
            let read = call(Call::Unprotect, blob.expose(), soon()).expect("unprotected");
            prop_assert_eq!(read.expose(), &bytes[..]);
        }

        #[test]
        fn an_altered_blob_is_never_other_bytes(at: prop::sample::Index, bit in 0..8) {
            let secret = b"token";
            let mut blob = call(Call::Protect, secret, soon()).expect("protected").expose().to_vec();
            let at = at.index(blob.len());
            blob[at] ^= 1_u8 << bit;
            match call(Call::Unprotect, &blob, soon()) {
                // Not every byte of its head is looked at.
                Ok(read) => prop_assert_eq!(read.expose(), secret),
                Err(obstacle) => prop_assert!(matches!(obstacle, Obstacle::Unreadable { .. }), "{:?}", obstacle),
            }
        }
    }

    /// Files whose content is another one at each reading, but for the last.
    #[derive(Debug)]
    struct Written(Mutex<VecDeque<Vec<u8>>>);

    impl Files for Written {
        fn open_directory(&self, path: &Path) -> Result<Option<PrivateDir>, FileError> {
            SystemFiles.open_directory(path)
        }

        fn create_directory(&self, path: &Path) -> Result<PrivateDir, FileError> {
            SystemFiles.create_directory(path)
        }

        fn look(&self, directory: &PrivateDir, name: &str) -> Result<Option<FileState>, FileError> {
            SystemFiles.look(directory, name)
        }

        fn read_private(&self, _: &PrivateDir, _: &str) -> Result<Option<SecretBytes>, FileError> {
            let mut contents = self.0.lock().expect("not poisoned");
            let content = if contents.len() > 1 { contents.pop_front() } else { contents.front().cloned() };
            Ok(content.map(SecretBytes::from))
        }

        fn replace_private(
            &self,
            lock: &LockGuard,
            directory: &PrivateDir,
            name: &str,
            bytes: &SecretBytes,
        ) -> Result<(), FileError> {
            SystemFiles.replace_private(lock, directory, name, bytes)
        }

        fn note(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<NotedFile, FileError> {
            SystemFiles.note(lock, directory, name)
        }

        fn remove(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
            SystemFiles.remove(lock, directory, name)
        }

        fn sweep(&self, lock: &LockGuard, directory: &PrivateDir, name: &str) -> Result<usize, FileError> {
            SystemFiles.sweep(lock, directory, name)
        }

        fn has_temporary(&self, directory: &PrivateDir, name: &str) -> Result<bool, FileError> {
            SystemFiles.has_temporary(directory, name)
        }

        fn listed_as(&self, directory: &PrivateDir, name: &str) -> Result<Option<String>, FileError> {
            SystemFiles.listed_as(directory, name)
        }
    }
}

//! A file that is open and is what it should be.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::windows::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND};
use windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_REPARSE_POINT;

use super::directory::PrivateDir;
use super::ffi::{self, Identity, Purpose, Which};
use super::patience::{Until, is, patiently};
use super::private;
use crate::SecretBytes;
use crate::fs::security_descriptor::{Inheritance, Openness};
use crate::fs::{FileError, Finding, MAXIMUM_BYTES};

/// A file that was checked: regular, our own, with one name.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) file: File,
    pub(super) metadata: Metadata,
    pub(super) identity: Identity,
    pub(super) openness: Openness,
    pub(super) path: PathBuf,
}

impl Checked {
    /// Opens a file that is there, and waits for those who do not share it.
    pub(super) fn open(
        directory: &PrivateDir,
        name: &str,
        purpose: Purpose,
    ) -> Result<Option<Self>, FileError> {
        let path = directory.path_of(name);
        match patiently(Until::Shared, || ffi::open(&path, purpose, Which::Existing)) {
            Ok(file) => Self::of(file, path).map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            // Of a folder, a reader is told the same as of a file that it has no right to.
            Err(error) if is(&error, ERROR_ACCESS_DENIED) && purpose != Purpose::Look => {
                Self::open(directory, name, Purpose::Look)?;
                Err(FileError::system("open", &path, error))
            }
            Err(error) => Err(FileError::system("open", &path, error)),
        }
    }

    pub(super) fn of(file: File, path: PathBuf) -> Result<Self, FileError> {
        let look = |error| FileError::system("look at", &path, error);
        let metadata = file.metadata().map_err(look)?;
        let identity = ffi::identity(&file).map_err(look)?;
        if let Some(finding) = unsafe_finding(&metadata, identity) {
            return Err(FileError::not_safe(&path, finding));
        }
        let openness = private::openness(&file, &path)?;
        Ok(Self { file, metadata, identity, openness, path })
    }

    pub(super) fn modified(&self) -> Result<SystemTime, FileError> {
        self.metadata.modified().map_err(|error| FileError::system("look at", &self.path, error))
    }

    /// When the system last noted a change.
    pub(super) fn touched(&self) -> Result<SystemTime, FileError> {
        let time = ffi::change_time(&self.file);
        Ok(moment(time.map_err(|error| FileError::system("look at", &self.path, error))?))
    }

    /// Takes every right of others away, and makes sure that it is gone.
    pub(super) fn make_private(&self) -> Result<(), FileError> {
        private::make_private(&self.file, &self.path, Inheritance::Nothing)
    }

    /// Reads everything, into memory that is made once: a buffer that grows leaves copies behind.
    pub(super) fn read(&self) -> Result<SecretBytes, FileError> {
        let size = self.metadata.len();
        if size > MAXIMUM_BYTES {
            let path = self.path.clone();
            return Err(FileError::TooLarge { path, bytes: size, limit: MAXIMUM_BYTES });
        }
        let capacity = usize::try_from(size).expect("the greatest size fits into memory addresses");
        let mut bytes = Vec::with_capacity(capacity + 1);
        let read = (&self.file).take(size).read_to_end(&mut bytes);
        let bytes = SecretBytes::from(bytes);
        read.map_err(|error| FileError::system("read", &self.path, error))?;
        Ok(bytes)
    }
}

/// Whether there is no such file, or no such folder for it.
pub(super) fn is_missing(error: &io::Error) -> bool {
    is(error, ERROR_FILE_NOT_FOUND) || is(error, ERROR_PATH_NOT_FOUND)
}

/// A link of any kind: a symbolic one, a junction, or another thing that leads somewhere else.
pub(super) fn is_link(metadata: &Metadata) -> bool {
    metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0
}

/// A time as the system counts it: in steps of 100 nanoseconds since 1601. One from before the epoch is as good as one
/// from the epoch.
fn moment(time: i64) -> SystemTime {
    let steps = u64::try_from(time.saturating_sub(UNIX_EPOCH)).unwrap_or_default();
    let since =
        Duration::new(steps / SECOND, u32::try_from(steps % SECOND).expect("less than a second") * 100);
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn unsafe_finding(metadata: &Metadata, identity: Identity) -> Option<Finding> {
    if is_link(metadata) {
        return Some(Finding::Link);
    }
    if !metadata.is_file() {
        return Some(Finding::Kind { found: "a folder", expected: "a file" });
    }
    // None at all is a file that was replaced since it was opened: the old bytes, which a reader may have.
    (identity.links > 1).then(|| Finding::HardLinks { links: u64::from(identity.links) })
}

const SECOND: u64 = 10_000_000;
const UNIX_EPOCH: i64 = 11_644_473_600 * 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_where_the_system_counts_them() {
        assert_eq!(moment(UNIX_EPOCH), SystemTime::UNIX_EPOCH);
        assert_eq!(moment(UNIX_EPOCH + 15), SystemTime::UNIX_EPOCH + Duration::from_nanos(1500));
        for odd in [0, i64::MIN, -1] {
            assert_eq!(moment(odd), SystemTime::UNIX_EPOCH);
        }
        assert!(moment(i64::MAX) > SystemTime::UNIX_EPOCH);
    }
}

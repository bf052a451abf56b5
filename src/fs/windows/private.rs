//! Owner and rights of what is open: found, judged, taken away.

use std::fs::File;
use std::io;
use std::path::Path;

use super::ffi::{self, Descriptor};
use crate::fs::security_descriptor::{Inheritance, Openness, SecurityDescriptor};
use crate::fs::{FileError, Finding, Sid};

/// The descriptor of something that only this user, the system and the administrators can use.
pub(super) fn private(inheritance: Inheritance) -> io::Result<Descriptor> {
    Ok(Descriptor::new(&SecurityDescriptor::private(&user()?, inheritance)))
}

/// How far an open file or folder is open to others.
///
/// # Errors
///
/// [`FileError::Unsafe`] if somebody owns it who is neither the user, nor the system, nor an administrator.
pub(super) fn openness(file: &File, path: &Path) -> Result<Openness, FileError> {
    let look = |error| FileError::system("look at the rights of", path, error);
    let user = user().map_err(look)?;
    let bytes = ffi::security(file).map_err(look)?;
    let unknown = || FileError::not_safe(path, Finding::UnknownRights);
    let descriptor = SecurityDescriptor::from_bytes(&bytes).ok_or_else(unknown)?;
    match descriptor.foreign_owner(&user) {
        Some(finding) => Err(FileError::not_safe(path, finding)),
        None => Ok(descriptor.openness(&user)),
    }
}

/// Takes every right of others away, and makes sure that it is gone.
pub(super) fn make_private(file: &File, path: &Path, inheritance: Inheritance) -> Result<(), FileError> {
    if openness(file, path)? == Openness::Private {
        return Ok(());
    }
    private(inheritance)
        .and_then(|descriptor| ffi::set_access_list(file, &descriptor))
        .map_err(|error| FileError::system("make private", path, error))?;
    verify_private(file, path)
}

/// Makes sure that what was made private is.
pub(super) fn verify_private(file: &File, path: &Path) -> Result<(), FileError> {
    match openness(file, path)? {
        Openness::Private => Ok(()),
        Openness::Readable | Openness::Writable(_) => Err(FileError::not_safe(path, Finding::ModesIgnored)),
    }
}

pub(super) fn user() -> io::Result<Sid> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "the user has no security identifier");
    Sid::from_bytes(&ffi::user()?).ok_or_else(invalid)
}

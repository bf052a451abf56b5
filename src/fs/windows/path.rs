//! Paths as Windows wants them.

use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::{Component, Path, Prefix};

/// The path in UTF-16, with a zero at its end, in the form that is taken as it is: of any length, with no device names
/// and no repairs in it.
///
/// # Errors
///
/// `InvalidInput` for a path with a zero in it, or one that is relative: nothing is said of what lies where.
pub(super) fn verbatim(path: &Path) -> io::Result<Vec<u16>> {
    let absolute = std::path::absolute(path)?;
    let plain = absolute.as_os_str().encode_wide();
    let Some(Component::Prefix(prefix)) = absolute.components().next() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut wide: Vec<u16> = match prefix.kind() {
        Prefix::Disk(_) => r"\\?\".encode_utf16().chain(plain).collect(),
        // The two slashes at the beginning give way to the long form.
        Prefix::UNC(..) => r"\\?\UNC\".encode_utf16().chain(plain.skip(2)).collect(),
        Prefix::Verbatim(_) | Prefix::VerbatimDisk(_) | Prefix::VerbatimUNC(..) => plain.collect(),
        Prefix::DeviceNS(_) => return Err(io::ErrorKind::InvalidInput.into()),
    };
    if !path.is_absolute() || wide.contains(&0) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    wide.push(0);
    Ok(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> Option<String> {
        let wide = verbatim(Path::new(path)).ok()?;
        let (end, path) = wide.split_last().expect("there is a zero at its end");
        assert_eq!(*end, 0);
        Some(String::from_utf16(path).expect("it was a string"))
    }

    #[test]
    fn a_path_is_given_in_the_form_that_is_taken_as_it_is() {
        assert_eq!(shown(r"C:\Users\a\b.nocae").as_deref(), Some(r"\\?\C:\Users\a\b.nocae"));
        assert_eq!(shown(r"C:/Users/a").as_deref(), Some(r"\\?\C:\Users\a"));
        assert_eq!(shown(r"\\server\share\a").as_deref(), Some(r"\\?\UNC\server\share\a"));
        assert_eq!(shown(r"\\?\C:\a").as_deref(), Some(r"\\?\C:\a"));
    }

    #[test]
    fn relative_paths_devices_and_zeros_are_refused() {
        for path in ["a", r"\a", "C:a", r"\\.\pipe\a", "C:\\a\0b", ""] {
            assert_eq!(shown(path), None, "{path:?}");
        }
    }
}

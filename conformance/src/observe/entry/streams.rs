//! The names of the streams beside a file's content.

use std::{io, iter::once, os::windows::ffi::OsStrExt as _, path::Path};

use windows_sys::Win32::{
    Foundation::{ERROR_HANDLE_EOF, ERROR_INVALID_PARAMETER, HANDLE, INVALID_HANDLE_VALUE},
    Storage::FileSystem::{
        FindClose, FindFirstStreamW, FindNextStreamW, FindStreamInfoStandard, WIN32_FIND_STREAM_DATA,
    },
};

/// The names, such as `:name:$DATA`, to be put behind the path.
///
/// # Errors
///
/// Those of the system; that there are none, or none on such a file system, is no error.
pub(super) fn beside(path: &Path) -> io::Result<Vec<String>> {
    let wide: Vec<u16> = path.as_os_str().encode_wide().chain(once(0)).collect();
    let mut data = WIN32_FIND_STREAM_DATA::default();
    // SAFETY: the path ends with zero, and the structure is of the kind that is named.
    let handle =
        unsafe { FindFirstStreamW(wide.as_ptr(), FindStreamInfoStandard, (&raw mut data).cast(), 0) };
    if handle == INVALID_HANDLE_VALUE {
        return at_end().map(|()| Vec::new());
    }
    let search = Search(handle);
    let mut names = Vec::new();
    loop {
        let name = text(&data.cStreamName);
        if name != CONTENT {
            names.push(name);
        }
        // SAFETY: the handle is that of an open search, and the structure is of its kind.
        if unsafe { FindNextStreamW(search.0, (&raw mut data).cast()) } == 0 {
            return at_end().map(|()| names);
        }
    }
}

/// Whether the last call found no more, or none at all.
fn at_end() -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.raw_os_error().map(i32::cast_unsigned) {
        Some(ERROR_HANDLE_EOF | ERROR_INVALID_PARAMETER) => Ok(()),
        _ => Err(error),
    }
}

fn text(name: &[u16]) -> String {
    let end = name.iter().position(|unit| *unit == 0).unwrap_or(name.len());
    String::from_utf16_lossy(&name[..end])
}

/// A search that is open.
struct Search(HANDLE);

impl Drop for Search {
    fn drop(&mut self) {
        // SAFETY: the handle is that of an open search, which nobody else closes.
        unsafe { FindClose(self.0) };
    }
}

/// The stream that is the content itself.
const CONTENT: &str = "::$DATA";

//! Files and folders on Windows, which has neither modes nor, without a privilege, links.
//!
//! What is made is as private as the home that it is made in. A mode that says more than that is refused.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::windows::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Opens a file anew for writing, and no link.
pub(super) fn create(path: &Path, mode: u32) -> io::Result<File> {
    set_mode(path, mode)?;
    let mut options = OpenOptions::new();
    // Not emptied by opening: should a link be there, it would be gone by then.
    options.write(true).create(true).truncate(false).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    let file = options.open(path)?;
    if file.metadata()?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err(io::Error::other("a link is there"));
    }
    file.set_len(0)?;
    Ok(file)
}

/// Makes a folder.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

/// Refuses to make a symbolic link.
///
/// # Errors
///
/// Always: a privilege is needed, which the harness does not ask for.
pub(super) fn link(_target: &Path, _path: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "no links are planted on Windows"))
}

/// Accepts modes that leave everything to the user and nothing to others, as what is made here does.
///
/// # Errors
///
/// `Unsupported` for every other mode.
pub(super) fn set_mode(_path: &Path, mode: u32) -> io::Result<()> {
    match mode {
        0o600 | 0o700 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "no modes are planted on Windows")),
    }
}

/// A mode, as evidence says it after what has it: not at all.
pub(super) fn mode_text(_mode: u32) -> String {
    String::new()
}

const FILE_ATTRIBUTE_REPARSE_POINT: u32 = 0x400;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

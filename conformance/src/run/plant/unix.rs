//! Files, folders and links on Unix, with the modes that a case wants.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink},
    path::Path,
};

/// Opens a file anew for writing, and no link.
pub(super) fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode).custom_flags(libc::O_NOFOLLOW);
    let file = options.open(path)?;
    // The mask of the harness must not decide what a case plants.
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file)
}

/// Makes a folder for the user alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Makes a symbolic link.
pub(super) fn link(target: &Path, path: &Path) -> io::Result<()> {
    symlink(target, path)
}

/// Gives a folder its mode.
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// A mode, as evidence says it after what has it.
pub(super) fn mode_text(mode: u32) -> String {
    format!(" with mode {mode:04o}")
}

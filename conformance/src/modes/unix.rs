//! Modes on Unix.

use std::{
    fs::{File, Metadata, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

pub(crate) use std::os::unix::fs::{DirBuilderExt as DirBuilderMode, OpenOptionsExt as OpenOptionsMode};

/// Gives an open file its mode.
pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// What tells a file from every other one.
pub(crate) fn identity(_: &Path, metadata: &Metadata) -> io::Result<(u64, u64)> {
    Ok((metadata.dev(), metadata.ino()))
}

//! Modes on Windows: accepted, and without effect.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions},
    io,
    path::Path,
};

use winapi_util::{Handle, file::information};

/// The mode of a file that is about to be made.
pub(crate) trait OpenOptionsMode {
    /// Takes note of a mode, which changes nothing.
    fn mode(&mut self, mode: u32) -> &mut Self;
}

impl OpenOptionsMode for OpenOptions {
    fn mode(&mut self, _: u32) -> &mut Self {
        self
    }
}

/// The mode of a folder that is about to be made.
pub(crate) trait DirBuilderMode {
    /// Takes note of a mode, which changes nothing.
    fn mode(&mut self, mode: u32) -> &mut Self;
}

impl DirBuilderMode for DirBuilder {
    fn mode(&mut self, _: u32) -> &mut Self {
        self
    }
}

/// Takes note of a mode, which changes nothing.
pub(crate) fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// What tells a file from every other one.
pub(crate) fn identity(path: &Path, _: &Metadata) -> io::Result<(u64, u64)> {
    let known = information(Handle::from_path_any(path)?)?;
    Ok((known.volume_serial_number(), known.file_index()))
}

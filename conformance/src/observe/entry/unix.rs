//! What Unix says of an entry.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::Path,
};

use rustix::fs::{lgetxattr, llistxattr};

use super::replaced;

/// The state of an entry, beside what every system says.
pub(super) struct State {
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) links: u64,
    pub(super) inode: u64,
    pub(super) modified: i64,
}

/// All of it is in what `lstat` said.
pub(super) fn state(_: &Path, metadata: &Metadata) -> io::Result<State> {
    Ok(State {
        mode: Some(metadata.mode() & 0o7777),
        uid: Some(metadata.uid()),
        gid: Some(metadata.gid()),
        links: metadata.nlink(),
        inode: metadata.ino(),
        modified: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
    })
}

/// The regular file that `lstat` saw, and no other.
pub(super) fn open(path: &Path, seen: &Metadata) -> io::Result<File> {
    // Without blocking: should the file have become a FIFO meanwhile, opening it must not wait for a writer.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let is_same = (metadata.dev(), metadata.ino()) == (seen.dev(), seen.ino());
    if is_same { Ok(file) } else { Err(replaced()) }
}

/// The bytes of the last part of a path.
pub(in super::super) fn name_bytes(path: &Path) -> Vec<u8> {
    path.file_name().map_or_else(Vec::new, |name| name.as_bytes().to_vec())
}

/// The extended attributes of an entry itself, not of what a link leads to.
pub(super) fn attributes(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut names = vec![0_u8; LARGEST_ATTRIBUTE];
    let length = match llistxattr(path, &mut names[..]) {
        Ok(length) => length,
        Err(error) if error == rustix::io::Errno::OPNOTSUPP => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let mut value = vec![0_u8; LARGEST_ATTRIBUTE];
    let attributes = names.map(|name| {
        let length = lgetxattr(path, std::ffi::OsStr::from_bytes(name), &mut value[..])?;
        Ok((String::from_utf8_lossy(name).into_owned(), value[..length].to_vec()))
    });
    attributes.collect()
}

/// `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of Linux.
const LARGEST_ATTRIBUTE: usize = 64 * 1024;

//! One entry of a file tree, looked at without following links and without opening what is no regular file.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::Path,
};

use rustix::fs::{lgetxattr, llistxattr};
use sha2::{Digest, Sha256};

use crate::observation::{EntryKind, TreeEntry};

/// What was seen of an entry.
pub(super) struct Look {
    /// Its state. Names and targets are as they are, canaries included.
    pub(super) entry: TreeEntry,
    /// Its content, where it is a regular file that could be read.
    pub(super) content: Option<Vec<u8>>,
    /// Its extended attributes.
    pub(super) attributes: Vec<(String, Vec<u8>)>,
    /// What could not be seen, in a few words each.
    pub(super) missed: Vec<String>,
}

/// Looks at an entry; what cannot be seen of it is said, never left out silently.
///
/// # Errors
///
/// The error of `lstat`: then nothing at all was seen.
pub(super) fn look(path: &Path) -> io::Result<Look> {
    let metadata = fs::symlink_metadata(path)?;
    let kind = kind(&metadata);
    let mut missed = Vec::new();
    let attributes = attributes(path).unwrap_or_else(|error| {
        missed.push(format!("extended attributes: {error}"));
        Vec::new()
    });
    let (mut content, mut target) = (None, None);
    match kind {
        EntryKind::File => match read(path, &metadata) {
            Ok(bytes) => content = Some(bytes),
            Err(error) => missed.push(format!("content: {error}")),
        },
        EntryKind::Symlink => match fs::read_link(path) {
            Ok(leads_to) => target = Some(leads_to.to_string_lossy().into_owned()),
            Err(error) => missed.push(format!("target: {error}")),
        },
        EntryKind::Directory | EntryKind::Special => {}
    }
    let digests: BTreeMap<String, String> =
        attributes.iter().map(|(name, value)| (name.clone(), sha256(value))).collect();
    let entry = TreeEntry {
        path: path.to_string_lossy().into_owned(),
        kind,
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        size: metadata.size(),
        links: metadata.nlink(),
        inode: metadata.ino(),
        modified: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
        sha256: content.as_deref().map(sha256),
        target,
        attributes: digests,
    };
    Ok(Look { entry, content, attributes, missed })
}

fn kind(metadata: &Metadata) -> EntryKind {
    let file_type = metadata.file_type();
    if file_type.is_file() {
        EntryKind::File
    } else if file_type.is_dir() {
        EntryKind::Directory
    } else if file_type.is_symlink() {
        EntryKind::Symlink
    } else {
        EntryKind::Special
    }
}

/// The content of the regular file that `lstat` saw, and of no other.
fn read(path: &Path, seen: &Metadata) -> io::Result<Vec<u8>> {
    // Without blocking: should the file have become a FIFO meanwhile, opening it must not wait for a writer.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if (metadata.dev(), metadata.ino()) != (seen.dev(), seen.ino()) {
        return Err(io::Error::other("the file was replaced while it was looked at"));
    }
    let mut content = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!("the file is larger than {LARGEST_FILE} bytes")));
    }
    Ok(content)
}

/// The extended attributes of an entry itself, not of what a link leads to.
fn attributes(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
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

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every character");
        text
    })
}

/// What is larger is said to be missed: a token cache is not, and a sparse file could be of any size.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of Linux.
const LARGEST_ATTRIBUTE: usize = 64 * 1024;

//! One entry of a file tree, looked at without following links and without opening what is no regular file.

//!
//! | file | holds |
//! |---|---|
//! | `unix` | mode, owner, inode and extended attributes |
//! | `windows` | the number of a file, which has neither mode nor owner in numbers |
//! | `streams` | what lies beside a file's content there; unsafe code |

#[cfg(windows)]
#[expect(unsafe_code, reason = "the list of streams has no safe wrapper")]
mod streams;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File, Metadata},
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

pub(super) use self::system::name_bytes;
use crate::observation::{EntryKind, TreeEntry, path_text};

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
    let attributes = system::attributes(path).unwrap_or_else(|error| {
        missed.push(format!("extended attributes: {error}"));
        Vec::new()
    });
    let (mut content, mut target) = (None, None);
    match kind {
        EntryKind::File => match system::open(path, &metadata).and_then(read) {
            Ok(bytes) => content = Some(bytes),
            Err(error) => missed.push(format!("content: {error}")),
        },
        EntryKind::Symlink => match fs::read_link(path) {
            Ok(leads_to) => target = Some(path_text(&leads_to)),
            Err(error) => missed.push(format!("target: {error}")),
        },
        EntryKind::Directory | EntryKind::Special => {}
    }
    let digests: BTreeMap<String, String> =
        attributes.iter().map(|(name, value)| (name.clone(), sha256(value))).collect();
    let system::State { mode, uid, gid, links, inode, modified } = system::state(path, &metadata)?;
    let entry = TreeEntry {
        path: path_text(path),
        kind,
        mode,
        uid,
        gid,
        size: metadata.len(),
        links,
        inode,
        modified,
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

/// The content of an open file.
fn read(file: File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!("the file is larger than {LARGEST_FILE} bytes")));
    }
    Ok(content)
}

fn replaced() -> io::Error {
    io::Error::other("the file was replaced while it was looked at")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every character");
        text
    })
}

/// What is larger is said to be missed: a token cache is not, and a sparse file could be of any size.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

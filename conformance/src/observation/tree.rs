//! The state of one file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One entry of a file tree, without its content.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct TreeEntry {
    /// The absolute path.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its permission bits, where the system has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Its owner, where the system has numbers for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Its group, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Its size in bytes.
    pub size: u64,
    /// Its number of hard links.
    pub links: u64,
    /// Its inode: the same across snapshots means the same file.
    pub inode: u64,
    /// When it was modified, nanoseconds since the epoch.
    pub modified: i64,
    /// SHA-256 of its content, hexadecimal; files only.
    pub sha256: Option<String>,
    /// Where it leads; symbolic links only.
    pub target: Option<String>,
    /// Extended attributes: their names with the SHA-256 of their values.
    pub attributes: BTreeMap<String, String>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A FIFO, socket or device.
    Special,
}

impl EntryKind {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "folder",
            Self::Symlink => "link",
            Self::Special => "special file",
        }
    }
}

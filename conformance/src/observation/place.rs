//! Where and how a canary was seen.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SessionIndex, Snapshot};

/// Where a canary was seen.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum SightingPlace {
    /// In the content of a file.
    File {
        /// When.
        snapshot: Snapshot,
        /// The file.
        path: String,
        /// Where in it.
        offset: u64,
    },
    /// In the name of a file or the target of a link.
    FileName {
        /// When.
        snapshot: Snapshot,
        /// The file.
        path: String,
    },
    /// In an extended attribute.
    ExtendedAttribute {
        /// When.
        snapshot: Snapshot,
        /// The file.
        path: String,
        /// The attribute's name.
        attribute: String,
    },
    /// In bytes that a process wrote, or that a file without a name held when its writer ended.
    Write {
        /// The file as its descriptor named it, `(deleted)` included.
        path: String,
        /// The process.
        pid: u32,
        /// The mode of the file when it was written.
        mode: u32,
    },
    /// On standard output, outside protocol lines or outside the values that replies may carry.
    StandardOutput {
        /// Where in the session's output.
        offset: u64,
    },
    /// On standard error.
    StandardError {
        /// Where in the session's output.
        offset: u64,
    },
    /// In an error or a rendered text of a reply.
    Reply {
        /// The step of the session, from 0.
        step: usize,
        /// The member, such as `error.native.message`.
        member: String,
    },
    /// In an argument of a process.
    Argument {
        /// The process.
        pid: u32,
        /// The program.
        program: String,
        /// Which argument, from 0.
        index: usize,
    },
    /// In a variable of a process's environment.
    Environment {
        /// The process.
        pid: u32,
        /// The program.
        program: String,
        /// The variable.
        name: String,
    },
    /// In the bytes of a message on the bus.
    BusMessage {
        /// The member that was called, signalled or answered.
        member: String,
    },
    /// In the secret of a keyring item.
    KeyringSecret {
        /// When.
        snapshot: Snapshot,
        /// The item's object path.
        item: String,
    },
    /// In a label or an attribute of a keyring item.
    KeyringAttribute {
        /// When.
        snapshot: Snapshot,
        /// The item's object path.
        item: String,
        /// The attribute, or `label`.
        attribute: String,
    },
    /// In a request to the token authority.
    Request {
        /// The path of the request.
        path: String,
        /// The form field, header or `query`.
        field: String,
    },
    /// In what a fresh process found in relocated files. Liveness only: cases judge a reply.
    RelocatedFile {
        /// The session.
        session: Option<SessionIndex>,
        /// The file.
        path: String,
    },
}

/// How a canary was written down where it was seen.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Byte for byte.
    Raw,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Hexadecimal, either case.
    Hex,
    /// Base64, either alphabet, any alignment, across line breaks.
    Base64,
    /// Percent-encoding.
    Percent,
    /// JSON escapes.
    JsonEscape,
    /// Inside a gzip stream.
    Gzip,
    /// Inside a zlib stream.
    Zlib,
    /// Reversed.
    Reversed,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Raw => "raw",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Percent => "percent-encoded",
            Self::JsonEscape => "JSON-escaped",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Reversed => "reversed",
        })
    }
}

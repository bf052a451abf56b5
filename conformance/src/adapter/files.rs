//! The files of one adapter, embedded in this binary or read from a folder.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::system;

/// Every file of an adapter: its path below the adapter's folder, with `/`, and its content.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AdapterFiles(BTreeMap<String, Vec<u8>>);

impl AdapterFiles {
    /// Files by path.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self(files.into_iter().collect())
    }

    /// The files below a folder, without hidden ones, byte code and symbolic links.
    ///
    /// # Errors
    ///
    /// [`ReadError`] names the file and why.
    pub(super) fn read(folder: &Path) -> Result<Self, ReadError> {
        let mut files = Self::default();
        files.add_folder(folder, "")?;
        Ok(files)
    }

    /// The content of a file.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// The content of a file that is text.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(path)?).ok()
    }

    /// A short digest of all paths and contents.
    pub(super) fn digest(&self) -> String {
        digest(self.0.iter().flat_map(|(path, content)| [path.as_bytes(), content.as_slice()]))
    }

    /// Writes all files below a folder. Embedding keeps no modes: what begins as a script is made executable.
    pub(super) fn write_below(&self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
        for (path, content) in &self.0 {
            let path = folder.join(path);
            write(&path, content).map_err(|source| (path, source))?;
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), ReadError> {
        let unreadable = |source| ReadError::Unreadable { path: folder.into(), source };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                return Err(ReadError::Name { path });
            };
            if name.starts_with('.') || name == "__pycache__" {
                continue;
            }
            let unreadable = |source| ReadError::Unreadable { path: path.clone(), source };
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                self.add_folder(&path, &format!("{prefix}{name}/"))?;
            } else if kind.is_file() {
                let size = entry.metadata().map_err(unreadable)?.len();
                if size > MAX_FILE_BYTES || self.0.len() >= MAX_FILES {
                    return Err(ReadError::TooMuch { path });
                }
                self.0.insert(format!("{prefix}{name}"), fs::read(&path).map_err(unreadable)?);
            }
        }
        Ok(())
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("a path below a folder has a parent"))?;
    fs::write(path, content)?;
    if content.starts_with(b"#!") {
        system::make_executable(path)?;
    }
    Ok(())
}

/// A short digest of a list of byte strings.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that no two lists have the same bytes.
        hash.update(u64::try_from(part.len()).expect("memory is smaller than 2^64 bytes").to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

/// Why a folder is no adapter's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A name is not UTF-8.
    #[error("the name of {} is not UTF-8", path.display())]
    Name {
        /// Which.
        path: PathBuf,
    },
    /// More than an adapter can need.
    #[error(
        "{} is too large, or one file too many: an adapter has at most {MAX_FILES} files of {MAX_FILE_BYTES} bytes",
        path.display()
    )]
    TooMuch {
        /// Which.
        path: PathBuf,
    },
}

const MAX_FILES: usize = 256;
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder is made");
        let files = AdapterFiles::new([
            ("adapter.toml".to_owned(), b"x".to_vec()),
            ("lib/part.py".to_owned(), b"\xff".to_vec()),
            ("run".to_owned(), b"#!/bin/sh\n".to_vec()),
        ]);
        files.write_below(folder.path()).expect("the folder is writable");
        fs::write(folder.path().join(".hidden"), "").expect("the folder is writable");
        assert_eq!(AdapterFiles::read(folder.path()).expect("the folder is readable"), files);
        let mode =
            |name| fs::metadata(folder.path().join(name)).map(|file| file.permissions().mode() & 0o100);
        assert_eq!((mode("run").ok(), mode("adapter.toml").ok()), (Some(0o100), Some(0)));
        assert_eq!((files.text("adapter.toml"), files.text("lib/part.py")), (Some("x"), None));
    }

    #[test]
    fn the_digest_tells_where_one_file_ends() {
        let one = AdapterFiles::new([("a".to_owned(), b"bc".to_vec())]);
        let other = AdapterFiles::new([("ab".to_owned(), b"c".to_vec())]);
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.digest(), one.clone().digest());
        assert_eq!(one.digest().len(), 16);
    }
}

//! Open files, kept so that what they hold can be searched when their writer is gone.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use nix::{
    errno::Errno,
    unistd::{Whence, lseek},
};

/// Files that a session wrote to or mapped, one descriptor for each inode.
///
/// A descriptor of our own keeps a file that was never named, or has lost its name, until the end.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    files: HashMap<FileId, Held>,
}

/// Which file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct FileId {
    /// Its device.
    pub(super) device: u64,
    /// Its inode.
    pub(super) inode: u64,
}

/// A file that is kept.
#[derive(Debug)]
pub(super) struct Held {
    /// The descriptor.
    pub(super) file: File,
    /// The file as its descriptor named it.
    pub(super) path: String,
    /// The process that wrote first.
    pub(super) process: u32,
}

/// What keeping a file came to.
#[derive(Debug)]
pub(super) enum Kept {
    /// It is kept, now or already.
    Yes,
    /// It is kept, and this one had to go; it still has its name. It is to be searched now.
    InPlaceOf(Held),
    /// It could not be kept.
    No(io::Error),
    /// There are too many files without names.
    Full,
}

impl Holdings {
    /// Whether a file is kept.
    pub(super) fn holds(&self, id: FileId) -> bool {
        self.files.contains_key(&id)
    }

    /// Keeps the file that a link below `/proc` leads to.
    pub(super) fn keep(&mut self, id: FileId, link: &Path, path: String, process: u32) -> Kept {
        let file = match open_quietly(link) {
            Ok(file) => file,
            Err(error) => return Kept::No(error),
        };
        // The number may have been used again in between; then this is another file.
        match file.metadata() {
            Ok(metadata) if (metadata.dev(), metadata.ino()) == (id.device, id.inode) => {}
            Ok(_) => return Kept::No(io::Error::from(Errno::ESTALE)),
            Err(error) => return Kept::No(error),
        }
        let mut outcome = Kept::Yes;
        if self.files.len() >= MAX_FILES {
            let named = |held: &Held| held.file.metadata().is_ok_and(|metadata| metadata.nlink() > 0);
            let Some(oldest) = self.files.iter().find(|(_, held)| named(held)).map(|(id, _)| *id) else {
                return Kept::Full;
            };
            outcome = self.files.remove(&oldest).map_or(Kept::Yes, Kept::InPlaceOf);
        }
        self.files.insert(id, Held { file, path, process });
        outcome
    }

    /// Gives a file away.
    pub(super) fn withdraw(&mut self, id: FileId) -> Option<Held> {
        self.files.remove(&id)
    }

    /// Takes a file back.
    pub(super) fn restore(&mut self, id: FileId, held: Held) {
        self.files.insert(id, held);
    }

    /// Gives all files away.
    pub(super) fn take(&mut self) -> Vec<Held> {
        self.files.drain().map(|(_, held)| held).collect()
    }
}

/// Opens a file for reading without waiting for anybody.
///
/// # Errors
///
/// Those of open(2).
pub(super) fn open_quietly(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC).open(path)
}

/// What reading a file came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Extent {
    /// All of it was read.
    Whole,
    /// It holds more than is read.
    Partial,
}

/// Hands all that a file holds to a function, piece by piece, without its holes.
///
/// # Errors
///
/// Those of the file.
pub(super) fn read_through(file: &File, mut each: impl FnMut(&[u8])) -> io::Result<Extent> {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut position = 0;
    let mut total = 0;
    while let Some((begin, end)) = next_extent(file, position)? {
        position = begin;
        while position < end {
            let wanted = usize::try_from(end - position).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            let read = file.read_at(&mut buffer[..wanted], position)?;
            if read == 0 {
                return Ok(Extent::Whole);
            }
            each(&buffer[..read]);
            position += read as u64;
            total += read as u64;
            if total >= MAX_FILE_BYTES {
                return Ok(Extent::Partial);
            }
        }
    }
    Ok(Extent::Whole)
}

/// The next stretch of a file that holds data.
fn next_extent(file: &File, from: u64) -> io::Result<Option<(u64, u64)>> {
    let from = i64::try_from(from).map_err(|_| io::Error::from(Errno::EFBIG))?;
    let begin = match lseek(file, from, Whence::SeekData) {
        Ok(begin) => begin,
        Err(Errno::ENXIO) => return Ok(None),
        // Not every file system knows holes: then all of it is data.
        Err(Errno::EINVAL) => {
            let size = file.metadata()?.len();
            return Ok((from.unsigned_abs() < size).then_some((from.unsigned_abs(), size)));
        }
        Err(errno) => return Err(errno.into()),
    };
    let end = lseek(file, begin, Whence::SeekHole)?;
    Ok(Some((begin.unsigned_abs(), end.unsigned_abs())))
}

/// Half of the descriptors that a process usually may have.
const MAX_FILES: usize = 512;
const MAX_FILE_BYTES: u64 = 64 << 20;
const PIECE_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn holes_are_left_out() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"first").unwrap();
        file.set_len(1 << 30).unwrap();
        file.write_all_at(b"last", (1 << 30) - 4).unwrap();
        let (mut total, mut text) = (0, Vec::new());
        let extent = read_through(&file, |piece| {
            total += piece.len();
            text.extend(piece.iter().filter(|byte| **byte != 0));
        })
        .unwrap();
        assert_eq!((extent, text.as_slice()), (Extent::Whole, b"firstlast".as_slice()));
        assert!(total < 1 << 20, "{total}");
    }

    #[test]
    fn an_empty_file_holds_nothing() {
        let file = tempfile::tempfile().unwrap();
        let extent = read_through(&file, |_| panic!("there is nothing")).unwrap();
        assert_eq!(extent, Extent::Whole);
    }
}

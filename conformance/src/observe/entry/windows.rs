//! What Windows says of an entry.
//!
//! A file has an access control list there, which no mode and no number of a user can express, so neither is given.
//! Streams beside a file's content take the place of extended attributes.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::windows::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use winapi_util::file::information;

use super::{replaced, streams};

/// The state of an entry, beside what every system says.
pub(super) struct State {
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) links: u64,
    pub(super) inode: u64,
    pub(super) modified: i64,
}

/// Number and names of an entry are known to its handle only; what it leads to is not looked at.
pub(super) fn state(path: &Path, metadata: &Metadata) -> io::Result<State> {
    let handle = entry(path)?;
    let known = information(&handle)?;
    Ok(State {
        mode: None,
        uid: None,
        gid: None,
        links: known.number_of_links(),
        inode: known.file_index(),
        modified: since_unix_epoch(metadata.last_write_time()),
    })
}

/// The regular file that was seen under this name, and no link.
pub(super) fn open(path: &Path, seen: &Metadata) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)?;
    let metadata = file.metadata()?;
    let is_same = metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT == 0
        && metadata.creation_time() == seen.creation_time();
    if is_same { Ok(file) } else { Err(replaced()) }
}

/// The last part of a path; what is no text in it is shown as such, and cannot hold a canary, which is text.
pub(in super::super) fn name_bytes(path: &Path) -> Vec<u8> {
    path.file_name().map_or_else(Vec::new, |name| name.to_string_lossy().into_owned().into_bytes())
}

/// The streams beside the content of an entry itself, not of what a link leads to.
pub(super) fn attributes(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    if fs::symlink_metadata(path)?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Ok(Vec::new());
    }
    let mut streams = Vec::new();
    for name in streams::beside(path)? {
        let mut whole = path.as_os_str().to_owned();
        whole.push(&name);
        streams.push((name, super::read(File::open(whole)?)?));
    }
    Ok(streams)
}

/// Opens an entry of any kind without a right to its content.
fn entry(path: &Path) -> io::Result<File> {
    let flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
    OpenOptions::new().access_mode(FILE_READ_ATTRIBUTES).custom_flags(flags).open(path)
}

/// Nanoseconds since 1970, of a count of 100 ns since 1601.
fn since_unix_epoch(time: u64) -> i64 {
    let ticks = i64::try_from(time).unwrap_or(i64::MAX).saturating_sub(UNIX_EPOCH);
    ticks.saturating_mul(100)
}

const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
const FILE_READ_ATTRIBUTES: u32 = 0x80;
const FILE_ATTRIBUTE_REPARSE_POINT: u32 = 0x400;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::emulator;

    #[test]
    fn what_lies_beside_the_content_is_read_where_there_is_such_a_thing() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        fs::write(&path, "content").expect("there is room");
        assert_eq!(attributes(&path).expect("it can be looked at"), []);
        if emulator().is_some() {
            // Wine takes the name of a stream for that of another file.
            return;
        }
        fs::write(folder.path().join("file:beside"), "hidden").expect("the file system has streams");
        let beside = (":beside:$DATA".to_owned(), b"hidden".to_vec());
        assert_eq!(attributes(&path).expect("it can be looked at"), [beside]);
    }

    #[test]
    fn two_names_of_a_file_have_one_number_and_a_copy_has_another() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let [one, other, copy] = ["one", "other", "copy"].map(|name| folder.path().join(name));
        fs::write(&one, "x").expect("there is room");
        fs::hard_link(&one, &other).expect("the file system has links");
        fs::copy(&one, &copy).expect("there is room");
        let look =
            |path: &Path| state(path, &fs::symlink_metadata(path).expect("it is there")).expect("it opens");
        assert_eq!((look(&one).inode, look(&one).links), (look(&other).inode, 2));
        assert_ne!(look(&one).inode, look(&copy).inode);
    }

    #[test]
    fn times_begin_in_1970() {
        assert_eq!(since_unix_epoch(116_444_736_000_000_000), 0);
        assert_eq!(since_unix_epoch(116_444_736_000_000_010), 1000);
    }
}

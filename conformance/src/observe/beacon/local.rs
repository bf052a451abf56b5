//! Leaks into files.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// The file in the home that holds the leak for the observer of files. The harness removes it after it was seen.
pub const BEACON_FILE: &str = ".beacon";

/// The file in the home that is to be carried to another home. The harness removes it after that.
pub const RELOCATED_FILE: &str = ".beacon-relocated";

pub(super) fn leave_file(home: &Path, canary: &str) -> io::Result<()> {
    leave(&home.join(BEACON_FILE), canary)
}

pub(super) fn leave_relocated(home: &Path, canary: &str) -> io::Result<()> {
    leave(&home.join(RELOCATED_FILE), canary)
}

pub(super) fn read_relocated(home: &Path) -> io::Result<Vec<u8>> {
    fs::read(home.join(RELOCATED_FILE))
}

/// Writes a file that has no name any more when it is closed: only who watches writes can see its content.
pub(super) fn write_unlinked(folder: &Path, canary: &str) -> io::Result<()> {
    let path = folder.join(UNLINKED_FILE);
    let mut file = File::create_new(&path)?;
    let written = file.write_all(canary.as_bytes());
    fs::remove_file(&path)?;
    written
}

/// Makes a new file: one that is there already was planted by somebody else.
fn leave(path: &Path, canary: &str) -> io::Result<()> {
    File::create_new(path)?.write_all(canary.as_bytes())
}

const UNLINKED_FILE: &str = "beacon-unlinked";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlinked_file_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        write_unlinked(folder.path(), "canary").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(BEACON_FILE), "theirs").unwrap();
        let error = leave_file(home.path(), "ours").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(home.path().join(BEACON_FILE)).unwrap(), b"theirs");
    }
}

//! Putting files and folders on the disk.

use std::fs::File;
use std::io;

/// Puts an open file or folder on the disk.
///
/// Apple's systems can ask the disk itself not to keep anything back. Not every volume can, above all none of a network;
/// what is on one of those is put there as on other systems.
pub(super) fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        #[cfg(target_vendor = "apple")]
        Err(error) if cannot_ask_the_disk(&error) => Ok(nix::unistd::fsync(file)?),
        done => done,
    }
}

/// Volumes that cannot ask the disk say so in several ways (`fcntl(2)`, `F_FULLFSYNC`).
#[cfg(target_vendor = "apple")]
fn cannot_ask_the_disk(error: &io::Error) -> bool {
    use nix::errno::Errno;

    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::ENOTSUP | Errno::EOPNOTSUPP | Errno::ENOTTY | Errno::EINVAL))
}

//! A home in memory, in which a search can afford files.

use std::path::Path;

use tempfile::TempDir;

/// A folder that is gone when this is dropped.
pub(crate) fn home() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder can be made")
}

//! What tests ask of Unix.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use super::directory::{OPEN_TO_OTHERS, WRITABLE_BY_OTHERS};
use crate::fs::testing::Others;

/// Lets others do this, and no more.
pub(crate) fn allow_others(path: &Path, others: Others) {
    let private = if path.is_dir() { 0o700 } else { 0o600 };
    let mode = match others {
        Others::Nothing => private,
        Others::Read => private | private >> 3 & 0o055 | private >> 6 & 0o055,
        Others::Write => private | private >> 3 | private >> 6,
    };
    set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}

/// What others may do.
pub(crate) fn others_may(path: &Path) -> Others {
    match metadata(path).expect("there").permissions().mode() {
        mode if mode & WRITABLE_BY_OTHERS != 0 => Others::Write,
        mode if mode & OPEN_TO_OTHERS != 0 => Others::Read,
        _ => Others::Nothing,
    }
}

/// Asserts that this changes nothing of a file or folder, not even what it had already.
pub(super) fn is_unchanged_by(path: &Path, action: impl FnOnce()) {
    let changed = |path: &Path| {
        let metadata = metadata(path).expect("it exists");
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let before = changed(path);
    // Once a newer file looks newer, the clock of the file system has ticked, and a change would be seen.
    let (elsewhere, begun) = (tempfile::tempdir().expect("a folder"), Instant::now());
    loop {
        std::fs::write(elsewhere.path().join("clock"), "").expect("written");
        if changed(&elsewhere.path().join("clock")) > before {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the clock stands still");
    }
    action();
    assert_eq!(changed(path), before);
}

/// Another process that is alive while this is.
pub(crate) struct Living;

impl Living {
    pub(crate) fn start() -> Self {
        Self
    }

    /// Its id: whoever started this one waits for it.
    pub(crate) fn id(&self) -> u32 {
        std::os::unix::process::parent_id().max(1)
    }
}

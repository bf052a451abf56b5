//! How paths are written in evidence.

use std::path::Path;

/// A path as evidence has it: with slashes, whatever the system puts between folders.
pub fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

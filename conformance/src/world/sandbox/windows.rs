//! Folders on Windows: whose rights come from the folder above, and whose names have two kinds of separators.
//!
//! A folder is as private as the user's temporary folder, in which it is made: no mode says so. Programs find the home by
//! `USERPROFILE` and the place for their data by `LOCALAPPDATA`, which lies in it as it does for every user.

use std::{
    env, fs, io,
    path::{Path, PathBuf, absolute},
};

use super::Sandbox;

/// The variable that says where the home is.
pub const HOME_VARIABLE: &str = "USERPROFILE";

/// The user that sessions run as: no number.
pub fn user() -> Option<u32> {
    None
}

/// The file mode creation mask that sessions have: none.
pub fn mask(_wanted: u32) -> Option<u32> {
    None
}

/// Every variable of a session that is the world's own, and what no program of Windows can do without.
pub(super) fn variables(sandbox: &Sandbox) -> Vec<(String, String)> {
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    let home = sandbox.home();
    let mut variables = vec![
        (HOME_VARIABLE.to_owned(), path(home.clone())),
        ("LOCALAPPDATA".to_owned(), path(home.join(LOCAL_DATA))),
        ("APPDATA".to_owned(), path(home.join(ROAMING_DATA))),
        ("TEMP".to_owned(), path(sandbox.temporary())),
        ("TMP".to_owned(), path(sandbox.temporary())),
    ];
    let inherited = INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)));
    variables.extend(inherited);
    if let Ok(system) = env::var("SystemRoot") {
        let folders = [format!("{system}\\system32"), system];
        variables.push(("PATH".to_owned(), folders.join(";")));
    }
    variables
}

/// The folders that programs expect in a home.
pub(super) fn further_folders(sandbox: &Sandbox) -> [PathBuf; 4] {
    let home = sandbox.home();
    [DATA, LOCAL_DATA, ROAMING_DATA, LOW_DATA].map(|folder| home.join(folder))
}

/// The path as it was given, made absolute: the form that `canonicalize` gives is one that many programs do not take.
pub(super) fn resolved(path: &Path) -> io::Result<PathBuf> {
    absolute(path)
}

/// Makes a folder; one that exists stays as it is.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Removes a tree that somebody else filled; links in it are removed, not followed.
pub(super) fn remove_tree(root: &Path) -> io::Result<()> {
    fs::remove_dir_all(root)
}

/// What the system's own libraries look for: without `SystemRoot` no socket can be opened.
const INHERITED: [&str; 5] = ["SystemRoot", "SystemDrive", "windir", "USERNAME", "COMSPEC"];
const DATA: &str = "AppData";
const LOCAL_DATA: &str = r"AppData\Local";
const LOW_DATA: &str = r"AppData\LocalLow";
const ROAMING_DATA: &str = r"AppData\Roaming";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_has_the_folders_that_its_environment_names_and_leaves_none() {
        let parent = tempfile::tempdir().expect("a folder can be made");
        let sandbox = Sandbox::create(parent.path()).expect("the folder is writable");
        let root = sandbox.root().to_owned();
        let environment = sandbox.environment([("TAG".to_owned(), "x".to_owned())]);
        for name in [HOME_VARIABLE, "LOCALAPPDATA", "APPDATA", "TEMP", "TMP"] {
            let (_, value) = environment.iter().find(|(known, _)| known == name).expect("it is set");
            assert!(Path::new(value).is_dir() && Path::new(value).starts_with(&root), "{name}: {value}");
        }
        assert!(environment.contains(&("TAG".into(), "x".into())));
        assert!(environment.iter().any(|(name, _)| name.eq_ignore_ascii_case("SystemRoot")));
        fs::write(sandbox.home().join("file"), "x").expect("there is room");
        drop(sandbox);
        assert!(!root.exists());
    }
}

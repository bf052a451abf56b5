//! Paths as another process sees them.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Component, Path, PathBuf},
};

use nix::{
    errno::Errno,
    sys::stat::{FileStat, SFlag, lstat, stat},
};

/// Whose eyes a path is seen with: `/proc/self` depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Viewer {
    /// The process.
    pub(super) process: u32,
    /// The thread.
    pub(super) thread: u32,
}

/// What a path leads to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Absolute, without symbolic links, `.` and `..`; what does not exist is taken as it stands. Of an object without
    /// a path it is what the kernel calls it, such as `pipe:[7]`.
    pub(super) path: PathBuf,
    /// What is there.
    pub(super) file: Option<FileStat>,
    /// Whether the file has a name: one that was reached through a descriptor may have lost it.
    pub(super) name: Name,
}

/// Whether a file has a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Name {
    /// It has the path as its name.
    Named,
    /// It is deleted, was never named, or is no file.
    Nameless,
}

/// What becomes of a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FinalLink {
    /// It is followed.
    Follow,
    /// It is meant itself.
    Keep,
}

impl Place {
    /// Whether it exists and is a regular file.
    pub(super) fn is_regular(&self) -> bool {
        self.file.as_ref().is_some_and(is_regular)
    }
}

impl Viewer {
    /// What a descriptor leads to.
    ///
    /// # Errors
    ///
    /// EACCES if the process may not be looked at; another errno if nothing is open under that number.
    pub(super) fn descriptor(&self, number: u64) -> Result<Place, Errno> {
        self.magic(Path::new(&format!("/proc/{}/fd/{}", self.thread, number as u32 as i32)))
    }

    /// The working directory.
    ///
    /// # Errors
    ///
    /// EACCES if the process may not be looked at.
    pub(super) fn working_directory(&self) -> Result<Place, Errno> {
        self.magic(Path::new(&format!("/proc/{}/cwd", self.thread)))
    }

    /// Where a path leads that begins, unless it is absolute, in a folder without symbolic links in its own path.
    ///
    /// # Errors
    ///
    /// ELOOP, as the kernel would report it.
    pub(super) fn resolve(&self, base: &Path, path: &[u8], links: FinalLink) -> Result<Place, Errno> {
        let mut place = Place { path: PathBuf::from("/"), file: None, name: Name::Named };
        let mut pending = pieces(path);
        if !path.starts_with(b"/") {
            place.path = base.to_owned();
        }
        // A slash at the end makes the kernel follow a link whatever the flags say.
        let links = if path.ends_with(b"/") { FinalLink::Follow } else { links };
        let mut followed = 0;
        while let Some(piece) = pending.pop() {
            if piece == ".." {
                place.path.pop();
                continue;
            }
            let candidate = place.path.join(self.translate(&place.path, piece));
            let is_last = pending.is_empty();
            let link = lstat(&candidate).is_ok_and(|file| kind(&file) == SFlag::S_IFLNK);
            if !link || (is_last && links == FinalLink::Keep) {
                place.path = candidate;
                continue;
            }
            followed += 1;
            if followed > MAX_LINKS {
                return Err(Errno::ELOOP);
            }
            if is_magic(&place.path) {
                match self.magic(&candidate) {
                    Ok(found) if is_last => return Ok(found),
                    Ok(found) => place.path = found.path,
                    Err(_) => place.path = candidate,
                }
                continue;
            }
            let Ok(target) = fs::read_link(&candidate) else {
                place.path = candidate;
                continue;
            };
            if target.is_absolute() {
                place.path = PathBuf::from("/");
            }
            pending.extend(pieces(target.as_os_str().as_bytes()));
        }
        place.file = lstat(&place.path).ok();
        Ok(place)
    }

    /// What a link of `/proc` that the kernel resolves by itself leads to.
    fn magic(&self, link: &Path) -> Result<Place, Errno> {
        let text = nix::fcntl::readlink(link)?.into_vec();
        let file = stat(link).ok();
        let stripped = text.strip_suffix(b" (deleted)");
        let lost = file.as_ref().is_none_or(|file| file.st_nlink == 0) && stripped.is_some();
        let name = if lost || !text.starts_with(b"/") { Name::Nameless } else { Name::Named };
        let path = PathBuf::from(OsString::from_vec(match stripped {
            Some(stripped) if lost => stripped.to_vec(),
            Some(_) | None => text,
        }));
        Ok(Place { path, file, name })
    }

    fn translate(&self, folder: &Path, piece: OsString) -> OsString {
        if folder != Path::new("/proc") {
            return piece;
        }
        match piece.as_bytes() {
            b"self" => self.process.to_string().into(),
            b"thread-self" => format!("{}/task/{}", self.process, self.thread).into(),
            _ => piece,
        }
    }
}

/// The kind of a file.
pub(super) fn kind(file: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(file.st_mode) & SFlag::S_IFMT
}

/// Whether a file is a regular one; memory files are.
pub(super) fn is_regular(file: &FileStat) -> bool {
    kind(file) == SFlag::S_IFREG
}

/// The parts of a path in reverse, so that the next one is popped off the end.
fn pieces(path: &[u8]) -> Vec<OsString> {
    Path::new(OsStr::from_bytes(path))
        .components()
        .rev()
        .filter_map(|component| match component {
            Component::Normal(piece) => Some(piece.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        })
        .collect()
}

/// Whether the links of a folder are not texts but objects: those of a process below `/proc`.
fn is_magic(folder: &Path) -> bool {
    let Ok(below) = folder.strip_prefix("/proc") else { return false };
    below.components().next().is_some_and(|first| first.as_os_str().as_bytes().iter().all(u8::is_ascii_digit))
}

const MAX_LINKS: u32 = 40;

#[cfg(test)]
mod tests {
    use std::os::{fd::AsRawFd, unix::fs::symlink};

    use super::*;

    fn own() -> Viewer {
        Viewer { process: std::process::id(), thread: nix::unistd::gettid().as_raw().unsigned_abs() }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    fn resolve(base: &Path, path: &str, links: FinalLink) -> PathBuf {
        own().resolve(base, path.as_bytes(), links).unwrap().path
    }

    #[test]
    fn dots_and_links_on_the_way_are_resolved() {
        let (_guard, base) = folder();
        fs::create_dir_all(base.join("a/b")).unwrap();
        symlink("a/b", base.join("link")).unwrap();
        assert_eq!(resolve(&base, "link/../new", FinalLink::Keep), base.join("a/new"));
        assert_eq!(resolve(&base, "./a//b/./x", FinalLink::Keep), base.join("a/b/x"));
    }

    #[test]
    fn a_link_at_the_end_is_followed_only_if_asked() {
        let (_guard, base) = folder();
        symlink("/nowhere/at/all", base.join("link")).unwrap();
        assert_eq!(resolve(&base, "link", FinalLink::Keep), base.join("link"));
        assert_eq!(resolve(&base, "link", FinalLink::Follow), Path::new("/nowhere/at/all"));
        assert_eq!(resolve(&base, "link/", FinalLink::Keep), Path::new("/nowhere/at/all"));
    }

    #[test]
    fn a_ring_of_links_is_an_error() {
        let (_guard, base) = folder();
        symlink("b", base.join("a")).unwrap();
        symlink("a", base.join("b")).unwrap();
        assert_eq!(own().resolve(&base, b"a", FinalLink::Follow).unwrap_err(), Errno::ELOOP);
    }

    #[test]
    fn a_descriptor_below_proc_self_leads_to_its_file() {
        let (_guard, base) = folder();
        let file = fs::File::create(base.join("file")).unwrap();
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        assert_eq!(resolve(&base, &path, FinalLink::Follow), base.join("file"));
        fs::remove_file(base.join("file")).unwrap();
        let place = own().resolve(&base, path.as_bytes(), FinalLink::Follow).unwrap();
        assert_eq!((place.path, place.name), (base.join("file"), Name::Nameless));
    }

    #[test]
    fn a_name_that_only_looks_deleted_is_kept() {
        let (_guard, base) = folder();
        let file = fs::File::create(base.join("file (deleted)")).unwrap();
        let place = own().descriptor(file.as_raw_fd().unsigned_abs().into()).unwrap();
        assert_eq!((place.path, place.name), (base.join("file (deleted)"), Name::Named));
    }
}

//! An announced call, and what its arguments name.

use std::{fs, os::fd::RawFd};

use nix::errno::Errno;

use super::{
    calls::{Data, Links, Path, Target},
    memory::{Memory, Unreadable, word},
    path::{FinalLink, Place, Viewer},
};

/// A call that waits for an answer.
#[derive(Debug)]
pub(super) struct Announced {
    /// Its number among the announcements.
    pub(super) id: u64,
    /// The thread that makes it.
    pub(super) thread: u32,
    /// The process of the thread.
    pub(super) process: u32,
    /// The number of the call.
    pub(super) number: i32,
    /// The architecture of the call.
    pub(super) architecture: u32,
    /// The arguments.
    pub(super) arguments: [u64; 6],
    /// The caller's memory.
    pub(super) memory: Memory,
    /// The caller's eyes.
    pub(super) viewer: Viewer,
}

/// What an argument names.
#[derive(Debug)]
pub(super) enum Named {
    /// A place in the file tree, or an object without a name.
    Place(Place),
    /// A text.
    Text(String),
    /// Nothing: the call fails by itself.
    Nothing,
}

impl Named {
    /// The place.
    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Self::Place(place) => Some(place),
            Self::Text(_) | Self::Nothing => None,
        }
    }

    /// How it is written in evidence, not redacted yet.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Place(place) => Some(place.path.to_string_lossy().into_owned()),
            Self::Text(text) => Some(text.clone()),
            Self::Nothing => None,
        }
    }
}

impl Announced {
    /// The call of a notification.
    pub(super) fn new(notification: &libc::seccomp_notif, process: u32) -> Self {
        let thread = notification.pid;
        Self {
            id: notification.id,
            thread,
            process,
            number: notification.data.nr,
            architecture: notification.data.arch,
            arguments: notification.data.args,
            memory: Memory::of(thread),
            viewer: Viewer { process, thread },
        }
    }

    /// What a target names.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub(super) fn target(&self, target: Target) -> Result<Named, Unreadable> {
        Ok(match target {
            Target::Path(path) => self.path(path)?.map_or(Named::Nothing, Named::Place),
            Target::Descriptor(at) => self
                .look(|viewer| viewer.descriptor(self.arguments[at]))?
                .map_or(Named::Nothing, Named::Place),
            Target::Text(at) => Named::Text(String::from_utf8_lossy(&self.name(at)?).into_owned()),
        })
    }

    /// Where a path leads.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub(super) fn path(&self, path: Path) -> Result<Option<Place>, Unreadable> {
        let has = |argument: usize, flag: i32| self.arguments[argument] & flag as u64 != 0;
        let follows = match path.links {
            Links::Follow => true,
            Links::Keep => false,
            Links::FollowUnless { argument, flag } => !has(argument, flag),
            Links::FollowIf { argument, flag } => has(argument, flag),
        };
        self.place_with(path, if follows { FinalLink::Follow } else { FinalLink::Keep })
    }

    /// Where a path leads if links at its end are treated like this. `None` if the call fails by itself.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub(super) fn place_with(&self, path: Path, links: FinalLink) -> Result<Option<Place>, Unreadable> {
        let folder = || {
            self.look(|viewer| match path.directory {
                Some(at) if self.arguments[at] as RawFd != libc::AT_FDCWD => {
                    viewer.descriptor(self.arguments[at])
                }
                Some(_) | None => viewer.working_directory(),
            })
        };
        // Calls on times take a null pointer, others an empty path, for the folder's own descriptor.
        if self.arguments[path.text] == 0 {
            return if path.directory.is_some() { folder() } else { Ok(None) };
        }
        let text = self.name(path.text)?;
        if text.is_empty() {
            return if path.directory.is_some() { folder() } else { Ok(None) };
        }
        let base =
            if text.starts_with(b"/") { Some("/".into()) } else { folder()?.map(|folder| folder.path) };
        Ok(base.and_then(|base| self.viewer.resolve(&base, &text, links).ok()))
    }

    /// The buffers of a write.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub(super) fn buffers(&self, data: Data) -> Result<Vec<(u64, u64)>, Unreadable> {
        let [_, pointer, count, ..] = self.arguments;
        match data {
            Data::Buffer => Ok(vec![(pointer, count)]),
            Data::Vector => {
                // The kernel refuses a longer vector.
                let count = usize::try_from(count).unwrap_or(usize::MAX).min(MAX_BUFFERS);
                let vector = self.memory.bytes(pointer, count * BUFFER_BYTES)?;
                Ok(vector.chunks_exact(BUFFER_BYTES).map(|entry| (word(entry), word(&entry[8..]))).collect())
            }
        }
    }

    /// Whether a descriptor may be written to.
    pub(super) fn is_writable(&self, descriptor: u64) -> bool {
        let path = format!("/proc/{}/fdinfo/{}", self.thread, descriptor as u32);
        let info = fs::read_to_string(path).unwrap_or_default();
        let flags = info
            .lines()
            .find_map(|line| i32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok())
            .unwrap_or(libc::O_RDWR);
        flags & libc::O_ACCMODE != libc::O_RDONLY
    }

    /// A look through `/proc`; `None` if there is nothing to see.
    fn look(&self, at: impl FnOnce(&Viewer) -> Result<Place, Errno>) -> Result<Option<Place>, Unreadable> {
        match at(&self.viewer).map_err(Unreadable::from) {
            Ok(place) => Ok(Some(place)),
            Err(Unreadable::Fault) => Ok(None),
            Err(unreadable) => Err(unreadable),
        }
    }

    fn name(&self, at: usize) -> Result<Vec<u8>, Unreadable> {
        match self.memory.text(self.arguments[at], libc::PATH_MAX as usize) {
            // The kernel refuses it too.
            Err(Unreadable::TooLong) => Err(Unreadable::Fault),
            other => other,
        }
    }
}

const MAX_BUFFERS: usize = 1024;
const BUFFER_BYTES: usize = 16;

//! What can stand in the place of a file or folder.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::mkfifo;
use token_cache::Finding;

/// Something that is not what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Thing {
    /// A link to nothing.
    DanglingLink,
    /// A character device, which swallows what is written.
    Device,
    /// A file of somebody else.
    Foreign,
    /// A folder.
    Folder,
    /// A file that has a second name.
    HardLink,
    /// A link to a file of ours.
    Link,
    /// A file that everybody may write to.
    Open,
    /// A pipe that has no other end.
    Pipe,
    /// A socket.
    Socket,
}

/// Every thing.
pub(super) const THINGS: [Thing; 9] = [
    Thing::DanglingLink,
    Thing::Device,
    Thing::Foreign,
    Thing::Folder,
    Thing::HardLink,
    Thing::Link,
    Thing::Open,
    Thing::Pipe,
    Thing::Socket,
];

impl Thing {
    /// What it is called in the name of a test.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DanglingLink => "a_dangling_link",
            Self::Device => "a_device",
            Self::Foreign => "a_file_of_somebody_else",
            Self::Folder => "a_folder",
            Self::HardLink => "a_file_with_two_names",
            Self::Link => "a_link",
            Self::Open => "a_file_that_others_may_write_to",
            Self::Pipe => "a_pipe",
            Self::Socket => "a_socket",
        }
    }

    /// Whether only root can make one.
    pub(super) fn needs_root(self) -> bool {
        matches!(self, Self::Device | Self::Foreign)
    }

    /// Puts it in a place; `victim` is what it leads to.
    pub(super) fn put(self, place: &Path, victim: &Path) {
        remove(place);
        fs::write(victim, VICTIM).expect("written");
        fs::set_permissions(victim, Permissions::from_mode(0o600)).expect("changed");
        let owner_only = Mode::S_IRUSR | Mode::S_IWUSR;
        match self {
            Self::DanglingLink => {
                fs::remove_file(victim).expect("removed");
                symlink(victim, place).expect("linked");
            }
            Self::Device => mknod(place, SFlag::S_IFCHR, owner_only, makedev(1, 3)).expect("made"),
            Self::Foreign => {
                file(place, 0o600);
                chown(place, Some(SOMEBODY), Some(SOMEBODY)).expect("given away");
            }
            Self::Folder => fs::create_dir(place).expect("made"),
            Self::HardLink => fs::hard_link(victim, place).expect("linked"),
            Self::Link => symlink(victim, place).expect("linked"),
            Self::Open => file(place, 0o666),
            Self::Pipe => mkfifo(place, owner_only).expect("made"),
            // The socket stays when its listener is gone.
            Self::Socket => drop(UnixListener::bind(place).expect("bound")),
        }
    }

    /// What is found where a file should be that holds nothing that is trusted.
    ///
    /// Whoever only wants to lock a file that everybody may write to takes that permission away.
    pub(super) fn finding(self) -> Option<Finding> {
        let kind = |found| Some(Finding::Kind { found, expected: "a file" });
        match self {
            Self::DanglingLink | Self::Link => Some(Finding::Link),
            Self::Device => kind("a device"),
            Self::Foreign => Some(Finding::ForeignOwner { owner: SOMEBODY }),
            Self::Folder => kind("a folder"),
            Self::HardLink => Some(Finding::HardLinks { links: 2 }),
            Self::Open => None,
            Self::Pipe => kind("a pipe"),
            Self::Socket => kind("a socket or a pipe"),
        }
    }

    /// Whether what it leads to is as it was.
    pub(super) fn left_alone(self, victim: &Path) -> bool {
        match self {
            Self::DanglingLink => !victim.exists(),
            Self::Device
            | Self::Foreign
            | Self::Folder
            | Self::HardLink
            | Self::Link
            | Self::Open
            | Self::Pipe
            | Self::Socket => fs::read_to_string(victim).is_ok_and(|read| read == VICTIM),
        }
    }
}

/// Removes whatever is there.
pub(super) fn remove(place: &Path) {
    let removed = match fs::symlink_metadata(place) {
        Err(_) => Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(place),
        Ok(_) => fs::remove_file(place),
    };
    removed.expect("removed");
}

/// Makes a file with content that is no cache of ours.
pub(super) fn file(place: &Path, mode: u32) {
    let file = File::create(place).expect("made");
    file.set_permissions(Permissions::from_mode(mode)).expect("changed");
    fs::write(place, "planted").expect("written");
}

/// Nobody, on most systems.
pub(super) const SOMEBODY: u32 = 65534;

const VICTIM: &str = "of somebody who should not be harmed";

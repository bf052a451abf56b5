//! What a session may touch: files below its roots, harmless devices, sockets below its roots, loopback.

use std::{
    net::IpAddr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::path::{Name, Place};

/// The part of the machine that belongs to a session.
#[derive(Debug)]
pub(super) struct Territory {
    roots: Vec<PathBuf>,
}

/// Whether something may be changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// It belongs to the session.
    Inside,
    /// It belongs to nobody and keeps nothing: a device such as `/dev/null`, the process's own settings in `/proc`, a
    /// pipe.
    Harmless,
    /// It belongs to somebody else.
    Outside,
}

impl Territory {
    /// A territory of these folders.
    ///
    /// # Errors
    ///
    /// The folder that cannot be resolved.
    pub(super) fn of(roots: &[PathBuf]) -> Result<Self, (PathBuf, std::io::Error)> {
        let canonical = |root: &PathBuf| root.canonicalize().map_err(|error| (root.clone(), error));
        Ok(Self { roots: roots.iter().map(canonical).collect::<Result<_, _>>()? })
    }

    /// Whether a process may change what is at a place.
    pub(super) fn standing(&self, place: &Place, process: u32) -> Standing {
        let path = place.path.as_path();
        if self.roots.iter().any(|root| path.starts_with(root)) {
            return Standing::Inside;
        }
        if place.name == Name::Nameless && is_without_folder(path) {
            return Standing::Harmless;
        }
        let own_settings = Path::new("/proc").join(process.to_string());
        if DEVICES.iter().any(|device| path == Path::new(device))
            || path.starts_with("/dev/pts")
            || path.starts_with(own_settings)
        {
            return Standing::Harmless;
        }
        Standing::Outside
    }
}

/// Whether packets to an address stay on this machine. The unspecified address means this machine to connect.
pub(super) fn is_local(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}

/// Whether a nameless object never had a folder: a pipe, a socket, a memory file.
fn is_without_folder(path: &Path) -> bool {
    !path.is_absolute() || path.as_os_str().as_bytes().starts_with(b"/memfd:")
}

const DEVICES: [&str; 7] =
    ["/dev/full", "/dev/null", "/dev/ptmx", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(path: &str, name: Name) -> Standing {
        let territory = Territory { roots: vec!["/world".into()] };
        territory.standing(&Place { path: path.into(), file: None, name }, 7)
    }

    #[test]
    fn only_what_is_below_a_root_is_inside() {
        assert_eq!(standing("/world/home/file", Name::Named), Standing::Inside);
        assert_eq!(standing("/world", Name::Named), Standing::Inside);
        assert_eq!(standing("/worldly/file", Name::Named), Standing::Outside);
        assert_eq!(standing("/etc/passwd", Name::Named), Standing::Outside);
    }

    #[test]
    fn devices_that_keep_nothing_are_harmless_and_disks_are_not() {
        assert_eq!(standing("/dev/null", Name::Named), Standing::Harmless);
        assert_eq!(standing("/dev/sda", Name::Named), Standing::Outside);
        assert_eq!(standing("/dev/shm/object", Name::Named), Standing::Outside);
    }

    #[test]
    fn own_settings_are_harmless_and_those_of_others_are_not() {
        assert_eq!(standing("/proc/7/oom_score_adj", Name::Named), Standing::Harmless);
        assert_eq!(standing("/proc/8/mem", Name::Named), Standing::Outside);
        assert_eq!(standing("/proc/sys/kernel/hostname", Name::Named), Standing::Outside);
    }

    #[test]
    fn a_memory_file_is_harmless_only_if_it_is_one() {
        assert_eq!(standing("/memfd:cache", Name::Nameless), Standing::Harmless);
        assert_eq!(standing("/memfd:cache", Name::Named), Standing::Outside);
        assert_eq!(standing("pipe:[7]", Name::Nameless), Standing::Harmless);
    }

    #[test]
    fn only_loopback_is_local() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"] {
            assert!(is_local(address.parse().unwrap()), "{address}");
        }
        for address in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "10.0.0.1", "169.254.169.254"] {
            assert!(!is_local(address.parse().unwrap()), "{address}");
        }
    }
}

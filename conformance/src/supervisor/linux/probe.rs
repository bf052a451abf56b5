//! Whether this machine can run sessions under the witness.

use std::path::Path;

use nix::errno::Errno;

use super::{
    ffi,
    memory::{Memory, Unreadable},
};

/// Why the witness cannot watch on this machine.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// Seccomp cannot ask a supervisor.
    #[error(
        "the kernel does not announce system calls ({0}): it needs Linux 5.5 or newer, and a container must not forbid seccomp"
    )]
    Notification(Errno),
    /// The kernel's notifications have grown.
    #[error("the kernel's announcements are larger than this build of sealcheck knows: use a newer build")]
    Shape,
    /// The memory of another process cannot be read.
    #[error(
        "process_vm_readv fails ({0}): allow it in the container's seccomp profile, or give it CAP_SYS_PTRACE"
    )]
    Memory(Errno),
    /// There is no `/proc`.
    #[error("/proc/self/fd is not there: mount proc")]
    Proc,
}

/// Finds out whether this machine can run sessions under the witness; says how.
///
/// # Errors
///
/// [`Unavailable`], the first of what is missing.
pub fn probe() -> Result<&'static str, Unavailable> {
    if !Path::new("/proc/self/fd").is_dir() {
        return Err(Unavailable::Proc);
    }
    ffi::notification_is_available().map_err(Unavailable::Notification)?;
    if !ffi::notification_fits().map_err(Unavailable::Notification)? {
        return Err(Unavailable::Shape);
    }
    let own = [0_u8; 1];
    match Memory::of(std::process::id()).bytes(own.as_ptr().addr() as u64, 1) {
        Ok(_) => Ok("seccomp user notification works"),
        Err(Unreadable::Forbidden(errno)) => Err(Unavailable::Memory(errno)),
        Err(Unreadable::Fault | Unreadable::Gone | Unreadable::TooLong) => {
            Err(Unavailable::Memory(Errno::EFAULT))
        }
    }
}

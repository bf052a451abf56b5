//! The system calls that have no safe wrapper elsewhere; the only unsafe code of the harness.

use std::{
    mem,
    os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
    ptr,
};

use nix::{
    errno::Errno,
    sys::signal::{SigHandler, Signal, signal},
    unistd::ForkResult,
};

use super::filter::Operation;

/// Splits this process in two.
///
/// # Errors
///
/// Those of fork(2).
///
/// # Panics
///
/// If this process has more than one thread: the child would then be allowed almost nothing.
pub(super) fn fork_single_threaded() -> nix::Result<ForkResult> {
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count).unwrap_or(1);
    assert_eq!(threads, 1, "a supervisor has one thread");
    // SAFETY: the process has one thread, so no lock is held and the child may call anything.
    unsafe { nix::unistd::fork() }
}

/// Ends this process without unwinding and without running what its parent registered.
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit(2) has no requirement.
    unsafe { libc::_exit(code) }
}

/// Takes over a descriptor that was inherited under an agreed number.
///
/// # Errors
///
/// EBADF if nothing was inherited under that number.
pub(super) fn adopt(descriptor: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: F_GETFD takes no pointer and reports a number that is not open.
    Errno::result(unsafe { libc::fcntl(descriptor, libc::F_GETFD) })?;
    // SAFETY: the descriptor is open, and the caller alone uses the number that was agreed for it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Makes every descriptor from a number on close at exec.
///
/// # Errors
///
/// ENOSYS before Linux 5.11.
pub(super) fn close_on_exec_from(first: u32) -> nix::Result<()> {
    // SAFETY: close_range(2) with this flag closes nothing and takes no pointer.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    Errno::result(result).map(drop)
}

/// Gives a signal its default action, which exec keeps.
///
/// # Errors
///
/// Those of sigaction(2).
pub(super) fn restore_default(number: Signal) -> nix::Result<()> {
    // SAFETY: the default action runs no code of ours.
    unsafe { signal(number, SigHandler::SigDfl) }.map(drop)
}

/// Takes a capability out of the bounding set of this process.
///
/// # Errors
///
/// EINVAL for a number that the kernel does not know, EPERM without `CAP_SETPCAP`.
pub(super) fn drop_from_bounding_set(capability: libc::c_ulong) -> nix::Result<()> {
    // SAFETY: this option of prctl(2) takes numbers only.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }).map(drop)
}

/// Empties the ambient capabilities of this process.
///
/// # Errors
///
/// EINVAL before Linux 4.3.
pub(super) fn clear_ambient_capabilities() -> nix::Result<()> {
    let action = libc::PR_CAP_AMBIENT_CLEAR_ALL;
    // SAFETY: this option of prctl(2) takes numbers only.
    Errno::result(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, action, 0, 0, 0) }).map(drop)
}

/// Empties the effective, permitted and inheritable capabilities of this process.
///
/// # Errors
///
/// Those of capset(2).
pub(super) fn clear_capabilities() -> nix::Result<()> {
    let header = CapabilityHeader { version: CAPABILITY_VERSION_3, pid: 0 };
    let data = [[0_u32; 3]; 2];
    // SAFETY: version 3 reads a header of this shape and two data structures of three words each.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) };
    Errno::result(result).map(drop)
}

/// Puts this process under a filter and returns the descriptor on which its calls are announced.
///
/// # Errors
///
/// Those of seccomp(2): EACCES without `no_new_privs`, EBUSY under another filter with a listener.
pub(super) fn install_filter(operations: &[Operation]) -> nix::Result<OwnedFd> {
    let program = libc::sock_fprog {
        len: u16::try_from(operations.len()).map_err(|_| Errno::E2BIG)?,
        filter: operations.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    let killable = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let descriptor = match seccomp_filter(killable, &program) {
        // Before Linux 5.19 a signal may interrupt a call that is being looked at; it is then announced again.
        Err(Errno::EINVAL) => seccomp_filter(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER, &program)?,
        other => other?,
    };
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

fn seccomp_filter(flags: libc::c_ulong, program: &libc::sock_fprog) -> nix::Result<RawFd> {
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: `program` points to `len` operations that have the layout of `sock_filter`, and outlives the call.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, ptr::from_ref(program)) };
    Errno::result(result).map(|descriptor| RawFd::try_from(descriptor).expect("a descriptor is an int"))
}

/// Whether the kernel can ask a supervisor about a call.
///
/// # Errors
///
/// EOPNOTSUPP if it cannot, ENOSYS or EPERM if seccomp(2) itself is not to be had.
pub(super) fn notification_is_available() -> nix::Result<()> {
    let action: u32 = libc::SECCOMP_RET_USER_NOTIF;
    let operation = libc::SECCOMP_GET_ACTION_AVAIL;
    // SAFETY: this operation reads one u32.
    Errno::result(unsafe { libc::syscall(libc::SYS_seccomp, operation, 0, &raw const action) }).map(drop)
}

/// Whether the kernel's notifications have the size that we expect.
///
/// # Errors
///
/// Those of seccomp(2).
pub(super) fn notification_fits() -> nix::Result<bool> {
    let mut sizes = libc::seccomp_notif_sizes { seccomp_notif: 0, seccomp_notif_resp: 0, seccomp_data: 0 };
    let operation = libc::SECCOMP_GET_NOTIF_SIZES;
    // SAFETY: this operation writes one structure of sizes.
    Errno::result(unsafe { libc::syscall(libc::SYS_seccomp, operation, 0, &raw mut sizes) })?;
    Ok(usize::from(sizes.seccomp_notif) <= mem::size_of::<libc::seccomp_notif>()
        && usize::from(sizes.seccomp_notif_resp) <= mem::size_of::<libc::seccomp_notif_resp>())
}

/// Takes the next announced call.
///
/// # Errors
///
/// ENOENT if the caller died meanwhile, EINTR.
pub(super) fn receive(listener: impl AsFd) -> nix::Result<libc::seccomp_notif> {
    // SAFETY: the structure holds integers only, for which zero is valid; the kernel insists on zeroes.
    let mut notification: libc::seccomp_notif = unsafe { mem::zeroed() };
    let descriptor = listener.as_fd().as_raw_fd();
    // SAFETY: this request writes one notification, whose size `notification_fits` compares.
    let result = unsafe { libc::ioctl(descriptor, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut notification) };
    Errno::result(result).map(|_| notification)
}

/// Lets an announced call go on, or ends it with an errno.
///
/// # Errors
///
/// ENOENT if the caller died meanwhile.
pub(super) fn respond(listener: impl AsFd, id: u64, refusal: Option<Errno>) -> nix::Result<()> {
    let flags = match refusal {
        None => u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).expect("the flag is 1"),
        Some(_) => 0,
    };
    let error = refusal.map_or(0, |errno| -(errno as i32));
    let response = libc::seccomp_notif_resp { id, val: 0, error, flags };
    let descriptor = listener.as_fd().as_raw_fd();
    // SAFETY: this request reads one response.
    let result = unsafe { libc::ioctl(descriptor, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const response) };
    Errno::result(result).map(drop)
}

/// Whether the caller of an announced call still waits, so that what was read belongs to it.
pub(super) fn is_waiting(listener: impl AsFd, id: u64) -> bool {
    let descriptor = listener.as_fd().as_raw_fd();
    // SAFETY: this request reads one u64.
    unsafe { libc::ioctl(descriptor, libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) == 0 }
}

/// Asks the kernel to hand the processor over directly; without effect before Linux 6.6.
pub(super) fn wake_synchronously(listener: impl AsFd) {
    let descriptor = listener.as_fd().as_raw_fd();
    // SAFETY: this request takes a number.
    let _unsupported_before_6_6 =
        unsafe { libc::ioctl(descriptor, libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
}

/// A message that carries one descriptor, made before fork.
///
/// Its address is known to the filter, which lets exactly this message pass: the listener has to be sent when
/// sendmsg(2) is already trapped and nobody can answer yet. Exec replaces the address space and with it the exception.
pub(super) struct Handover(Box<Parts>);

#[repr(C)]
struct Parts {
    message: libc::msghdr,
    vector: libc::iovec,
    control: Control,
    byte: u8,
}

#[repr(C, align(8))]
struct Control {
    header: libc::cmsghdr,
    descriptor: libc::c_int,
}

impl Handover {
    /// A message without a descriptor yet.
    pub(super) fn new() -> Self {
        // SAFETY: integers and raw pointers only, for which zero is valid.
        Self(Box::new(unsafe { mem::zeroed() }))
    }

    /// The address by which the filter knows the message.
    pub(super) fn address(&self) -> u64 {
        ptr::from_ref(&self.0.message).addr() as u64
    }

    /// Sends a descriptor.
    ///
    /// # Errors
    ///
    /// Those of sendmsg(2).
    pub(super) fn send(mut self, socket: impl AsFd, descriptor: impl AsFd) -> nix::Result<()> {
        let parts = &mut *self.0;
        // SAFETY: computes a number.
        let length = unsafe { libc::CMSG_LEN(DESCRIPTOR_BYTES) };
        parts.control.header.cmsg_len = length as _;
        parts.control.header.cmsg_level = libc::SOL_SOCKET;
        parts.control.header.cmsg_type = libc::SCM_RIGHTS;
        parts.control.descriptor = descriptor.as_fd().as_raw_fd();
        parts.vector.iov_base = (&raw mut parts.byte).cast();
        parts.vector.iov_len = 1;
        parts.message.msg_iov = &raw mut parts.vector;
        parts.message.msg_iovlen = 1;
        parts.message.msg_control = (&raw mut parts.control).cast();
        parts.message.msg_controllen = mem::size_of::<Control>() as _;
        let socket = socket.as_fd().as_raw_fd();
        // SAFETY: every pointer of the message leads into the same box, with the lengths that belong to it.
        Errno::result(unsafe { libc::sendmsg(socket, &raw const parts.message, 0) }).map(drop)
    }
}

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

const CAPABILITY_VERSION_3: u32 = 0x2008_0522;
const DESCRIPTOR_BYTES: u32 = 4;
const SYNC_WAKE_UP: u64 = 1;

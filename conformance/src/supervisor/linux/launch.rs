//! From fork to exec: a child that has given up its privileges and stands under the filter.

use std::{
    ffi::{CString, OsStr},
    fs::OpenOptions,
    io::IoSliceMut,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use nix::{
    cmsg_space,
    errno::Errno,
    sys::{
        prctl,
        signal::{SigSet, Signal},
        socket::{
            AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, recvmsg, send,
            socketpair,
        },
        stat::{Mode, umask},
    },
    unistd::{self, AccessFlags, ForkResult, Pid},
};

use super::{
    super::{Attachment, SessionSpec},
    calls,
    ffi::{self, Handover},
    filter::{self, Operation},
};
use crate::case::CallClass;

/// A child that is about to become the session's first process.
#[derive(Debug)]
pub(super) struct Launched {
    /// The child.
    pub(super) child: Pid,
    /// Where its calls are announced.
    pub(super) listener: OwnedFd,
    /// Closed by a successful exec; else the failure comes through it.
    pub(super) status: OwnedFd,
}

/// Why a session could not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    /// No such program.
    #[error("the program {0:?} is not in the session's PATH ({1}): give its path")]
    NotInPath(PathBuf, String),
    /// A text with a zero byte.
    #[error("the {0} of the program {1:?} contains a zero byte")]
    ZeroByte(&'static str, PathBuf),
    /// The child could not be made.
    #[error("the process for the program {program:?} could not be made: {errno}")]
    Fork {
        /// The program.
        program: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// The child got this far.
    #[error("the program {program:?} could not be started: it failed to {stage} ({errno})")]
    Stage {
        /// The program.
        program: PathBuf,
        /// What failed.
        stage: Stage,
        /// Why.
        errno: Errno,
    },
    /// The child was gone before it said anything.
    #[error("the process for the program {0:?} died before it could be watched")]
    Died(PathBuf),
}

/// What the child does between fork and exec.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(super) enum Stage {
    /// A session and signals of its own unless it keeps the terminal, death with its parent.
    Detach = 1,
    /// The working directory.
    Enter = 2,
    /// No capabilities.
    DropCapabilities = 3,
    /// The filter.
    InstallFilter = 4,
    /// The listener goes to the supervisor.
    HandOver = 5,
    /// The program.
    Execute = 6,
}

impl Stage {
    const ALL: [Self; 6] = [
        Self::Detach,
        Self::Enter,
        Self::DropCapabilities,
        Self::InstallFilter,
        Self::HandOver,
        Self::Execute,
    ];
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Detach => "detach from the harness",
            Self::Enter => "enter the working directory",
            Self::DropCapabilities => "give up its capabilities",
            Self::InstallFilter => "install the system call filter",
            Self::HandOver => "hand over the system call filter",
            Self::Execute => "execute it",
        })
    }
}

/// Every class of calls that is counted.
fn counted(spec: &SessionSpec) -> impl Iterator<Item = CallClass> {
    let of_faults = spec.faults.iter().map(|fault| fault.call);
    of_faults.chain(spec.points.iter().map(|point| point.call))
}

/// Starts a session. This process's own standard streams lead nowhere afterwards.
///
/// # Errors
///
/// [`LaunchError`]. A failure to execute the program comes later, through [`failure`].
pub(super) fn launch(spec: &SessionSpec) -> Result<Launched, LaunchError> {
    let errno = |errno| LaunchError::Fork { program: spec.program.clone(), errno };
    let image = Image::new(spec)?;
    let (ours, theirs) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).map_err(errno)?;
    let handover = Handover::new();
    let filter = filter::program(&calls::rules(counted(spec)), handover.address());
    let parent = Pid::this();
    match ffi::fork_single_threaded().map_err(errno)? {
        ForkResult::Child => {
            drop(ours);
            let (stage, errno) = image.become_it(parent, &filter, handover, &theirs);
            let mut message = vec![stage as u8];
            message.extend((errno as i32).to_ne_bytes());
            // If the supervisor is gone nobody wants to know.
            let _gone = send(theirs.as_raw_fd(), &message, MsgFlags::MSG_NOSIGNAL);
            ffi::exit_now(EXIT_NOT_STARTED)
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            leave_standard_streams().map_err(errno)?;
            let listener = receive_listener(&ours, &spec.program)?;
            Ok(Launched { child, listener, status: ours })
        }
    }
}

/// What came through the status socket of a [`Launched`] child once it became readable.
///
/// `None` means that the program was executed.
pub(super) fn failure(status: &OwnedFd, program: &Path) -> Option<LaunchError> {
    let mut message = [0; FAILURE_BYTES];
    match nix::sys::socket::recv(status.as_raw_fd(), &mut message, MsgFlags::empty()) {
        Ok(FAILURE_BYTES) => Some(decode(message, program)),
        Ok(_) | Err(_) => None,
    }
}

fn receive_listener(socket: &OwnedFd, program: &Path) -> Result<OwnedFd, LaunchError> {
    let died = || LaunchError::Died(program.to_owned());
    let mut message = [0; FAILURE_BYTES];
    let mut space = cmsg_space!([i32; 1]);
    let (length, listener) = {
        let mut pieces = [IoSliceMut::new(&mut message)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let received = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut pieces, Some(&mut space), flags)
            .map_err(|_| died())?;
        let listener = received.cmsgs().into_iter().flatten().find_map(|control| match control {
            ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
            _ => None,
        });
        (received.bytes, listener)
    };
    match (listener, length) {
        (Some(listener), _) => ffi::adopt(listener).map_err(|_| died()),
        (None, FAILURE_BYTES) => Err(decode(message, program)),
        (None, _) => Err(died()),
    }
}

fn decode(message: [u8; FAILURE_BYTES], program: &Path) -> LaunchError {
    let [stage, errno @ ..] = message;
    let stage = Stage::ALL.into_iter().find(|known| *known as u8 == stage).unwrap_or(Stage::Detach);
    let errno = Errno::from_raw(i32::from_ne_bytes(errno));
    LaunchError::Stage { program: program.to_owned(), stage, errno }
}

/// A supervisor that kept its copies would hide the ends of the adapter's streams from the harness.
fn leave_standard_streams() -> nix::Result<()> {
    let nowhere = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    unistd::dup2_stdin(&nowhere)?;
    unistd::dup2_stdout(&nowhere)?;
    unistd::dup2_stderr(&nowhere)
}

/// All that exec needs, made before fork.
struct Image {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    directory: PathBuf,
    mask: Mode,
    attachment: Attachment,
}

impl Image {
    fn new(spec: &SessionSpec) -> Result<Self, LaunchError> {
        let text = |what: &'static str, bytes: &[u8]| {
            CString::new(bytes).map_err(|_| LaunchError::ZeroByte(what, spec.program.clone()))
        };
        let path = locate(spec)?;
        let mut arguments = vec![text("name", spec.program.as_os_str().as_bytes())?];
        for argument in &spec.arguments {
            arguments.push(text("arguments", argument.as_bytes())?);
        }
        let mut environment = Vec::new();
        for (name, value) in &spec.environment {
            environment.push(text("environment", format!("{name}={value}").as_bytes())?);
        }
        Ok(Self {
            program: text("path", path.as_os_str().as_bytes())?,
            arguments,
            environment,
            directory: spec.working_directory.clone(),
            mask: Mode::from_bits_truncate(spec.umask),
            attachment: spec.attachment,
        })
    }

    /// Runs in the child. Returns only what failed.
    fn become_it(
        &self,
        parent: Pid,
        filter: &[Operation],
        handover: Handover,
        status: &OwnedFd,
    ) -> (Stage, Errno) {
        let run = || -> Result<std::convert::Infallible, (Stage, Errno)> {
            detach(parent, self.mask, self.attachment).map_err(|errno| (Stage::Detach, errno))?;
            unistd::chdir(&self.directory).map_err(|errno| (Stage::Enter, errno))?;
            drop_capabilities().map_err(|errno| (Stage::DropCapabilities, errno))?;
            let listener = ffi::install_filter(filter).map_err(|errno| (Stage::InstallFilter, errno))?;
            handover.send(status.as_fd(), listener.as_fd()).map_err(|errno| (Stage::HandOver, errno))?;
            drop(listener);
            unistd::execve(&self.program, &self.arguments, &self.environment)
                .map_err(|errno| (Stage::Execute, errno))
        };
        match run() {
            Ok(never) => match never {},
            Err(failed) => failed,
        }
    }
}

fn detach(parent: Pid, mask: Mode, attachment: Attachment) -> nix::Result<()> {
    match attachment {
        Attachment::Detached => drop(unistd::setsid()?),
        Attachment::Terminal => {}
    }
    // Rust ignores SIGPIPE and the supervisor blocks SIGCHLD: a program expects neither.
    ffi::restore_default(Signal::SIGPIPE)?;
    SigSet::empty().thread_set_mask()?;
    umask(mask);
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The parent may have died before this process asked to die with it.
    if unistd::getppid() == parent { Ok(()) } else { Err(Errno::ESRCH) }
}

/// Gives up every capability for good: the sets, what exec could bring back, and what set-user-ID files could.
fn drop_capabilities() -> nix::Result<()> {
    for capability in 0..libc::c_ulong::from(u64::BITS) {
        match ffi::drop_from_bounding_set(capability) {
            Ok(()) => {}
            // EINVAL: past the last capability. EPERM: not privileged, so there is nothing to give up.
            Err(Errno::EINVAL | Errno::EPERM) => break,
            Err(errno) => return Err(errno),
        }
    }
    match ffi::clear_ambient_capabilities() {
        Ok(()) | Err(Errno::EINVAL) => {}
        Err(errno) => return Err(errno),
    }
    ffi::clear_capabilities()?;
    prctl::set_no_new_privs()
}

/// The path of a program, looked for in the session's own PATH if it has no slash.
fn locate(spec: &SessionSpec) -> Result<PathBuf, LaunchError> {
    if spec.program.as_os_str().as_bytes().contains(&b'/') {
        return Ok(spec.program.clone());
    }
    let path = spec.environment.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value);
    std::env::split_paths(OsStr::new(path))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&spec.program))
        .find(|candidate| candidate.is_file() && unistd::access(candidate, AccessFlags::X_OK).is_ok())
        .ok_or_else(|| LaunchError::NotInPath(spec.program.clone(), path.to_owned()))
}

/// What shells use for a program that could not be executed.
const EXIT_NOT_STARTED: i32 = 127;
const FAILURE_BYTES: usize = 5;

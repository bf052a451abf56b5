//! The table of system calls that the filter announces, and where each keeps what the witness reads.

use nix::errno::Errno;

use crate::{case::CallClass, observation::SystemCallKind};

/// One system call of the table.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// Its number on this architecture.
    pub(super) number: u32,
    /// When it is announced.
    pub(super) trap: Trap,
    /// What it means.
    pub(super) call: Call,
}

/// When a call is announced; decided in the kernel, by arguments alone.
#[derive(Clone, Copy)]
pub(super) enum Trap {
    /// Whatever its arguments.
    Always,
    /// If every clause holds.
    When(&'static [Clause]),
    /// Unless this argument points to the message that hands over the listener.
    UnlessHandover {
        /// The argument.
        argument: u8,
    },
}

/// A condition on one argument.
#[derive(Clone, Copy)]
pub(super) enum Clause {
    /// One of these bits is set.
    AnyBit {
        /// The argument.
        argument: u8,
        /// The bits.
        mask: u32,
    },
    /// None of these bits is set.
    NoBit {
        /// The argument.
        argument: u8,
        /// The bits.
        mask: u32,
    },
    /// It is not zero.
    NonZero {
        /// The argument.
        argument: u8,
    },
    /// Its low half is one of two values.
    EitherOf {
        /// The argument.
        argument: u8,
        /// The values.
        values: [u32; 2],
    },
}

/// What an announced call means. Numbers are positions of arguments.
#[derive(Clone, Copy)]
pub(super) enum Call {
    /// Opens a file.
    Open {
        /// What is opened.
        target: Path,
        /// Where the flags are.
        flags: OpenFlags,
    },
    /// Writes bytes from memory to the descriptor in argument 0.
    Write(Data),
    /// Maps the file of the descriptor in argument 4.
    Map,
    /// Moves bytes to a descriptor inside the kernel.
    Splice {
        /// The descriptor that is written to.
        output: usize,
    },
    /// Changes the file tree.
    Change(Change),
    /// Puts what was written to the descriptor in argument 0 on the disk.
    Sync,
    /// Names a peer.
    Connect(Peer),
    /// Names the socket in argument 0 by an address in argument 1 of the length in argument 2.
    Bind,
    /// Replaces the program.
    Execute(Program),
    /// Would escape the witness.
    Forbidden(Errno),
}

/// Where the flags of an open are.
#[derive(Clone, Copy)]
pub(super) enum OpenFlags {
    /// In this argument; the mode is in the next.
    Argument(usize),
    /// They are those of creat, and the mode is in this argument.
    Create {
        /// The argument of the mode.
        mode: usize,
    },
    /// Behind a pointer in this argument, with the mode.
    Structure(usize),
}

/// Where the bytes of a write are.
#[derive(Clone, Copy)]
pub(super) enum Data {
    /// Argument 1 points to them, argument 2 counts them.
    Buffer,
    /// Argument 1 points to a vector of buffers, argument 2 counts those.
    Vector,
}

/// Where the addresses of a connection are.
#[derive(Clone, Copy)]
pub(super) enum Peer {
    /// A pointer and, in the next argument, a length.
    Address(usize),
    /// In the message to which argument 1 points.
    Message,
    /// In each of the messages to which argument 1 points and which argument 2 counts.
    Messages,
}

/// Where the program, its arguments and its environment are.
#[derive(Clone, Copy)]
pub(super) struct Program {
    /// The program's path.
    pub(super) target: Path,
    /// The pointer to the arguments; the environment is in the next argument.
    pub(super) arguments: usize,
}

/// A change of the file tree.
#[derive(Clone, Copy)]
pub(super) struct Change {
    /// How it is recorded.
    pub(super) kind: SystemCallKind,
    /// What is named first.
    pub(super) first: Target,
    /// What is named second.
    pub(super) second: Option<Target>,
    /// The mode argument.
    pub(super) mode: Option<usize>,
    /// What becomes of the targets.
    pub(super) effect: Effect,
}

/// What a change does to its targets.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Effect {
    /// The target that is named last comes to be, and must not exist.
    Creates,
    /// The target that is named last loses its name or its content.
    Destroys,
    /// Attributes change.
    Alters,
    /// Times change, which is recorded only where it is refused.
    Touches,
}

/// What a call names.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// A path.
    Path(Path),
    /// An open file.
    Descriptor(usize),
    /// A text that is no path of this call: the target of a symbolic link.
    Text(usize),
}

/// A path among the arguments.
#[derive(Clone, Copy)]
pub(super) struct Path {
    /// The argument with the descriptor of the folder that it is relative to; else it is the working directory.
    pub(super) directory: Option<usize>,
    /// The argument with the pointer.
    pub(super) text: usize,
    /// What happens to a symbolic link at its end.
    pub(super) links: Links,
}

/// What happens to a symbolic link at the end of a path.
#[derive(Clone, Copy)]
pub(super) enum Links {
    /// It is followed.
    Follow,
    /// It is meant itself.
    Keep,
    /// It is followed unless the flag is set.
    FollowUnless {
        /// The argument of the flags.
        argument: usize,
        /// The flag.
        flag: i32,
    },
    /// It is followed if the flag is set.
    FollowIf {
        /// The argument of the flags.
        argument: usize,
        /// The flag.
        flag: i32,
    },
}

/// The rules of a session: [`RULES`], and [`SYNC_RULES`] where calls of these classes are counted.
///
/// Most programs never notice that a call is announced; one that syncs often would.
pub(super) fn rules(counted: impl Iterator<Item = CallClass>) -> Vec<Rule> {
    let mut rules = RULES.to_vec();
    if counted
        .into_iter()
        .any(|class| matches!(class, CallClass::Any | CallClass::AfterSecret | CallClass::Sync))
    {
        rules.extend_from_slice(SYNC_RULES);
    }
    rules
}

/// The rule of a number.
pub(super) fn rule(number: i32) -> Option<&'static Rule> {
    RULES.iter().chain(SYNC_RULES).find(|rule| i64::from(rule.number) == i64::from(number))
}

/// Whether flags of an open allow it to create or to change.
pub(super) fn is_mutating(flags: u64) -> bool {
    flags & u64::from(MUTATING_FLAGS) != 0 && flags & libc::O_PATH as u64 == 0
}

/// The flag of `O_TMPFILE` without `O_DIRECTORY`, which is part of it.
pub(super) const UNNAMED_FLAG: u64 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u64;

const MUTATING_FLAGS: u32 = (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC) as u32 | UNNAMED_FLAG as u32;

const fn always(number: libc::c_long, call: Call) -> Rule {
    Rule { number: number as u32, trap: Trap::Always, call }
}

const fn when(number: libc::c_long, clauses: &'static [Clause], call: Call) -> Rule {
    Rule { number: number as u32, trap: Trap::When(clauses), call }
}

const fn change(kind: SystemCallKind, effect: Effect, first: Target) -> Call {
    Call::Change(Change { kind, first, second: None, mode: None, effect })
}

const fn create(kind: SystemCallKind, first: Target, mode: usize) -> Call {
    Call::Change(Change { kind, first, second: None, mode: Some(mode), effect: Effect::Creates })
}

const fn two(kind: SystemCallKind, effect: Effect, first: Target, second: Target) -> Call {
    Call::Change(Change { kind, first, second: Some(second), mode: None, effect })
}

const fn chmod(first: Target, mode: usize) -> Call {
    Call::Change(Change {
        kind: SystemCallKind::ChangeMode,
        first,
        second: None,
        mode: Some(mode),
        effect: Effect::Alters,
    })
}

const fn at(directory: usize, links: Links) -> Target {
    Target::Path(Path { directory: Some(directory), text: directory + 1, links })
}

const fn path(text: usize, links: Links) -> Target {
    Target::Path(plain(text, links))
}

const fn plain(text: usize, links: Links) -> Path {
    Path { directory: None, text, links }
}

const fn below(directory: usize, links: Links) -> Path {
    Path { directory: Some(directory), text: directory + 1, links }
}

const fn nofollow(argument: usize) -> Links {
    Links::FollowUnless { argument, flag: libc::AT_SYMLINK_NOFOLLOW }
}

// New calls have one number on every architecture; libc lacks some of them on some.
const SYS_FCHMODAT2: libc::c_long = 452;
const SYS_SETXATTRAT: libc::c_long = 463;
const SYS_REMOVEXATTRAT: libc::c_long = 466;

#[cfg(target_arch = "x86_64")]
const SYS_RENAMEAT: libc::c_long = libc::SYS_renameat;
#[cfg(target_arch = "aarch64")]
const SYS_RENAMEAT: libc::c_long = 38;

const FICLONE: u32 = 0x4004_9409;
const FICLONERANGE: u32 = 0x4020_940d;

/// Every call that is always watched.
pub(super) const RULES: &[Rule] = &RULE_LIST;

const COUNT: usize = COMMON.len() + LEGACY.len();

const RULE_LIST: [Rule; COUNT] = {
    let mut list = [COMMON[0]; COUNT];
    let mut index = 0;
    while index < COUNT {
        list[index] = if index < COMMON.len() { COMMON[index] } else { LEGACY[index - COMMON.len()] };
        index += 1;
    }
    list
};

/// Calls of every architecture, the frequent ones first.
const COMMON: &[Rule] = &[
    always(libc::SYS_write, Call::Write(Data::Buffer)),
    when(
        libc::SYS_openat,
        &[Clause::AnyBit { argument: 2, mask: MUTATING_FLAGS }],
        Call::Open { target: below(0, Links::Follow), flags: OpenFlags::Argument(2) },
    ),
    when(
        libc::SYS_mmap,
        &[
            Clause::AnyBit { argument: 3, mask: libc::MAP_SHARED as u32 },
            Clause::NoBit { argument: 3, mask: libc::MAP_ANONYMOUS as u32 },
        ],
        Call::Map,
    ),
    when(
        libc::SYS_ioctl,
        &[Clause::EitherOf { argument: 1, values: [FICLONE, FICLONERANGE] }],
        Call::Splice { output: 0 },
    ),
    when(libc::SYS_sendto, &[Clause::NonZero { argument: 4 }], Call::Connect(Peer::Address(4))),
    Rule {
        number: libc::SYS_sendmsg as u32,
        trap: Trap::UnlessHandover { argument: 1 },
        call: Call::Connect(Peer::Message),
    },
    always(libc::SYS_sendmmsg, Call::Connect(Peer::Messages)),
    always(libc::SYS_connect, Call::Connect(Peer::Address(1))),
    always(libc::SYS_bind, Call::Bind),
    always(libc::SYS_openat2, Call::Open { target: below(0, Links::Follow), flags: OpenFlags::Structure(2) }),
    always(libc::SYS_pwrite64, Call::Write(Data::Buffer)),
    always(libc::SYS_writev, Call::Write(Data::Vector)),
    always(libc::SYS_pwritev, Call::Write(Data::Vector)),
    always(libc::SYS_pwritev2, Call::Write(Data::Vector)),
    always(libc::SYS_splice, Call::Splice { output: 2 }),
    always(libc::SYS_sendfile, Call::Splice { output: 0 }),
    always(libc::SYS_copy_file_range, Call::Splice { output: 2 }),
    always(
        libc::SYS_renameat2,
        two(SystemCallKind::Rename, Effect::Destroys, at(0, Links::Keep), at(2, Links::Keep)),
    ),
    always(
        SYS_RENAMEAT,
        two(SystemCallKind::Rename, Effect::Destroys, at(0, Links::Keep), at(2, Links::Keep)),
    ),
    always(
        libc::SYS_linkat,
        two(
            SystemCallKind::Link,
            Effect::Creates,
            at(0, Links::FollowIf { argument: 4, flag: libc::AT_SYMLINK_FOLLOW }),
            at(2, Links::Keep),
        ),
    ),
    always(
        libc::SYS_symlinkat,
        two(SystemCallKind::Symlink, Effect::Creates, Target::Text(0), at(1, Links::Keep)),
    ),
    always(libc::SYS_unlinkat, change(SystemCallKind::Unlink, Effect::Destroys, at(0, Links::Keep))),
    always(libc::SYS_mkdirat, create(SystemCallKind::MakeDirectory, at(0, Links::Keep), 2)),
    always(libc::SYS_mknodat, create(SystemCallKind::MakeNode, at(0, Links::Keep), 2)),
    always(libc::SYS_truncate, change(SystemCallKind::Truncate, Effect::Destroys, path(0, Links::Follow))),
    always(libc::SYS_ftruncate, change(SystemCallKind::Truncate, Effect::Destroys, Target::Descriptor(0))),
    always(libc::SYS_fchmod, chmod(Target::Descriptor(0), 1)),
    always(libc::SYS_fchmodat, chmod(at(0, Links::Follow), 2)),
    always(SYS_FCHMODAT2, chmod(at(0, nofollow(3)), 2)),
    always(libc::SYS_fchown, change(SystemCallKind::ChangeOwner, Effect::Alters, Target::Descriptor(0))),
    always(libc::SYS_fchownat, change(SystemCallKind::ChangeOwner, Effect::Alters, at(0, nofollow(4)))),
    always(libc::SYS_setxattr, change(SystemCallKind::SetAttribute, Effect::Alters, path(0, Links::Follow))),
    always(libc::SYS_lsetxattr, change(SystemCallKind::SetAttribute, Effect::Alters, path(0, Links::Keep))),
    always(libc::SYS_fsetxattr, change(SystemCallKind::SetAttribute, Effect::Alters, Target::Descriptor(0))),
    always(SYS_SETXATTRAT, change(SystemCallKind::SetAttribute, Effect::Alters, at(0, nofollow(2)))),
    always(
        libc::SYS_removexattr,
        change(SystemCallKind::SetAttribute, Effect::Alters, path(0, Links::Follow)),
    ),
    always(
        libc::SYS_lremovexattr,
        change(SystemCallKind::SetAttribute, Effect::Alters, path(0, Links::Keep)),
    ),
    always(
        libc::SYS_fremovexattr,
        change(SystemCallKind::SetAttribute, Effect::Alters, Target::Descriptor(0)),
    ),
    always(SYS_REMOVEXATTRAT, change(SystemCallKind::SetAttribute, Effect::Alters, at(0, nofollow(2)))),
    always(libc::SYS_utimensat, change(SystemCallKind::SetAttribute, Effect::Touches, at(0, nofollow(3)))),
    always(libc::SYS_execve, Call::Execute(Program { target: plain(0, Links::Follow), arguments: 1 })),
    always(libc::SYS_execveat, Call::Execute(Program { target: below(0, nofollow(4)), arguments: 2 })),
    // Rings and contexts for which the kernel would write without a call that could be announced.
    always(libc::SYS_io_uring_setup, Call::Forbidden(Errno::ENOSYS)),
    always(libc::SYS_io_setup, Call::Forbidden(Errno::ENOSYS)),
    // What would make a path mean something else to the process than to the witness. Without privileges in a user
    // namespace of its own none of them succeeds anyhow.
    always(libc::SYS_mount, Call::Forbidden(Errno::EPERM)),
    always(libc::SYS_move_mount, Call::Forbidden(Errno::EPERM)),
    always(libc::SYS_fsopen, Call::Forbidden(Errno::EPERM)),
    always(libc::SYS_fsmount, Call::Forbidden(Errno::EPERM)),
    always(libc::SYS_open_tree, Call::Forbidden(Errno::EPERM)),
    always(libc::SYS_chroot, Call::Forbidden(Errno::EPERM)),
    always(libc::SYS_pivot_root, Call::Forbidden(Errno::EPERM)),
];

/// Calls that only old architectures have.
#[cfg(target_arch = "x86_64")]
const LEGACY: &[Rule] = &[
    when(
        libc::SYS_open,
        &[Clause::AnyBit { argument: 1, mask: MUTATING_FLAGS }],
        Call::Open { target: plain(0, Links::Follow), flags: OpenFlags::Argument(1) },
    ),
    always(
        libc::SYS_creat,
        Call::Open { target: plain(0, Links::Follow), flags: OpenFlags::Create { mode: 1 } },
    ),
    always(
        libc::SYS_rename,
        two(SystemCallKind::Rename, Effect::Destroys, path(0, Links::Keep), path(1, Links::Keep)),
    ),
    always(
        libc::SYS_link,
        two(SystemCallKind::Link, Effect::Creates, path(0, Links::Keep), path(1, Links::Keep)),
    ),
    always(
        libc::SYS_symlink,
        two(SystemCallKind::Symlink, Effect::Creates, Target::Text(0), path(1, Links::Keep)),
    ),
    always(libc::SYS_unlink, change(SystemCallKind::Unlink, Effect::Destroys, path(0, Links::Keep))),
    always(libc::SYS_rmdir, change(SystemCallKind::Unlink, Effect::Destroys, path(0, Links::Keep))),
    always(libc::SYS_mkdir, create(SystemCallKind::MakeDirectory, path(0, Links::Keep), 1)),
    always(libc::SYS_mknod, create(SystemCallKind::MakeNode, path(0, Links::Keep), 1)),
    always(libc::SYS_chmod, chmod(path(0, Links::Follow), 1)),
    always(libc::SYS_chown, change(SystemCallKind::ChangeOwner, Effect::Alters, path(0, Links::Follow))),
    always(libc::SYS_lchown, change(SystemCallKind::ChangeOwner, Effect::Alters, path(0, Links::Keep))),
    always(libc::SYS_utime, change(SystemCallKind::SetAttribute, Effect::Touches, path(0, Links::Follow))),
    always(libc::SYS_utimes, change(SystemCallKind::SetAttribute, Effect::Touches, path(0, Links::Follow))),
    always(libc::SYS_futimesat, change(SystemCallKind::SetAttribute, Effect::Touches, at(0, Links::Follow))),
];

/// Calls that only old architectures have: none here.
#[cfg(not(target_arch = "x86_64"))]
const LEGACY: &[Rule] = &[];

/// Calls that change nothing that anybody else can see; watched only to go wrong, or to be waited for.
pub(super) const SYNC_RULES: &[Rule] = &[
    always(libc::SYS_fsync, Call::Sync),
    always(libc::SYS_fdatasync, Call::Sync),
    always(libc::SYS_syncfs, Call::Sync),
    always(libc::SYS_sync_file_range, Call::Sync),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_number_has_two_rules() {
        let rules = rules([CallClass::Any].into_iter());
        let numbers: BTreeSet<u32> = rules.iter().map(|rule| rule.number).collect();
        assert_eq!(numbers.len(), rules.len());
    }

    #[test]
    fn syncs_are_watched_only_where_they_are_counted() {
        let watched = |class| rules([class].into_iter()).len() > RULES.len();
        for class in CallClass::ALL {
            let expected = matches!(class, CallClass::Any | CallClass::AfterSecret | CallClass::Sync);
            assert_eq!(watched(class), expected, "{class:?}");
        }
    }

    #[test]
    fn a_path_only_open_is_not_mutating() {
        assert!(!is_mutating((libc::O_PATH | libc::O_RDWR) as u64));
        assert!(is_mutating(libc::O_RDWR as u64));
        assert!(is_mutating(libc::O_TMPFILE as u64));
        assert!(!is_mutating((libc::O_DIRECTORY | libc::O_CLOEXEC) as u64));
    }
}

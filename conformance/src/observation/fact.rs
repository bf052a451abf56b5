//! What one piece of evidence says.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Encoding, Observer, SessionIndex, SightingPlace, TreeEntry};
use crate::{
    case::{CanaryRole, Condition, StepLabel},
    protocol::{ReplyError, RequestKind, SelfReport, Unsupported},
};

/// One fact.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The harness's own client found the world in the condition of the coming session.
    ConditionProved {
        /// The session that is about to begin.
        session: SessionIndex,
        /// The condition.
        condition: Condition,
        /// How it was found, in one line.
        detail: String,
    },
    /// Something was planted.
    Planted {
        /// The session that is about to begin.
        session: SessionIndex,
        /// Where.
        path: String,
        /// What, in a few words.
        what: String,
    },
    /// A canary came into the world's hands.
    CanaryIssued {
        /// Its role.
        role: CanaryRole,
        /// How.
        by: IssuedBy,
    },
    /// A canary was seen.
    CanarySeen {
        /// Its role.
        role: CanaryRole,
        /// How it was written down.
        encoding: Encoding,
        /// Where.
        place: SightingPlace,
    },
    /// An observer saw the leak that was planted for it in the world by a process, in this run.
    LivenessSeen {
        /// The observer.
        observer: Observer,
        /// Where.
        place: SightingPlace,
    },
    /// A fault of the case happened.
    FaultHit {
        /// Which of the case's faults, from 0.
        fault: usize,
        /// To what, in one line.
        detail: String,
    },
    /// The call of a fault came, and the fault could not happen to it.
    FaultMissed {
        /// Which of the case's faults, from 0.
        fault: usize,
        /// To what, and why not, in one line.
        detail: String,
    },
    /// A session was held until another one had passed its point.
    RendezvousMet {
        /// Which of the case's rendezvous, from 0.
        rendezvous: usize,
        /// For how long it was held, in milliseconds.
        held_ms: u64,
    },
    /// The adapter answered.
    Replied {
        /// Which step of the session, from 0; `hello` and `bye` have none.
        step: Option<usize>,
        /// The step's label.
        label: Option<StepLabel>,
        /// What was asked.
        request: RequestKind,
        /// What was answered.
        reply: ReplyFact,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
    },
    /// The adapter did not keep to the protocol, or could not carry out an instruction.
    AdapterFailed {
        /// Which step of the session, from 0.
        step: Option<usize>,
        /// What happened.
        detail: String,
    },
    /// No reply came before the deadline of a step.
    DeadlinePassed {
        /// Which step of the session, from 0.
        step: Option<usize>,
        /// The step's label.
        label: Option<StepLabel>,
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
    /// A session printed the path of a file that it wrote.
    PathPrinted {
        /// The file.
        path: String,
    },
    /// A session began: its process runs.
    SessionStarted {},
    /// A session ended.
    SessionEnded {
        /// How.
        how: SessionEnd,
        /// CapEff of the session's first process, hexadecimal, as read from its status; all zero when root exemptions are off.
        effective_capabilities: Option<String>,
    },
    /// The state of the file tree.
    Tree {
        /// When.
        snapshot: Snapshot,
        /// Every entry, sorted by path.
        entries: Vec<TreeEntry>,
    },
    /// A system call was attempted.
    SystemCall(SystemCall),
    /// A process was started.
    ProcessStarted(ProcessStart),
    /// A call crossed the bus.
    BusCall(BusCall),
    /// The contents of the keyring, without the secrets.
    Keyring {
        /// When.
        snapshot: Snapshot,
        /// Every item.
        items: Vec<KeyringItem>,
    },
    /// The authority was asked for a token.
    TokenRequest(TokenRequest),
}

/// How a canary came into the world's hands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuedBy {
    /// It was in the value of a `put` (store level).
    Put,
    /// The authority issued it as a token, in answer to a `put` or a `get` (credential level).
    Authority,
    /// It is in a plant.
    Plant,
    /// It is the client secret that `open` carries (credential level).
    Open,
}

/// A point in the life of a world.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(tag = "snapshot", content = "session", rename_all = "snake_case")]
pub enum Snapshot {
    /// Before a session, after its plants.
    Before(SessionIndex),
    /// After a session, once all its processes are gone.
    After(SessionIndex),
}

/// What an adapter answered, without the values.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum ReplyFact {
    /// Success.
    Ok {
        /// What the value held; `get` only.
        value: Option<ValueFact>,
        /// What the library says of itself; `open` only. Cross-checked, never a verdict.
        self_report: Option<SelfReport>,
    },
    /// The library returned or threw.
    Error(ReplyError),
    /// The library cannot do it.
    Unsupported(Unsupported),
}

/// What a value held.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "value", rename_all = "snake_case")]
pub enum ValueFact {
    /// Null: nothing is there.
    Null,
    /// A value.
    Some {
        /// Its length in bytes.
        bytes: usize,
        /// The canaries that are in it, raw.
        canaries: Vec<CanaryRole>,
        /// The canary that is all of it, or of the document's token, if it is exactly one.
        exactly: Option<CanaryRole>,
    },
}

/// How a session ended.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum SessionEnd {
    /// It exited by itself with this code, after `bye` or before.
    Exited {
        /// The code.
        code: i32,
    },
    /// The harness killed it because the script says so.
    KilledByScript,
    /// It was killed at a system call, because a fault of the case says so.
    KilledByFault,
    /// The harness killed it because a deadline passed or the protocol was broken.
    KilledByHarness {
        /// Why.
        reason: String,
    },
    /// It died by a signal of its own.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// Exit 89: the adapter cannot run here.
    CannotRunHere,
    /// It could not be started.
    NotStarted {
        /// Why.
        reason: String,
    },
}

/// A system call that was attempted; its result is unknown.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct SystemCall {
    /// Which call.
    pub call: SystemCallKind,
    /// The process (thread group).
    pub pid: u32,
    /// The path that is named first, absolute.
    pub path: Option<String>,
    /// The path that is named second: where a rename or a link leads.
    pub second_path: Option<String>,
    /// The mode argument of a creating or mode-changing call.
    pub mode: Option<u32>,
    /// Raw flags of an open.
    pub flags: Option<u64>,
    /// The address of a connect.
    pub address: Option<String>,
    /// The errno with which the harness refused it, or a fault ended it; `SIGKILL` where a fault killed its process.
    pub refused: Option<String>,
}

/// The kind of a system call, its variants folded.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemCallKind {
    /// open, openat, openat2, creat with intent to write or create.
    Open,
    /// write, pwrite, writev, pwritev, pwritev2 to a file or memory file. Recorded once for a process and a file.
    Write,
    /// mmap, shared and writable.
    SharedMap,
    /// splice, sendfile, copy_file_range, and an ioctl that clones a file into another.
    Splice,
    /// rename, renameat, renameat2.
    Rename,
    /// link, linkat.
    Link,
    /// symlink, symlinkat.
    Symlink,
    /// unlink, unlinkat, rmdir.
    Unlink,
    /// mkdir, mkdirat.
    MakeDirectory,
    /// mknod, mknodat, and a bind that makes a socket in the file tree.
    MakeNode,
    /// truncate, ftruncate.
    Truncate,
    /// chmod, fchmod, fchmodat, fchmodat2.
    ChangeMode,
    /// chown, fchown, lchown, fchownat.
    ChangeOwner,
    /// setxattr, removexattr and their variants; calls that set times only where they were refused.
    SetAttribute,
    /// fsync, fdatasync, syncfs, `sync_file_range`. Announced only where a fault or a rendezvous counts them.
    Sync,
    /// connect, and sendto, sendmsg and sendmmsg with an address.
    Connect,
    /// What would escape the witness, and is refused: foreign architectures, x32, io_uring, Linux AIO, mount, chroot and
    /// their kin.
    Forbidden,
}

impl SystemCallKind {
    /// The word for it in sentences: the plainest of the calls that it stands for.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Write => "write",
            Self::SharedMap => "mmap",
            Self::Splice => "splice",
            Self::Rename => "rename",
            Self::Link => "link",
            Self::Symlink => "symlink",
            Self::Unlink => "unlink",
            Self::MakeDirectory => "mkdir",
            Self::MakeNode => "mknod",
            Self::Truncate => "truncate",
            Self::ChangeMode => "chmod",
            Self::ChangeOwner => "chown",
            Self::SetAttribute => "setxattr",
            Self::Sync => "fsync",
            Self::Connect => "connect",
            Self::Forbidden => "a forbidden call",
        }
    }
}

/// A process at its start.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ProcessStart {
    /// The process.
    pub pid: u32,
    /// The program's path.
    pub program: String,
    /// Its arguments, canaries replaced by `{role}`.
    pub arguments: Vec<String>,
    /// The names of its environment variables.
    pub environment: Vec<String>,
}

/// A method call that crossed the bus.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct BusCall {
    /// The connection, numbered by the interposer.
    pub connection: u64,
    /// The destination, or empty.
    pub destination: String,
    /// The object path.
    pub path: String,
    /// The interface, or empty.
    pub interface: String,
    /// The method.
    pub member: String,
    /// Whether its first argument is `org.freedesktop.secrets`. Arguments themselves may be secrets and are not kept.
    pub names_secrets: bool,
    /// How it was answered: `ok`, an error's name, or `unanswered`.
    pub answer: String,
}

/// An item of the keyring, without its secret.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct KeyringItem {
    /// The collection's object path.
    pub collection: String,
    /// The item's object path.
    pub path: String,
    /// The label.
    pub label: String,
    /// The attributes.
    pub attributes: BTreeMap<String, String>,
    /// The content type.
    pub content_type: String,
    /// The length of the secret.
    pub bytes: usize,
}

/// A request for a token, or one that leads to it: the user is asked to sign in.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct TokenRequest {
    /// By what right.
    pub grant: Grant,
    /// The scope.
    pub scope: String,
    /// The canary that was issued, if any.
    pub issued: Option<CanaryRole>,
    /// Why nothing was issued; absent where a token was, or the user was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<TokenRefusal>,
}

/// By what right a client asks for a token.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Its own secret.
    ClientCredentials,
    /// None yet: it wants the user to enter a code on another device.
    DeviceAuthorization,
    /// The user entered the code, or has not yet.
    DeviceCode,
    /// None yet: it wants the user to sign in in a browser.
    Authorization,
    /// The user signed in in a browser.
    AuthorizationCode,
    /// A refresh token.
    RefreshToken,
    /// Another one, which the authority does not know; the client's word for it.
    Unknown(String),
}

impl Grant {
    /// Whether the user has to do something for it.
    pub fn asks_user(&self) -> bool {
        match self {
            Self::DeviceAuthorization | Self::DeviceCode | Self::Authorization | Self::AuthorizationCode => {
                true
            }
            Self::ClientCredentials | Self::RefreshToken | Self::Unknown(_) => false,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ClientCredentials => "client_credentials",
            Self::DeviceAuthorization => "device_authorization",
            Self::DeviceCode => "device_code",
            Self::Authorization => "authorization",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Unknown(text) => text,
        })
    }
}

/// Why the authority issued nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// The request has no form with one grant, or lacks what the grant needs.
    Malformed,
    /// The grant is none that is known.
    UnknownGrant,
    /// The client or the tenant is not the one that there is.
    UnknownClient,
    /// The client's secret is wrong.
    WrongSecret,
    /// The scope is not of this authority.
    UnknownScope,
    /// The user has not entered the code yet.
    Pending,
    /// The code or the refresh token was never given out, or was used up.
    UnknownCode,
    /// The refresh token was replaced by a newer one before: whoever still has it did not keep the newer one.
    ReplacedToken,
}

//! What a search decides: how the keyring is found, what is asked of the library, and where the service misbehaves.

use std::collections::VecDeque;

use crate::text;

/// A life of a cache with a service that cannot be trusted.
#[derive(Clone, Debug)]
pub(super) struct Script {
    flags: u8,
    pub(super) steps: Vec<Step>,
    pub(super) acts: VecDeque<Act>,
}

/// What is asked of the library.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Probe,
    /// With a prompt, where one is needed.
    Unlock,
    Read,
    Write,
    Clear,
}

/// What the service does at one of the calls.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// How many calls are answered soundly before.
    pub(super) after: u8,
    pub(super) conduct: Conduct,
}

/// How a call is answered; `done` is whether it is carried out all the same.
#[derive(Clone, Debug)]
pub(super) enum Conduct {
    /// A body of any kind.
    Body { signature: Vec<u8>, bytes: Vec<u8> },
    /// The sound answer without its end.
    Cut { kept: u8 },
    /// An error.
    Error { done: bool, name: &'static str },
    /// The sound answer with some bits of one byte flipped, of its header too.
    Flip { at: u8, mask: u8 },
    /// The connection is closed.
    Leave { done: bool },
    /// An answer that a service could give, and that is not so.
    Lie { number: u8, text: Vec<u8> },
    /// Locks the collection or unlocks it before the call, and answers soundly.
    Lock,
    /// Whatever is no message.
    Noise(Vec<u8>),
    /// Answers as if it were done.
    Pretend,
    /// Is another process from now on, which knows of no session.
    Restart,
    /// No answer.
    Silence { done: bool },
    /// The sound answer, and then an error for the same call.
    Twice,
}

impl Script {
    pub(super) fn parse(mut bytes: &[u8]) -> Self {
        let rest = &mut bytes;
        let flags = text::byte(rest);
        let count = 1 + text::byte(rest) % STEPS;
        let steps = (0..count).map(|_| Step::from(text::byte(rest))).collect();
        let mut acts = VecDeque::new();
        let mut waits = 0;
        while !rest.is_empty() && acts.len() < ACTS {
            let act = Act { after: text::byte(rest) % 32, conduct: Conduct::parse(rest) };
            waits += usize::from(act.conduct.may_be_waited_for());
            if waits > WAITS {
                break;
            }
            acts.push_back(act);
        }
        Self { flags, steps, acts }
    }

    /// Whether an item of the cache is there at first.
    pub(super) fn has_item(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether there is a second one.
    pub(super) fn has_double(&self) -> bool {
        self.flags & 2 != 0
    }

    /// Whether there is somebody else's item, with the attributes of ours and further ones.
    pub(super) fn has_superset(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Whether the collection is locked at first.
    pub(super) fn is_locked(&self) -> bool {
        self.flags & 8 != 0
    }

    /// Whether a whole cache is used, and not its store alone.
    pub(super) fn is_whole(&self) -> bool {
        self.flags & 16 != 0
    }

    /// Whether the application accepts plaintext where there is no keyring.
    pub(super) fn consents(&self) -> bool {
        self.flags & 32 != 0
    }

    /// How the service is found.
    pub(super) fn presence(&self) -> Presence {
        match self.flags >> 6 {
            0 | 1 => Presence::Running,
            2 => Presence::Activatable,
            _ => Presence::Absent,
        }
    }

    /// Whether every call is answered somehow, so that nothing should need to be waited for.
    pub(super) fn answers(&self) -> bool {
        self.acts.iter().all(|act| !act.conduct.may_be_waited_for())
    }
}

/// Whether the service is on the bus.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Presence {
    Absent,
    Activatable,
    Running,
}

impl From<u8> for Step {
    fn from(byte: u8) -> Self {
        match byte % 8 {
            0 | 1 => Self::Write,
            2 | 3 => Self::Read,
            4 => Self::Probe,
            5 => Self::Unlock,
            _ => Self::Clear,
        }
    }
}

impl Conduct {
    fn parse(rest: &mut &[u8]) -> Self {
        let kind = text::byte(rest);
        let done = kind & 0x80 != 0;
        match (kind & 0x7f) % 12 {
            0 => Self::Lie { number: text::byte(rest), text: text::line(rest).to_vec() },
            1 => Self::Error { done, name: ERRORS[usize::from(text::byte(rest)) % ERRORS.len()] },
            2 => Self::Pretend,
            3 => Self::Lock,
            4 => Self::Twice,
            5 => Self::Restart,
            6 => Self::Leave { done },
            7 => Self::Silence { done },
            8 => Self::Flip { at: text::byte(rest), mask: text::byte(rest) },
            9 => Self::Cut { kept: text::byte(rest) },
            10 => {
                let signature = text::line(rest);
                let signature = signature[..signature.len().min(255)].to_vec();
                Self::Body { signature, bytes: text::line(rest).to_vec() }
            }
            _ => Self::Noise(text::line(rest).to_vec()),
        }
    }

    /// Whether the library may have to wait until its deadline.
    fn may_be_waited_for(&self) -> bool {
        match self {
            Self::Body { .. } | Self::Flip { .. } | Self::Noise(_) | Self::Silence { .. } => true,
            Self::Cut { .. }
            | Self::Error { .. }
            | Self::Leave { .. }
            | Self::Lie { .. }
            | Self::Lock
            | Self::Pretend
            | Self::Restart
            | Self::Twice => false,
        }
    }
}

/// Names that mean something to the library, and such as mean nothing.
pub(super) const ERRORS: &[&str] = &[
    "org.freedesktop.Secret.Error.IsLocked",
    "org.freedesktop.Secret.Error.NoSuchObject",
    "org.freedesktop.Secret.Error.NoSession",
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.LimitsExceeded",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.NotSupported",
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.Timeout",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.gnome.keyring.Error.Denied",
    "x.y",
];

const STEPS: u8 = 4;
const ACTS: usize = 12;

/// How often the library may be made to wait, so that a search gets on.
const WAITS: usize = 2;

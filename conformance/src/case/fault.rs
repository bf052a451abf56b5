//! What goes wrong while a session runs: one event, by the class of a call and how often it was made.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An event during a session. Its hit is evidence; a case whose fault was never hit decides nothing.
///
/// Faults count as conditions: the twin world has none of them.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The session during which it happens, counted from 0.
    #[serde(default)]
    pub during_session: usize,
    /// What happens. A table of its own, because serde cannot refuse unknown keys of a flattened one.
    pub kind: FaultKind,
}

/// What a fault is.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// A call to the Secret Service goes wrong.
    Bus {
        /// Which calls are counted.
        call: BusClass,
        /// Which of them, from 1.
        nth: u32,
        /// Whether those after it go wrong too.
        #[serde(default)]
        repeat: Repeat,
        /// How.
        effect: BusEffect,
    },
    /// A system call that changes files goes wrong.
    SystemCall {
        /// Which calls are counted.
        call: CallClass,
        /// Which of them, from 1.
        nth: u32,
        /// Whether those after it go wrong too.
        #[serde(default)]
        repeat: Repeat,
        /// How.
        effect: CallEffect,
    },
}

/// Whether a fault happens once.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// At the n-th call only.
    #[default]
    Once,
    /// At the n-th call and at all that follow.
    FromThenOn,
}

/// A class of calls to the Secret Service, counted within one session.
///
/// Names of classes are those of intentions, so that a case fits every client: `read` is `GetSecret` and `GetSecrets`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BusClass {
    /// Every call to `org.freedesktop.secrets`, to read properties included.
    Any,
    /// `Service.OpenSession`.
    OpenSession,
    /// `SearchItems` of service or collection.
    Search,
    /// `Service.Unlock`.
    Unlock,
    /// `Prompt.Prompt`.
    Prompt,
    /// What stores a secret: `Collection.CreateItem` and `Item.SetSecret`.
    Save,
    /// What gives a secret back: `Service.GetSecrets` and `Item.GetSecret`.
    Read,
    /// `Item.Delete`.
    Delete,
}

/// How a call to the Secret Service goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BusEffect {
    /// It is answered with `org.freedesktop.DBus.Error.AccessDenied`, and not carried out.
    Deny,
    /// A prompt is dismissed. `prompt` only.
    Dismiss,
    /// It is answered as if it had succeeded, and not carried out. `save` and `delete` only.
    Drop,
    /// It is carried out, and answered after four seconds.
    Slow,
    /// It is not carried out and never answered. A prompt is shown, and never completed.
    Hang,
    /// The connection is cut instead of an answer; the call is not carried out.
    Disconnect,
    /// The secret that is given back has other bytes, which are no text any more. `read` only.
    Alter,
    /// The secret that is given back is another item's: a canary of the role `foreign`. `read` only, and only where
    /// the keyring takes that item, which it does in a usable world.
    Foreign,
    /// It is answered with `org.freedesktop.DBus.Error.LimitsExceeded`, and not carried out. `save` only.
    TooLarge,
}

/// A class of system calls that change files of the world, counted over all processes of one session.
///
/// Calls outside the world's writable folders do not count, nor do those on pipes, sockets, devices and `/proc`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallClass {
    /// Every one of those below, and every other call that changes files: opens for writing, shared mappings, copies inside
    /// the kernel, changes of mode, owner, attributes and times.
    Any,
    /// What makes or may make a file or folder: an open with `O_CREAT` or `O_TMPFILE`, mkdir, mknod, link, symlink, and a bind
    /// to a path.
    Create,
    /// A write to a file.
    Write,
    /// A write to a file whose bytes hold a canary, in any form that is searched for.
    SecretWrite,
    /// Every one of `any` that comes after the first `secret_write`: what is left to do once the secret is in a file.
    AfterSecret,
    /// What takes a name or a content away: every rename, unlink and truncate.
    Destroy,
    /// A rename.
    Rename,
    /// fsync, fdatasync, syncfs, `sync_file_range`.
    Sync,
    /// unlink and rmdir.
    Unlink,
    /// truncate, ftruncate, and an open with `O_TRUNC`, which may be one of `create` as well.
    Truncate,
}

/// How a system call goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEffect {
    /// Every process of the session is killed before the call is carried out.
    Kill,
    /// It fails with EACCES.
    Eacces,
    /// It fails with EDQUOT.
    Edquot,
    /// It fails with EINTR.
    Eintr,
    /// It fails with EIO.
    Eio,
    /// It fails with EMFILE.
    Emfile,
    /// It fails with ENOSPC.
    Enospc,
    /// It fails with EROFS.
    Erofs,
}

impl FaultKind {
    /// Whether it gives the secret of another item, a canary of the role [`CanaryRole::FOREIGN`](super::CanaryRole::FOREIGN).
    pub fn gives_foreign(&self) -> bool {
        match self {
            Self::Bus { effect, .. } => *effect == BusEffect::Foreign,
            Self::SystemCall { .. } => false,
        }
    }
}

impl BusClass {
    /// All classes.
    pub const ALL: [Self; 8] = [
        Self::Any,
        Self::OpenSession,
        Self::Search,
        Self::Unlock,
        Self::Prompt,
        Self::Save,
        Self::Read,
        Self::Delete,
    ];

    /// The word in case files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::OpenSession => "open_session",
            Self::Search => "search",
            Self::Unlock => "unlock",
            Self::Prompt => "prompt",
            Self::Save => "save",
            Self::Read => "read",
            Self::Delete => "delete",
        }
    }
}

impl BusEffect {
    /// All effects.
    pub const ALL: [Self; 9] = [
        Self::Deny,
        Self::Dismiss,
        Self::Drop,
        Self::Slow,
        Self::Hang,
        Self::Disconnect,
        Self::Alter,
        Self::Foreign,
        Self::TooLarge,
    ];

    /// The word in case files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Dismiss => "dismiss",
            Self::Drop => "drop",
            Self::Slow => "slow",
            Self::Hang => "hang",
            Self::Disconnect => "disconnect",
            Self::Alter => "alter",
            Self::Foreign => "foreign",
            Self::TooLarge => "too_large",
        }
    }

    /// The classes of calls to which it can happen.
    pub fn fits(self, class: BusClass) -> bool {
        match self {
            Self::Deny | Self::Slow | Self::Hang | Self::Disconnect => true,
            Self::Dismiss => class == BusClass::Prompt,
            Self::Drop => matches!(class, BusClass::Save | BusClass::Delete),
            Self::Alter | Self::Foreign => class == BusClass::Read,
            Self::TooLarge => class == BusClass::Save,
        }
    }
}

impl CallClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Any,
        Self::Create,
        Self::Write,
        Self::SecretWrite,
        Self::AfterSecret,
        Self::Destroy,
        Self::Rename,
        Self::Sync,
        Self::Unlink,
        Self::Truncate,
    ];

    /// The word in case files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Create => "create",
            Self::Write => "write",
            Self::SecretWrite => "secret_write",
            Self::AfterSecret => "after_secret",
            Self::Destroy => "destroy",
            Self::Rename => "rename",
            Self::Sync => "sync",
            Self::Unlink => "unlink",
            Self::Truncate => "truncate",
        }
    }
}

impl CallEffect {
    /// All effects.
    pub const ALL: [Self; 8] = [
        Self::Kill,
        Self::Eacces,
        Self::Edquot,
        Self::Eintr,
        Self::Eio,
        Self::Emfile,
        Self::Enospc,
        Self::Erofs,
    ];

    /// The word in case files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Eacces => "eacces",
            Self::Edquot => "edquot",
            Self::Eintr => "eintr",
            Self::Eio => "eio",
            Self::Emfile => "emfile",
            Self::Enospc => "enospc",
            Self::Erofs => "erofs",
        }
    }
}

impl fmt::Display for FaultKind {
    /// One line, such as `kill at the 2nd secret_write`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (effect, nth, class, repeat) = match self {
            Self::Bus { call, nth, repeat, effect } => (effect.as_str(), nth, call.as_str(), repeat),
            Self::SystemCall { call, nth, repeat, effect } => (effect.as_str(), nth, call.as_str(), repeat),
        };
        let what = match self {
            Self::Bus { .. } => "call to the keyring",
            Self::SystemCall { .. } => "system call",
        };
        write!(f, "{effect} at {what} {nth} of the class {class}")?;
        match repeat {
            Repeat::Once => Ok(()),
            Repeat::FromThenOn => f.write_str(" and at all that follow"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_case_files() {
        let quoted = |word: &str| format!("\"{word}\"");
        let written = |value: serde_json::Result<String>| value.expect("a word is plain data");
        for class in BusClass::ALL {
            assert_eq!(written(serde_json::to_string(&class)), quoted(class.as_str()));
        }
        for effect in BusEffect::ALL {
            assert_eq!(written(serde_json::to_string(&effect)), quoted(effect.as_str()));
        }
        for class in CallClass::ALL {
            assert_eq!(written(serde_json::to_string(&class)), quoted(class.as_str()));
        }
        for effect in CallEffect::ALL {
            assert_eq!(written(serde_json::to_string(&effect)), quoted(effect.as_str()));
        }
    }

    #[test]
    fn every_effect_fits_some_class() {
        for effect in BusEffect::ALL {
            assert!(BusClass::ALL.into_iter().any(|class| effect.fits(class)), "{}", effect.as_str());
        }
    }

    #[test]
    fn a_fault_is_told_in_one_line() {
        let kill = FaultKind::SystemCall {
            call: CallClass::SecretWrite,
            nth: 2,
            repeat: Repeat::Once,
            effect: CallEffect::Kill,
        };
        assert_eq!(kill.to_string(), "kill at system call 2 of the class secret_write");
        let deny = FaultKind::Bus {
            call: BusClass::Any,
            nth: 3,
            repeat: Repeat::FromThenOn,
            effect: BusEffect::Deny,
        };
        assert_eq!(deny.to_string(), "deny at call to the keyring 3 of the class any and at all that follow");
    }
}

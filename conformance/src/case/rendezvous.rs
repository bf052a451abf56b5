//! Where sessions that overlap meet, so that a race is forced and not hoped for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BusClass, CallClass, StepLabel};

/// One session is held at a point until another one has come to a point of its own.
///
/// It was met if the one came to its point and went on only after the other had come to its own. Held for longer than
/// the world is patient, or left alone by a session that ended without coming there, the session goes on, and the case
/// decides nothing. The twin plays the sessions one after the other.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rendezvous {
    /// Who is held, and where: just before what is named there is carried out.
    pub hold: Meeting,
    /// Until who has come to what.
    pub until: Meeting,
    /// What coming there means.
    #[serde(default)]
    pub once: Once,
}

/// When a session has come to a point.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Once {
    /// Just after it was answered or, for a system call, let go.
    #[default]
    Passed,
    /// Just before it is carried out, where the session may be held itself.
    Reached,
}

/// A point in the life of a session.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// The session, counted from 0.
    pub session: usize,
    /// The point.
    pub at: Point,
}

/// What happens in a session, as far as others can wait for it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "point", rename_all = "snake_case", deny_unknown_fields)]
pub enum Point {
    /// The n-th call of a class to the Secret Service.
    Bus {
        /// Which calls are counted.
        call: BusClass,
        /// Which of them, from 1.
        nth: u32,
    },
    /// The n-th system call of a class.
    SystemCall {
        /// Which calls are counted.
        call: CallClass,
        /// Which of them, from 1.
        nth: u32,
    },
    /// A step of the script: it is asked, or was answered.
    Step {
        /// Its label.
        step: StepLabel,
    },
    /// The end of the session, all its processes gone. Nobody can be held there.
    End {},
}

impl fmt::Display for Point {
    /// A few words, such as `its call 1 of the class save to the keyring`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus { call, nth } => {
                write!(f, "its call {nth} of the class {} to the keyring", call.as_str())
            }
            Self::SystemCall { call, nth } => {
                write!(f, "its system call {nth} of the class {}", call.as_str())
            }
            Self::Step { step } => write!(f, "its step {step}"),
            Self::End {} => f.write_str("its end"),
        }
    }
}

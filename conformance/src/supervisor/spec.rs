//! What a supervisor is asked to start.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{
    canary::CanarySet,
    case::{CallClass, CallEffect, Repeat},
    observation::Observer,
};

/// A session to start, and what it may touch.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSpec {
    /// The program; without a slash it is looked for in the session's own `PATH`.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub arguments: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// Where it starts.
    pub working_directory: PathBuf,
    /// Its file mode creation mask.
    pub umask: u32,
    /// The folders below which it may change files and connect to sockets. They must exist.
    pub writable_roots: Vec<PathBuf>,
    /// The reading of CLOCK_MONOTONIC at which the world's clock began.
    pub clock_began: u64,
    /// What is searched for.
    pub canaries: CanarySet,
    /// Whether it keeps what its starter has.
    pub attachment: Attachment,
    /// Observers that record nothing. What they would refuse is refused all the same.
    pub disabled: Vec<Observer>,
    /// What goes wrong at its system calls.
    pub faults: Vec<CallFault>,
    /// Where it says that it has come, and waits until it may go on.
    pub points: Vec<CallPoint>,
}

/// A system call of a session that goes wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// Which of the case's faults, from 0.
    pub fault: usize,
    /// Which calls are counted.
    pub call: CallClass,
    /// Which of them, from 1.
    pub nth: u32,
    /// Whether those after it go wrong too.
    pub repeat: Repeat,
    /// How.
    pub effect: CallEffect,
}

/// A system call of a session at which others may want to meet it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CallPoint {
    /// Which calls are counted.
    pub call: CallClass,
    /// Which of them, from 1.
    pub nth: u32,
}

/// Whose streams and whose terminal a session has.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    /// Pipes to the harness, and no terminal.
    Detached,
    /// The harness's own streams, terminal and process group, as a command has that a person gives.
    Terminal,
}

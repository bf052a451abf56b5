//! What a supervisor is asked to start.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{canary::CanarySet, observation::Observer};

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
    /// Observers that record nothing. What they would refuse is refused all the same.
    pub disabled: Vec<Observer>,
}

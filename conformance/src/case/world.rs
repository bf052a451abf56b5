//! The world of a case: platform, condition, what is planted before the first session.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CanaryRole, CorruptFile, Partition};
use crate::protocol::LocationRole;

/// An operating system.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

impl Platform {
    /// The platform of this process.
    pub const CURRENT: Self = if cfg!(target_os = "macos") {
        Self::Macos
    } else if cfg!(windows) {
        Self::Windows
    } else {
        Self::Linux
    };
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Windows => "windows",
        })
    }
}

/// The world that a case asks for.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSpec {
    /// Where the case can run. What it needs beyond what worlds there have is not found out about, and said to be so.
    #[serde(default = "those_with_worlds")]
    pub platforms: Vec<Platform>,
    /// The file mode creation mask of the sessions, octal.
    #[serde(default = "usual_umask")]
    pub umask: String,
    /// The condition of sessions that name none.
    #[serde(default)]
    pub condition: Condition,
}

impl Default for WorldSpec {
    fn default() -> Self {
        Self { platforms: those_with_worlds(), umask: usual_umask(), condition: Condition::Usable }
    }
}

/// The platforms on which the harness makes worlds.
fn those_with_worlds() -> Vec<Platform> {
    vec![Platform::Linux, Platform::Windows]
}

fn usual_umask() -> String {
    "022".into()
}

/// A state of the bus and the keyring, proved by the harness's own client before a session begins.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Bus, service and an unlocked default collection: no condition at all.
    #[default]
    Usable,
    /// No bus address in the environment and no default socket.
    NoBus,
    /// A bus address that leads to a socket file on which nobody listens.
    DeadSocket,
    /// A bus on which nobody owns `org.freedesktop.secrets` and nothing can be activated.
    NoService,
    /// A service with the session collection only: the alias `default` leads nowhere, as on a fresh headless machine.
    NoDefaultCollection,
    /// A default collection that is locked; a prompt is dismissed at once, as where nobody can answer it.
    Locked,
}

impl Condition {
    /// All conditions that are not [`Condition::Usable`].
    pub const ALL: [Self; 5] =
        [Self::NoBus, Self::DeadSocket, Self::NoService, Self::NoDefaultCollection, Self::Locked];

    /// The word in case files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::NoBus => "no_bus",
            Self::DeadSocket => "dead_socket",
            Self::NoService => "no_service",
            Self::NoDefaultCollection => "no_default_collection",
            Self::Locked => "locked",
        }
    }

    /// Whether this changes the world at all.
    pub fn is_usable(self) -> bool {
        self == Self::Usable
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that the harness puts into the world before a session: what an attacker or an accident left behind.
///
/// Plants count as conditions: the twin world has none of them.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plant {
    /// The session before which it is planted, counted from 0.
    #[serde(default)]
    pub before_session: usize,
    /// The declared location that it is planted at. A check whose plant has no such location is not applicable.
    pub location: LocationRole,
    /// The cache whose location that is; the default name if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The partition whose location that is.
    #[serde(default)]
    pub partition: Partition,
    /// What is planted. A table of its own, because serde cannot refuse unknown keys of a flattened one.
    pub kind: PlantKind,
}

/// What a plant is.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "plant", rename_all = "snake_case", deny_unknown_fields)]
pub enum PlantKind {
    /// A regular file; folders above it are made private.
    File {
        /// Its mode, octal.
        mode: String,
        /// Its content; an absent one is empty.
        #[serde(default)]
        text: Option<String>,
        /// A canary around which a minimal cache document is made as content, instead of `text`.
        #[serde(default)]
        canary: Option<CanaryRole>,
        /// How long ago it was modified, in seconds.
        #[serde(default)]
        age_seconds: u64,
    },
    /// A file that is no cache, where one is expected.
    Corrupt {
        /// Its mode, octal.
        mode: String,
        /// Which one of `fixtures/corrupt`.
        file: CorruptFile,
    },
    /// A symbolic link to a file that does not exist, outside the library's own folder and inside the world.
    ///
    /// It has braces because serde lets a unit variant of a tagged enum carry unknown keys.
    Symlink {},
    /// No file: one that is there is removed, as by a user who was told that a lock is stale. Where no such location is
    /// declared, nothing is there.
    Absence {},
    /// A folder with this mode, octal.
    Directory {
        /// Its mode, octal.
        mode: String,
    },
}

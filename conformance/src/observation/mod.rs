//! What was seen of one run of a case: plain data, serialisable, all that the judge gets.
//!
//! An [`Observation`] holds numbered [`Evidence`] on one clock, the state in which each observer ended, and what the
//! statement and the world were. Nothing in it is a verdict, and nothing in it is secret: values are canaries, and even
//! those are named by role, never spelled out.
//!
//! | file | holds |
//! |---|---|
//! | `evidence` | [`Evidence`], [`EvidenceId`], the clock |
//! | `fact` | [`Fact`]: what one piece of evidence says |
//! | `place` | [`Place`](crate::observation::SightingPlace): where a canary was seen |
//! | `tree` | the state of files |
//! | `observer` | [`Observer`] and [`ObserverState`] |
//! | `emulator` | [`Emulator`]: who stands in for a system |
//! | `path_text` | how paths are written |
//! | `lives` | [`Lives`]: how long sessions lived |
//! | `log` | [`EvidenceLog`], which numbers evidence while a world lives |

mod emulator;
mod evidence;
mod fact;
mod lives;
mod log;
mod observer;
mod path_text;
mod place;
mod tree;

pub use emulator::Emulator;
pub use evidence::{Evidence, EvidenceId, Instant, SessionIndex};
pub use fact::{
    BusCall, Fact, Grant, IssuedBy, KeyringItem, ProcessStart, ReplyFact, SessionEnd, Snapshot, SystemCall,
    SystemCallKind, TokenRefusal, TokenRequest, ValueFact,
};
pub use lives::Lives;
pub use log::{Clock, EvidenceLog};
pub use observer::{Observer, ObserverState};
pub use path_text::path_text;
pub use place::{Encoding, SightingPlace};
pub use tree::{EntryKind, TreeEntry};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    case::{CaseId, Platform},
    protocol::{Identity, Statement},
};

/// The version of the shape of an [`Observation`]: bump it when a reader of the old shape would misjudge the new one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ObservationVersion(pub u32);

impl ObservationVersion {
    /// The version that this harness writes.
    pub const CURRENT: Self = Self(1);
}

/// Everything that was seen of one run of one case, or of its twin.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Observation {
    /// The version of this shape.
    pub format: ObservationVersion,
    /// The case.
    pub case: CaseId,
    /// Its revision.
    pub rev: u32,
    /// Whether this is the case or its twin.
    pub role: Role,
    /// The platform, provider and broker of the world.
    pub world: WorldFacts,
    /// The implementation, as `hello` named it; absent if no session got that far.
    pub implementation: Option<Identity>,
    /// The adapter, likewise.
    pub adapter: Option<Identity>,
    /// What the implementation declared.
    pub statement: Option<Statement>,
    /// How each observer ended.
    pub observers: BTreeMap<Observer, ObserverState>,
    /// Everything that was recorded, in the order of ids.
    pub evidence: Vec<Evidence>,
}

/// Whether an observation is of the case or of its twin.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The case.
    Case,
    /// Its twin.
    Twin,
}

/// What the world was.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct WorldFacts {
    /// The platform.
    pub platform: Platform,
    /// Who stood in for it, if anybody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<Emulator>,
    /// Who played the keyring, such as `scripted`.
    pub provider: String,
    /// The broker, such as `busd`.
    pub broker: String,
    /// The user that the sessions ran as, where the system has numbers for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The file mode creation mask of the sessions, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub umask: Option<u32>,
    /// The home of the world; paths in evidence are absolute and begin with this or a sibling.
    pub home: String,
    /// The folder that holds home, temporary and runtime folder.
    pub root: String,
}

impl WorldFacts {
    /// The platform as a label, such as `linux` or `windows (wine)`.
    pub fn platform_label(&self) -> String {
        platform_label(self.platform, self.emulator)
    }
}

/// A platform, and who stands in for it, as a label such as `linux` or `windows (wine)`.
pub fn platform_label(platform: Platform, emulator: Option<Emulator>) -> String {
    emulator.map_or_else(|| platform.to_string(), |emulator| format!("{platform} ({emulator})"))
}

impl Observation {
    /// The evidence with an id.
    pub fn evidence(&self, id: EvidenceId) -> Option<&Evidence> {
        self.evidence.get(id.index()).filter(|evidence| evidence.id == id)
    }

    /// How an observer ended; one that is not mentioned never watched.
    pub fn observer(&self, observer: Observer) -> ObserverState {
        self.observers
            .get(&observer)
            .cloned()
            .unwrap_or_else(|| ObserverState::Unavailable { reason: "it did not watch this run".into() })
    }
}

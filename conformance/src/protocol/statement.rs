//! What an implementation declares about itself, as data that a reviewer can read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CredentialKind, ErrorCategory};
use crate::case::{Partition, Platform};

/// Everything that an implementation declares, the same in every session. Unknown keys are an error; `item`, `credentials`, and
/// what `limits` holds, may be left out, everything else must be answered.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Whether the adapter hands the library a value, or asks a credential for a token.
    pub level: Level,
    /// The kinds of credential that the adapter can open if it is asked to; credential level only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<CredentialKind>,
    /// The protectors that the library uses, by platform.
    pub protectors: BTreeMap<Platform, Vec<Protector>>,
    /// The name that is used when none is given (S13).
    pub default_name: String,
    /// The partitions that one cache has, each with what is appended to the name (S12).
    pub partitions: BTreeMap<Partition, String>,
    /// Whether the library has a plaintext fallback, and who turns it on.
    pub fallback: Fallback,
    /// What the library does, opted in, when the protector is there and locked.
    pub on_locked: OnProtectorRefusal,
    /// What the library does, opted in, when the user dismisses the prompt.
    pub on_dismissed: OnProtectorRefusal,
    /// The files and folders that the library uses, by role.
    pub locations: Vec<Location>,
    /// The item that the library keeps in the protector, where it has one.
    pub item: Option<DeclaredItem>,
    /// Limits that the library documents.
    pub limits: Limits,
    /// The map from native errors to categories.
    pub error_map: Vec<ErrorMapEntry>,
}

/// Whether the adapter hands over values or lets a credential fetch them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// `put` saves the value it is given and `get` loads it.
    Store,
    /// `put` and `get` both ask a credential for a token; the authority issues the canaries.
    Credential,
}

impl Level {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Credential => "credential",
        }
    }
}

/// The platform's user data protection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protector {
    /// `org.freedesktop.secrets`.
    SecretService,
    /// The kernel's keyrings.
    KernelKeyring,
    /// The macOS Keychain.
    Keychain,
    /// Windows DPAPI.
    Dpapi,
    /// Windows Credential Manager.
    CredentialManager,
}

/// Whether a plaintext fallback exists.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// There is none. Checks of S6 still apply: a promise that is not kept is a finding.
    Never,
    /// There is one, off unless the option is set.
    OptIn,
    /// There is one, on unless it is turned off.
    DefaultOn,
}

/// What the library does, opted in, when a protector exists and does not open.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnProtectorRefusal {
    /// It returns an error.
    Refuse,
    /// It writes plaintext.
    FallBack,
}

/// A file or folder of the library.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// What it is for.
    pub role: LocationRole,
    /// Its path, with `{home}`, `{name}` and `{suffix}` to be filled in.
    pub path: String,
}

/// What a file or folder is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationRole {
    /// The folder that holds the others.
    Directory,
    /// The file whose change says that the cache changed; holds nothing.
    Signal,
    /// The file that holds plaintext once that was opted in.
    Plaintext,
    /// The file that holds ciphertext.
    Ciphertext,
    /// A file that marks the cache as held, broken by others when stale.
    Lock,
}

/// The item in the protector.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredItem {
    /// Its attributes, exactly, with `{name}` and `{suffix}` to be filled in.
    pub attributes: BTreeMap<String, String>,
    /// Its label, likewise.
    pub label: String,
}

/// Limits that the library documents; `null` where it documents none.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest name, in bytes.
    pub name_bytes: Option<u64>,
    /// The largest value, in bytes.
    pub value_bytes: Option<u64>,
}

/// One line of the map from native errors to categories.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorMapEntry {
    /// The native error: a type's name, or a type's name and a fragment of the message.
    pub native: String,
    /// The category.
    pub category: ErrorCategory,
}

/// The only declarations that may turn a check `not_applicable`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Declaration {
    /// The library uses this protector on the platform of the run.
    Protector(Protector),
    /// The library has this partition.
    Partition(Partition),
    /// The adapter works at this level.
    Level(Level),
    /// The adapter can open a credential of this kind.
    Credential(CredentialKind),
    /// The library declares this policy for a locked protector.
    OnLocked(OnProtectorRefusal),
    /// The library declares this policy for a dismissed prompt.
    OnDismissed(OnProtectorRefusal),
    /// The library declares a location of this role.
    Location(LocationRole),
    /// The library declares an item in the protector.
    Item,
}

impl Statement {
    /// Whether the declaration holds on the platform.
    pub fn declares(&self, declaration: &Declaration, platform: Platform) -> bool {
        match declaration {
            Declaration::Protector(protector) => {
                self.protectors.get(&platform).is_some_and(|protectors| protectors.contains(protector))
            }
            Declaration::Partition(partition) => self.partitions.contains_key(partition),
            Declaration::Level(level) => self.level == *level,
            Declaration::Credential(kind) => self.credentials.contains(kind),
            Declaration::OnLocked(policy) => self.on_locked == *policy,
            Declaration::OnDismissed(policy) => self.on_dismissed == *policy,
            Declaration::Location(role) => self.locations.iter().any(|location| location.role == *role),
            Declaration::Item => self.item.is_some(),
        }
    }

    /// The path of a location for a cache, or `None` if no location has the role.
    ///
    /// `name` is the name that was given, or `None` for the default one.
    pub fn path(
        &self,
        role: LocationRole,
        home: &str,
        name: Option<&str>,
        partition: Partition,
    ) -> Option<String> {
        let location = self.locations.iter().find(|location| location.role == role)?;
        Some(self.fill(&location.path, name, partition).replace("{home}", home))
    }

    /// Fills `{name}` and `{suffix}` into a template.
    pub fn fill(&self, template: &str, name: Option<&str>, partition: Partition) -> String {
        let suffix = self.partitions.get(&partition).map_or("", String::as_str);
        template.replace("{suffix}", suffix).replace("{name}", name.unwrap_or(&self.default_name))
    }
}

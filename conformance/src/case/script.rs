//! The script of a case: what an adapter is asked to do, and nothing else.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Condition;
use crate::protocol::{CredentialKind, LogLevel, RenderWhat};

/// Sessions in turn, each a fresh process in the same world.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The sessions.
    pub sessions: Vec<Session>,
}

/// One process life of an adapter.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The condition of this session; the world's if absent.
    #[serde(default)]
    pub condition: Option<Condition>,
    /// Which home the process sees.
    #[serde(default)]
    pub place: Place,
    /// Whether it begins together with the session before it, instead of after that one's end.
    #[serde(default)]
    pub overlaps: bool,
    /// How the session ends.
    #[serde(default)]
    pub end: End,
    /// How much the library is to log, to standard error.
    #[serde(default)]
    pub log: LogLevel,
    /// What the adapter is asked, in order.
    pub steps: Vec<Step>,
}

/// Which home a session sees.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The home of the world.
    #[default]
    Home,
    /// A fresh home to which all files of the world's home were copied, with a fresh, empty, usable keyring.
    Relocated,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// `bye`, then exit 0 within 5 s.
    #[default]
    Bye,
    /// SIGKILL after the last reply.
    Kill,
}

/// One request of a script.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Configure a cache.
    Open {
        /// The step's name in predicates.
        #[serde(default)]
        label: Option<StepLabel>,
        /// The handle.
        store: String,
        /// The name option; absent means: do not set it.
        #[serde(default)]
        name: Option<String>,
        /// The opt-in; absent means: do not set it.
        #[serde(default)]
        allow_unencrypted_storage: Option<bool>,
        /// Whether a dialogue is allowed.
        #[serde(default)]
        interaction: Interaction,
        /// The kind of credential; absent means: the one that the adapter is for. A case that names a kind applies only
        /// where the kind is declared.
        #[serde(default)]
        credential: Option<CredentialKind>,
        /// Whether the credential gets options at all.
        #[serde(default)]
        options: Options,
    },
    /// Make the library persist a canary.
    Put {
        /// The step's name in predicates.
        #[serde(default)]
        label: Option<StepLabel>,
        /// The handle.
        store: String,
        /// The partition.
        #[serde(default)]
        partition: Partition,
        /// The canary. At store level it is in the value; at credential level the authority issues it.
        canary: CanaryRole,
        /// How many further bytes the secret has, to see whether undeclared files grow with it.
        #[serde(default)]
        padding: usize,
    },
    /// Make the library answer from what is persisted.
    Get {
        /// The step's name in predicates.
        #[serde(default)]
        label: Option<StepLabel>,
        /// The handle.
        store: String,
        /// The partition.
        #[serde(default)]
        partition: Partition,
        /// The canary that a put of the same role left. At credential level it selects the scope.
        canary: CanaryRole,
    },
    /// Remove what is persisted.
    Remove {
        /// The step's name in predicates.
        #[serde(default)]
        label: Option<StepLabel>,
        /// The handle.
        store: String,
        /// The partition.
        #[serde(default)]
        partition: Partition,
    },
    /// Ask for the library's own text forms.
    Render {
        /// The step's name in predicates.
        #[serde(default)]
        label: Option<StepLabel>,
        /// The handle.
        #[serde(default)]
        store: Option<String>,
        /// Which form.
        what: RenderWhat,
    },
    /// Forget the handle.
    Close {
        /// The handle.
        store: String,
    },
}

impl Step {
    /// The step's name in predicates.
    pub fn label(&self) -> Option<&StepLabel> {
        match self {
            Self::Open { label, .. }
            | Self::Put { label, .. }
            | Self::Get { label, .. }
            | Self::Remove { label, .. }
            | Self::Render { label, .. } => label.as_ref(),
            Self::Close { .. } => None,
        }
    }
}

impl Script {
    /// Every step with its session and its number within that, in the order in which they are asked.
    pub fn steps(&self) -> impl Iterator<Item = (usize, usize, &Step)> {
        let sessions = self.sessions.iter().enumerate();
        sessions.flat_map(|(session, of)| {
            of.steps.iter().enumerate().map(move |(number, step)| (session, number, step))
        })
    }

    /// The kinds of credential that its steps open, where they name one.
    pub fn credentials(&self) -> BTreeSet<CredentialKind> {
        let opened = self.steps().filter_map(|(_, _, step)| step.credential());
        opened.collect()
    }

    /// The roles of what is issued beside access tokens, because a user signs in.
    pub fn issued_beside(&self) -> BTreeSet<CanaryRole> {
        let puts = self.steps().filter_map(|(session, number, step)| match step {
            Step::Put { canary, .. } => {
                let kind = self.credential_at(session, number)?;
                kind.is_for_user().then(|| [canary.refresh_token(), canary.id_token()])
            }
            Step::Open { .. }
            | Step::Get { .. }
            | Step::Remove { .. }
            | Step::Render { .. }
            | Step::Close { .. } => None,
        });
        puts.flatten().collect()
    }

    /// The kind of credential that a step uses: the one that the latest `open` of its store names.
    fn credential_at(&self, session: usize, number: usize) -> Option<CredentialKind> {
        let steps = &self.sessions.get(session)?.steps;
        let store = steps.get(number)?.store()?;
        let opens = |step: &&Step| matches!(step, Step::Open { .. }) && step.store() == Some(store);
        steps[..=number].iter().rev().find(opens)?.credential()
    }

    /// The step with a label, with its session and its number within that.
    pub fn find(&self, label: &StepLabel) -> Option<(usize, usize, &Step)> {
        self.steps().find(|(_, _, step)| step.label() == Some(label))
    }
}

impl Step {
    /// The handle that the step uses.
    pub fn store(&self) -> Option<&str> {
        match self {
            Self::Open { store, .. }
            | Self::Put { store, .. }
            | Self::Get { store, .. }
            | Self::Remove { store, .. }
            | Self::Close { store } => Some(store),
            Self::Render { store, .. } => store.as_deref(),
        }
    }

    /// The kind of credential that the step opens, if it names one.
    pub fn credential(&self) -> Option<CredentialKind> {
        match self {
            Self::Open { credential, .. } => *credential,
            Self::Put { .. }
            | Self::Get { .. }
            | Self::Remove { .. }
            | Self::Render { .. }
            | Self::Close { .. } => None,
        }
    }

    /// The canary that the step puts or gets.
    pub fn canary(&self) -> Option<&CanaryRole> {
        match self {
            Self::Put { canary, .. } | Self::Get { canary, .. } => Some(canary),
            Self::Open { .. } | Self::Remove { .. } | Self::Render { .. } | Self::Close { .. } => None,
        }
    }

    /// The word that names the step in a case file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Put { .. } => "put",
            Self::Get { .. } => "get",
            Self::Remove { .. } => "remove",
            Self::Render { .. } => "render",
            Self::Close { .. } => "close",
        }
    }
}

/// The name of a step within its case.
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct StepLabel(pub String);

impl fmt::Display for StepLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of a canary within its case; each run gives it a fresh value.
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct CanaryRole(pub String);

impl CanaryRole {
    /// The role of the client secret that `open` carries at credential level.
    pub const CLIENT_SECRET: &str = "client-secret";
    /// The role of the secret of another item, which a fault gives in the place of the one that was asked for.
    pub const FOREIGN: &str = "foreign";

    /// The role of the refresh token that is issued beside this one where a user signs in.
    pub fn refresh_token(&self) -> Self {
        Self(format!("{}{REFRESH_TOKEN}", self.0))
    }

    /// The role of the id token that is issued beside this one where a user signs in.
    pub fn id_token(&self) -> Self {
        Self(format!("{}{ID_TOKEN}", self.0))
    }

    /// Whether this is the role of a refresh token.
    pub fn is_refresh_token(&self) -> bool {
        self.0.ends_with(REFRESH_TOKEN)
    }

    /// The role beside which this one is issued; none for a role that a case gives to a step.
    pub fn beside(&self) -> Option<Self> {
        let base = self.0.strip_suffix(REFRESH_TOKEN).or_else(|| self.0.strip_suffix(ID_TOKEN))?;
        Some(Self(base.into()))
    }

    /// What an implementation gets to see of the role: always the same, a label of a host name, and no word of the case.
    ///
    /// A role such as `planted` says what is expected, and that is none of its business.
    pub fn alias(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest[..4].iter().fold("r".to_owned(), |alias, byte| alias + &format!("{byte:02x}"))
    }
}

const REFRESH_TOKEN: &str = ".refresh";
const ID_TOKEN: &str = ".id";

impl fmt::Display for CanaryRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One of the two halves of a cache.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Partition {
    /// Tokens without continuous access evaluation.
    #[default]
    Nocae,
    /// Tokens with continuous access evaluation.
    Cae,
}

/// Whether a credential is given the options under test.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Options {
    /// It is given options that say what the step says.
    #[default]
    Given,
    /// It is given none.
    None,
}

/// Whether the library may open a dialogue.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interaction {
    /// No dialogue.
    #[default]
    Never,
    /// A dialogue may be opened.
    Allow,
}

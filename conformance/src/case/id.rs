//! Stable names of cases and checks.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::Error as _};

/// The eleven areas; the same words in cases, checks, docs and report headings.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Names and what becomes of them.
    Naming,
    /// One cache never sees another's data.
    Isolation,
    /// What is stored is encrypted.
    Encryption,
    /// Without encryption and consent, nothing is stored.
    FailClosed,
    /// Plaintext by consent, and only where there is no protector.
    Fallback,
    /// Modes, owners, links and leftovers of files.
    FileHygiene,
    /// What was stored is not lost or torn.
    Durability,
    /// Secrets stay out of output, arguments, environment and errors.
    Leakage,
    /// Every call ends.
    Availability,
    /// Hostile input does no harm.
    Input,
    /// Migration and removal.
    Lifecycle,
}

impl Area {
    /// All areas, in the order of reports.
    pub const ALL: [Self; 11] = [
        Self::Naming,
        Self::Isolation,
        Self::Encryption,
        Self::FailClosed,
        Self::Fallback,
        Self::FileHygiene,
        Self::Durability,
        Self::Leakage,
        Self::Availability,
        Self::Input,
        Self::Lifecycle,
    ];

    /// The word in ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Naming => "naming",
            Self::Isolation => "isolation",
            Self::Encryption => "encryption",
            Self::FailClosed => "fail-closed",
            Self::Fallback => "fallback",
            Self::FileHygiene => "file-hygiene",
            Self::Durability => "durability",
            Self::Leakage => "leakage",
            Self::Availability => "availability",
            Self::Input => "input",
            Self::Lifecycle => "lifecycle",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `area/behaviour`: the path of a case's file without its extension.
///
/// Ids are never reused. A case whose meaning changes keeps its id and raises its `rev`.
#[derive(Clone, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[schemars(with = "String")]
#[serde(transparent)]
pub struct CaseId(String);

/// `area/behaviour#check`: one judged sentence of a case.
#[derive(Clone, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[schemars(with = "String")]
#[serde(transparent)]
pub struct CheckId(String);

impl CaseId {
    /// The area of the case.
    pub fn area(&self) -> Area {
        let word = self.0.split('/').next().unwrap_or_default();
        Area::ALL.into_iter().find(|area| area.as_str() == word).expect("an id begins with an area")
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of one of the case's checks.
    ///
    /// # Errors
    ///
    /// [`IdError::Word`] if `check` is not a word of lower-case letters, digits and hyphens.
    pub fn check(&self, check: &str) -> Result<CheckId, IdError> {
        word(check)?;
        Ok(CheckId(format!("{}#{check}", self.0)))
    }
}

impl CheckId {
    /// The case of the check.
    pub fn case(&self) -> CaseId {
        CaseId(self.0.split('#').next().unwrap_or_default().to_owned())
    }

    /// The check's own word.
    pub fn word(&self) -> &str {
        self.0.rsplit('#').next().unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaseId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (area, behaviour) = text.split_once('/').ok_or_else(|| IdError::Shape(text.into()))?;
        if !Area::ALL.iter().any(|known| known.as_str() == area) {
            return Err(IdError::Area(area.into()));
        }
        word(behaviour)?;
        Ok(Self(text.into()))
    }
}

impl FromStr for CheckId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (case, check) = text.split_once('#').ok_or_else(|| IdError::Shape(text.into()))?;
        case.parse::<CaseId>()?.check(check)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for CaseId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for CheckId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn word(text: &str) -> Result<(), IdError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || !text.bytes().all(fits) { Err(IdError::Word(text.into())) } else { Ok(()) }
}

/// Why a text is no id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not of the form.
    #[error("{0:?} is not of the form area/behaviour or area/behaviour#check")]
    Shape(String),
    /// Not an area.
    #[error("{0:?} is not one of the areas")]
    Area(String),
    /// Not a word.
    #[error("{0:?} is not a word of lower-case letters, digits and hyphens")]
    Word(String),
}

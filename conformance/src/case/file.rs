//! The shape of a case's file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Plant, Predicate, Requirement, Session, Severity, Twin, WorldSpec};
use crate::protocol::Declaration;

/// What a file `cases/<area>/<behaviour>.toml` holds; unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Bumped when the meaning of the case changes.
    pub rev: u32,
    /// One line.
    pub title: String,
    /// Why anybody should care.
    pub why: String,
    /// What follows from a failure.
    pub effect: String,
    /// What an attacker needs for it.
    pub precondition: String,
    /// What to change in an implementation that fails.
    pub fix: String,
    /// The properties of the catalogue that this case covers.
    pub properties: Vec<String>,
    /// CWE numbers, the primary one first.
    pub cwe: Vec<u32>,
    /// How bad a failure is.
    pub severity: Severity,
    /// The world; the usual one if absent.
    #[serde(default)]
    pub world: WorldSpec,
    /// What is planted, in order.
    #[serde(default)]
    pub plant: Vec<Plant>,
    /// The twin.
    pub twin: Twin,
    /// The sessions, in order.
    pub session: Vec<Session>,
    /// The checks.
    pub check: Vec<CheckFile>,
}

/// A check within its case's file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckFile {
    /// Its own word, behind the `#` of its id.
    pub id: String,
    /// The sentence that is judged, for people.
    pub sentence: String,
    /// Where the requirement comes from.
    pub requirement: Requirement,
    /// Declarations without which the check does not apply.
    #[serde(default)]
    pub applies_when: Vec<Declaration>,
    /// What is asserted.
    pub judge: Predicate,
}

//! The shape of a case's file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Case, Check, Fault, Plant, Predicate, Rendezvous, Requirement, Script, Session, Severity, Twin, WorldSpec,
};
use crate::protocol::Declaration;

/// What a file `cases/<area>/<behaviour>.toml` holds, and a recording of the case too; unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
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
    /// What goes wrong during sessions.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// Where sessions that overlap meet.
    #[serde(default)]
    pub rendezvous: Vec<Rendezvous>,
    /// The twin.
    pub twin: Twin,
    /// The sessions, in order.
    pub session: Vec<Session>,
    /// The checks.
    pub check: Vec<CheckFile>,
}

/// A check within its case's file.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
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

/// A case as its file would hold it, so that what was judged can be kept apart from the catalogue.
impl From<&Case> for CaseFile {
    fn from(case: &Case) -> Self {
        // Without `..`: what a case gains must be kept as well. The id is the path of the file.
        let Case {
            id: _,
            rev,
            title,
            why,
            effect,
            precondition,
            fix,
            properties,
            cwe,
            severity,
            world,
            plants,
            faults,
            rendezvous,
            twin,
            script: Script { sessions },
            checks,
        } = case.clone();
        let check = checks.into_iter().map(CheckFile::from).collect();
        Self {
            rev,
            title,
            why,
            effect,
            precondition,
            fix,
            properties,
            cwe,
            severity,
            world,
            plant: plants,
            fault: faults,
            rendezvous,
            twin,
            session: sessions,
            check,
        }
    }
}

impl From<Check> for CheckFile {
    fn from(check: Check) -> Self {
        let Check { id, sentence, requirement, applies_when, predicate } = check;
        Self { id: id.word().to_owned(), sentence, requirement, applies_when, judge: predicate }
    }
}

//! A case as its file holds it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CaseId, CheckId, Condition, Fault, IdError, Plant, Predicate, Problem, Rendezvous, Script, Session,
    StepLabel, WorldSpec,
};
use crate::protocol::Declaration;

/// A script in a world, with the checks that judge it and the prose that explains it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// Its id, which is the path of its file.
    pub id: CaseId,
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
    /// The world.
    pub world: WorldSpec,
    /// What is planted in it.
    pub plants: Vec<Plant>,
    /// What goes wrong during sessions.
    pub faults: Vec<Fault>,
    /// Where sessions that overlap meet.
    pub rendezvous: Vec<Rendezvous>,
    /// The twin.
    pub twin: Twin,
    /// What the adapter is asked to do.
    pub script: Script,
    /// What is judged.
    pub checks: Vec<Check>,
}

impl Case {
    /// The condition of a session: its own, or else the world's.
    pub fn condition(&self, session: &Session) -> Condition {
        session.condition.unwrap_or(self.world.condition)
    }

    /// Whether the case has nothing that its twin lacks, so that one run serves as both.
    pub fn is_own_twin(&self) -> bool {
        let usable = self.script.sessions.iter().all(|session| self.condition(session).is_usable());
        let in_turn = self.script.sessions.iter().all(|session| !session.overlaps);
        let undisturbed = usable && in_turn && self.plants.is_empty() && self.faults.is_empty();
        undisturbed && self.twin.names.is_empty()
    }

    /// The check with an id.
    pub fn check(&self, id: &CheckId) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == *id)
    }
}

/// How the twin of a case differs from it, and which step proves that it round-trips.
///
/// The twin has no condition, no plants and no faults; its sessions follow each other; hostile names are replaced.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Twin {
    /// The `get`, in a later session than its `put`, that must give its canary back.
    pub round_trip: StepLabel,
    /// Hostile names and the benign ones that replace them.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

/// One judged sentence.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// The sentence that is judged, for people.
    pub sentence: String,
    /// Where the requirement comes from.
    pub requirement: Requirement,
    /// Declarations without which the check does not apply.
    pub applies_when: Vec<Declaration>,
    /// What is asserted.
    pub predicate: Predicate,
}

/// Where a requirement comes from.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// `must` for the specification's sentences, `should` for hardening.
    pub level: RequirementLevel,
    /// Ids of sentences, S1 to S17.
    #[serde(default)]
    pub sentences: Vec<String>,
    /// Hardening sources: a CWE, an ASVS requirement or a published incident.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// How binding a requirement is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RequirementLevel {
    /// A sentence of the specification.
    Must,
    /// Hardening.
    Should,
}

/// How bad a failure is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A nuisance.
    Low,
    /// Needs a further mistake to hurt.
    Medium,
    /// Hurts under common circumstances.
    High,
    /// Hands out secrets.
    Critical,
}

/// Why a case file was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The file is not TOML of the right shape.
    #[error("{file}: {cause}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says.
        cause: String,
    },
    /// The id that follows from the path, or a check's id, is malformed.
    #[error("{file}: {cause}")]
    Id {
        /// The file.
        file: String,
        /// What is wrong with it.
        cause: IdError,
    },
    /// The file contradicts itself.
    #[error("{file}: {problem}")]
    Invalid {
        /// The file.
        file: String,
        /// What contradicts what.
        problem: Problem,
    },
    /// Two files claim one id.
    #[error("{file}: another file already holds this case; give one of them another name")]
    Duplicate {
        /// The second file.
        file: String,
    },
}

//! That the world of a case was as the case says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Inconclusive;
use crate::{
    case::Case,
    observation::{EvidenceId, Fact, Observation, SessionIndex},
};

/// Proof that every condition held and every plant was planted; empty for a case that has none.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ConditionProved(Vec<EvidenceId>);

impl ConditionProved {
    /// The proof that an observation of the case holds.
    ///
    /// A session needs a proof if its condition is not the usual one, or if it names one itself.
    ///
    /// # Errors
    ///
    /// [`Inconclusive::ConditionNotProved`] and [`Inconclusive::PlantNotProved`] for the first that is missing.
    pub(super) fn of(case: &Case, run: &Observation) -> Result<Self, Inconclusive> {
        let mut proofs = Vec::new();
        for (number, session) in case.script.sessions.iter().enumerate() {
            let (index, condition) = (SessionIndex(number), case.condition(session));
            let proof = run.evidence.iter().find(|evidence| {
                matches!(&evidence.fact, Fact::ConditionProved { session, condition: found, .. }
                    if *session == index && *found == condition)
            });
            let needed = !condition.is_usable() || session.condition.is_some();
            match proof {
                Some(proof) => proofs.push(proof.id),
                None if needed => return Err(Inconclusive::ConditionNotProved { session: index, condition }),
                None => {}
            }
        }
        for number in 0..case.script.sessions.len() {
            let wanted = case.plants.iter().filter(|plant| plant.before_session == number).count();
            let planted = run.evidence.iter().filter(
                |evidence| matches!(&evidence.fact, Fact::Planted { session, .. } if session.0 == number),
            );
            let planted = planted.map(|evidence| evidence.id).collect::<Vec<_>>();
            if planted.len() < wanted {
                return Err(Inconclusive::PlantNotProved { session: SessionIndex(number) });
            }
            proofs.extend(planted);
        }
        Ok(Self(proofs))
    }

    /// The evidence.
    pub fn evidence(&self) -> &[EvidenceId] {
        &self.0
    }
}

//! That the world of a case was as the case says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Inconclusive;
use crate::{
    case::{Case, Plant, PlantKind},
    observation::{EvidenceId, Fact, Observation, SessionIndex},
    protocol::Declaration,
};

/// Proof that every condition held, every plant was planted, every fault happened and every rendezvous was met; empty for
/// a case that has none of them.
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
    /// [`Inconclusive::ConditionNotProved`], [`Inconclusive::PlantNotProved`], [`Inconclusive::FaultNotHit`] and
    /// [`Inconclusive::RendezvousNotMet`] for the first that is missing.
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
            let wanted = case.plants.iter().filter(|plant| plant.before_session == number);
            let wanted = wanted.filter(|plant| is_placed(plant, run)).count();
            let planted = run.evidence.iter().filter(
                |evidence| matches!(&evidence.fact, Fact::Planted { session, .. } if session.0 == number),
            );
            let planted = planted.map(|evidence| evidence.id).collect::<Vec<_>>();
            if planted.len() < wanted {
                return Err(Inconclusive::PlantNotProved { session: SessionIndex(number) });
            }
            proofs.extend(planted);
        }
        proofs.extend(hits(case, run)?);
        Ok(Self(proofs))
    }

    /// The evidence.
    pub fn evidence(&self) -> &[EvidenceId] {
        &self.0
    }
}

/// Whether there is a place to plant at; there need be none where something is to be absent.
fn is_placed(plant: &Plant, run: &Observation) -> bool {
    let location = Declaration::Location(plant.location);
    let platform = run.world.platform;
    plant.kind != PlantKind::Absence {}
        || run.statement.as_ref().is_some_and(|statement| statement.declares(&location, platform))
}

/// The proofs that every fault happened and every rendezvous was met.
fn hits(case: &Case, run: &Observation) -> Result<Vec<EvidenceId>, Inconclusive> {
    let proof = |is_proof: &dyn Fn(&Fact) -> bool| {
        run.evidence.iter().find(|evidence| is_proof(&evidence.fact)).map(|evidence| evidence.id)
    };
    let mut proofs = Vec::new();
    for (number, wanted) in case.faults.iter().enumerate() {
        let hit = proof(&|fact| matches!(fact, Fact::FaultHit { fault, .. } if *fault == number));
        proofs.push(hit.ok_or_else(|| Inconclusive::FaultNotHit { fault: wanted.kind.to_string() })?);
    }
    for number in 0..case.rendezvous.len() {
        let met =
            proof(&|fact| matches!(fact, Fact::RendezvousMet { rendezvous, .. } if *rendezvous == number));
        proofs.push(met.ok_or(Inconclusive::RendezvousNotMet { rendezvous: number })?);
    }
    Ok(proofs)
}

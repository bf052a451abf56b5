//! That a script works where nothing is in its way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Inconclusive, finding::Finding, predicate::returned, scene::Scene, trouble::trouble};
use crate::{
    case::{Case, Step},
    observation::{EvidenceId, Observation},
};

/// Proof that the twin gave exactly its canary back in a later process; ids are those of the twin's observation.
///
/// Without it, a refusal or an absence could be the work of a broken set-up.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(transparent)]
pub struct RoundTrip(Vec<EvidenceId>);

impl RoundTrip {
    /// The proof that the observation of the twin holds.
    ///
    /// # Errors
    ///
    /// [`Inconclusive::TwinDidNotRoundTrip`], with what it did instead.
    pub(super) fn of(case: &Case, twin: &Observation) -> Result<Self, Inconclusive> {
        let failed = |why: String| Inconclusive::TwinDidNotRoundTrip { why };
        let label = &case.twin.round_trip;
        let Some((_, _, Step::Get { canary, .. })) = case.script.find(label) else {
            return Err(failed(format!("the case has no get {label}")));
        };
        let scene = Scene::new(case, twin);
        if let Some(trouble) = trouble(&scene, scene.answer(label).evidence()) {
            return Err(failed(trouble.why()));
        }
        match returned(&scene, label, canary) {
            Finding::Met(witness) => Ok(Self(witness.evidence().to_vec())),
            Finding::Violated(witness) | Finding::Unmet(witness) => Err(failed(witness.sentence().into())),
            Finding::Undecided(reason) => Err(failed(reason.to_string())),
            Finding::Unrecorded(what) => Err(failed(what)),
        }
    }

    /// The evidence, in the twin's observation.
    pub fn evidence(&self) -> &[EvidenceId] {
        &self.0
    }
}

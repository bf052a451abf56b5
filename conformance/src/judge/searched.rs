//! What makes absence evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Inconclusive,
    scene::{Scene, Sighting},
};
use crate::{
    case::{CanaryRole, Scope},
    observation::{EvidenceId, Observation, Observer, ObserverState, SightingPlace},
};

/// A search for a canary that existed, by observers that were shown to see, and that found nothing.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Searched {
    /// The canary.
    canary: CanaryRole,
    /// Where it was looked for.
    scopes: Vec<Scope>,
    /// That each observer saw the leak that was planted for it in this run.
    liveness: Vec<EvidenceId>,
    /// That the canary came into the world; or that it never could, because nobody asked for it.
    issued: EvidenceId,
}

/// What a search came to.
#[derive(Debug)]
pub(super) enum Search<'a> {
    /// It was seen.
    Found(Sighting<'a>),
    /// It was seen nowhere, and that is evidence.
    Nowhere(Searched),
}

impl Searched {
    /// Looks for a canary in scopes.
    ///
    /// # Errors
    ///
    /// Why not finding it says nothing: the canary never existed, or an observer did not watch or lost something.
    pub(super) fn search<'a>(
        scene: &Scene<'a>,
        canary: &CanaryRole,
        scopes: &[Scope],
    ) -> Result<Search<'a>, Inconclusive> {
        match Self::find(scene, canary, scopes) {
            Some(sighting) => Ok(Search::Found(sighting)),
            None => {
                let issued = scene.issued(canary).ok_or_else(|| Inconclusive::vacuous(canary))?;
                Self::nowhere(scene, canary, scopes, issued).map(Search::Nowhere)
            }
        }
    }

    /// The first sighting of a canary in the scopes.
    pub(super) fn find<'a>(scene: &Scene<'a>, canary: &CanaryRole, scopes: &[Scope]) -> Option<Sighting<'a>> {
        let mut sightings = scene.sightings(canary);
        sightings.find(|sighting| {
            !is_allowed(canary, sighting.place)
                && scope_of(sighting.place).is_some_and(|scope| scopes.contains(&scope))
        })
    }

    /// That a canary, which no sighting was found of, is absent.
    ///
    /// # Errors
    ///
    /// The first observer that is not complete.
    pub(super) fn nowhere(
        scene: &Scene<'_>,
        canary: &CanaryRole,
        scopes: &[Scope],
        issued: EvidenceId,
    ) -> Result<Self, Inconclusive> {
        let mut liveness = Vec::new();
        for scope in scopes {
            liveness.push(complete(scene.run, observer_of(*scope))?);
        }
        liveness.sort_unstable();
        liveness.dedup();
        Ok(Self { canary: canary.clone(), scopes: scopes.to_vec(), liveness, issued })
    }

    /// All its evidence.
    pub(super) fn evidence(&self) -> Vec<EvidenceId> {
        [self.issued].into_iter().chain(self.liveness.iter().copied()).collect()
    }

    /// Where it was looked for.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
}

/// The evidence that an observer watched from the first to the last session.
///
/// # Errors
///
/// [`Inconclusive::EvidenceLost`] and [`Inconclusive::ObserverMissing`].
pub(super) fn complete(run: &Observation, observer: Observer) -> Result<EvidenceId, Inconclusive> {
    match run.observer(observer) {
        ObserverState::Complete { liveness } => Ok(liveness),
        ObserverState::Lost { reason } => Err(Inconclusive::EvidenceLost { observer, reason }),
        ObserverState::Unavailable { reason } => Err(Inconclusive::ObserverMissing { observer, reason }),
    }
}

/// The observer that serves a scope.
fn observer_of(scope: Scope) -> Observer {
    match scope {
        Scope::Files => Observer::Files,
        Scope::Writes => Observer::SystemCalls,
        Scope::Output | Scope::Errors => Observer::Output,
        Scope::Arguments | Scope::Environment => Observer::Processes,
        Scope::Bus => Observer::Bus,
        Scope::KeyringSecrets | Scope::KeyringAttributes => Observer::Keyring,
        Scope::Network => Observer::Network,
    }
}

/// The scope that a sighting belongs to.
fn scope_of(place: &SightingPlace) -> Option<Scope> {
    match place {
        SightingPlace::File { .. }
        | SightingPlace::FileName { .. }
        | SightingPlace::ExtendedAttribute { .. } => Some(Scope::Files),
        SightingPlace::Write { .. } => Some(Scope::Writes),
        SightingPlace::StandardOutput { .. } | SightingPlace::StandardError { .. } => Some(Scope::Output),
        SightingPlace::Reply { .. } => Some(Scope::Errors),
        SightingPlace::Argument { .. } => Some(Scope::Arguments),
        SightingPlace::Environment { .. } => Some(Scope::Environment),
        SightingPlace::BusMessage { .. } => Some(Scope::Bus),
        SightingPlace::KeyringSecret { .. } => Some(Scope::KeyringSecrets),
        SightingPlace::KeyringAttribute { .. } => Some(Scope::KeyringAttributes),
        SightingPlace::Request { .. } => Some(Scope::Network),
        SightingPlace::RelocatedFile { .. } => None,
    }
}

/// Where a canary may legally go: the client secret is in every request that a client makes with it.
fn is_allowed(canary: &CanaryRole, place: &SightingPlace) -> bool {
    match place {
        SightingPlace::Request { .. } => canary.0 == CanaryRole::CLIENT_SECRET,
        SightingPlace::File { .. }
        | SightingPlace::FileName { .. }
        | SightingPlace::ExtendedAttribute { .. }
        | SightingPlace::Write { .. }
        | SightingPlace::StandardOutput { .. }
        | SightingPlace::StandardError { .. }
        | SightingPlace::Reply { .. }
        | SightingPlace::Argument { .. }
        | SightingPlace::Environment { .. }
        | SightingPlace::BusMessage { .. }
        | SightingPlace::KeyringSecret { .. }
        | SightingPlace::KeyringAttribute { .. }
        | SightingPlace::RelocatedFile { .. } => false,
    }
}

//! What makes absence evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Inconclusive,
    scene::{Answer, Scene, Sighting},
};
use crate::{
    case::{CanaryRole, Scope, Step},
    observation::{EvidenceId, Observation, Observer, ObserverState, ReplyFact, SessionIndex, SightingPlace},
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
    pub fn evidence(&self) -> Vec<EvidenceId> {
        [self.issued].into_iter().chain(self.liveness.iter().copied()).collect()
    }

    /// Where it was looked for.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
}

/// The evidence that a canary came into the world, or that whoever was to have it refused before it asked for it: at
/// credential level, that is the safest way to refuse.
///
/// # Errors
///
/// [`Inconclusive::Vacuous`] where neither is so, and what the observer of the network did not see.
pub(super) fn issued_or_refused(scene: &Scene<'_>, canary: &CanaryRole) -> Result<EvidenceId, Inconclusive> {
    if let Some(issued) = scene.issued(canary) {
        return Ok(issued);
    }
    let vacuous = || Inconclusive::vacuous(canary);
    if !scene.is_credential_level() {
        return Err(vacuous());
    }
    complete(scene.run, Observer::Network)?;
    let mut refusal = None;
    for (session, number, step) in scene.case.script.steps() {
        if !matches!(step, Step::Put { canary: put, .. } if put == canary) {
            continue;
        }
        let session = SessionIndex(session);
        match scene.answer_at(session, number) {
            Answer::Replied { id, reply: ReplyFact::Error(_), .. }
                if !scene.token_requests(session).any(|(evidence, _)| evidence.id < id) =>
            {
                refusal = Some(id);
            }
            Answer::Replied { .. } | Answer::DeadlinePassed { .. } | Answer::None => return Err(vacuous()),
        }
    }
    refusal.ok_or_else(vacuous)
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
pub(super) fn observer_of(scope: Scope) -> Observer {
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

/// Where a canary may legally go: the client secret is in every request that a client makes with it, and a refresh token is
/// in the field of a request that is for it.
fn is_allowed(canary: &CanaryRole, place: &SightingPlace) -> bool {
    match place {
        SightingPlace::Request { field, .. } => {
            canary.0 == CanaryRole::CLIENT_SECRET || (canary.is_refresh_token() && field == "refresh_token")
        }
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

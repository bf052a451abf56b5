//! From a predicate to the function that looks at it.

use super::{
    announced, authority, bus, canary, folder, keyring, mode, prompt, refusal, survival, temporary, time,
    tree, value,
};
use crate::{
    case::{Partition, Predicate, StepLabel},
    judge::{finding::Finding, scene::Scene},
    observation::EvidenceId,
    protocol::Statement,
};

/// What a predicate found, and up to where it looked.
#[derive(Debug)]
pub(in crate::judge) struct Examined {
    /// What it found.
    pub(in crate::judge) finding: Finding,
    /// The answer after which nothing matters to it any more; `None` if the whole script matters.
    pub(in crate::judge) until: Option<EvidenceId>,
}

/// Looks at an observation, and at the twin's where that says what the implementation does anyway.
pub(in crate::judge) fn examine(
    scene: &Scene<'_>,
    twin: &Scene<'_>,
    statement: &Statement,
    predicate: &Predicate,
) -> Examined {
    let until = last_step(predicate).and_then(|step| scene.answer(step).evidence());
    Examined { finding: find(scene, twin, statement, predicate), until }
}

fn find(scene: &Scene<'_>, twin: &Scene<'_>, statement: &Statement, predicate: &Predicate) -> Finding {
    match predicate {
        Predicate::Refused { step, categories, canary, confirm } => {
            refusal::refused(scene, step, categories, canary, confirm)
        }
        Predicate::ValueEquals { step, canary } => value::returned(scene, step, canary),
        Predicate::ValueOneOf { step, canaries, or_error } => value::one_of(scene, step, canaries, or_error),
        Predicate::SaveReported { save, confirm } => value::save_reported(scene, save, confirm),
        Predicate::ValueAbsent { step, canary, or_error } => value::absent(scene, step, canary, or_error),
        Predicate::CanaryAbsent { canary, scopes } => canary::absent(scene, canary, scopes),
        Predicate::CanaryPresent { canary, scopes } => canary::present(scene, canary, scopes),
        Predicate::ResidueGone { canary, besides } => {
            let home = &scene.run.world.home;
            let besides = besides.and_then(|role| statement.path(role, home, None, Partition::default()));
            canary::residue_gone(scene, canary, besides.as_deref())
        }
        Predicate::Erased { canary } => canary::erased(scene, canary),
        Predicate::Announced { canary } => announced::announced(scene, canary),
        Predicate::Kept { canary, control } => canary::kept(scene, canary, control),
        Predicate::ResidueReported { canary, step } => canary::residue_reported(scene, canary, step),
        Predicate::TemporaryGuarded { canary } => temporary::guarded(scene, canary),
        Predicate::FolderGuarded { location, canary } => {
            let folder = statement.path(*location, &scene.run.world.home, None, Partition::default());
            folder::guarded(scene, folder, canary)
        }
        Predicate::NotTakenForAbsent { step, canary } => value::not_taken_for_absent(scene, step, canary),
        Predicate::NotPrompted { step } => prompt::not_prompted(scene, step),
        Predicate::Survived { step } => survival::survived(scene, twin, step),
        Predicate::NothingCreated { step } => tree::nothing_created(scene, step),
        Predicate::StaysInside { location } => tree::stays_inside(scene, twin, statement, *location),
        Predicate::PathPrivate { location, name, partition, at_most } => {
            let path = statement.path(*location, &scene.run.world.home, name.as_deref(), *partition);
            mode::path_private(scene, path, *location, at_most)
        }
        Predicate::PathExists { location, name, partition } => {
            let path = statement.path(*location, &scene.run.world.home, name.as_deref(), *partition);
            mode::path_exists(scene, path, *location)
        }
        Predicate::BornPrivate { canary } => mode::born_private(scene, canary),
        Predicate::StorageDistinct { first, second } => keyring::storage_distinct(scene, first, second),
        Predicate::ItemAttributes { canary, name, partition } => {
            keyring::item_attributes(scene, statement, canary, name.as_deref(), *partition)
        }
        Predicate::ProtectorTriedFirst { canary, step } => bus::protector_tried_first(scene, canary, step),
        Predicate::AuthorityRequestsAtMost { step, requests } => {
            authority::requests_at_most(scene, step, *requests)
        }
        Predicate::RenewedSilently { step, canary } => authority::renewed_silently(scene, step, canary),
        Predicate::RefreshTokensReplaced {} => authority::refresh_tokens_replaced(scene),
        Predicate::NotReturnedAfterRelocation { step, canary } => value::not_relocated(scene, step, canary),
        Predicate::WithinDeadline { step, milliseconds } => time::within(scene, step, *milliseconds),
    }
}

/// The step whose answer is the last thing that a predicate looks at.
fn last_step(predicate: &Predicate) -> Option<&StepLabel> {
    match predicate {
        Predicate::Refused { confirm, .. } | Predicate::SaveReported { confirm, .. } => Some(confirm),
        Predicate::ValueEquals { step, .. }
        | Predicate::ValueOneOf { step, .. }
        | Predicate::ValueAbsent { step, .. }
        | Predicate::RenewedSilently { step, .. }
        | Predicate::NotTakenForAbsent { step, .. }
        | Predicate::Survived { step }
        | Predicate::NotReturnedAfterRelocation { step, .. }
        | Predicate::WithinDeadline { step, .. } => Some(step),
        // These look at what a session left behind, or at more than one session: all of them must have ended well.
        Predicate::CanaryAbsent { .. }
        | Predicate::CanaryPresent { .. }
        | Predicate::ResidueGone { .. }
        | Predicate::Erased { .. }
        | Predicate::Announced { .. }
        | Predicate::ResidueReported { .. }
        | Predicate::Kept { .. }
        | Predicate::TemporaryGuarded { .. }
        | Predicate::FolderGuarded { .. }
        | Predicate::NotPrompted { .. }
        | Predicate::NothingCreated { .. }
        | Predicate::StaysInside { .. }
        | Predicate::PathPrivate { .. }
        | Predicate::PathExists { .. }
        | Predicate::BornPrivate { .. }
        | Predicate::StorageDistinct { .. }
        | Predicate::ItemAttributes { .. }
        | Predicate::ProtectorTriedFirst { .. }
        | Predicate::AuthorityRequestsAtMost { .. }
        | Predicate::RefreshTokensReplaced {} => None,
    }
}

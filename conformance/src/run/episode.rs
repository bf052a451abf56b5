//! Plays a whole script in a fresh world and gives what was seen.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    options::RunOptions,
    plant::octal,
    stage::{Performance, Stage, StageError},
    twin::Play,
};
use crate::{
    case::{CanaryRole, Case, PlantKind, Step},
    observation::{Observation, ObservationVersion, Role, SessionIndex},
    protocol::Statement,
};

/// Plays a case, or its twin, in a world of its own.
///
/// The statement is that of another session of the same adapter: it says where to plant, and every session must declare
/// the same. Where there is none, nothing is planted, and the judge finds that unproved.
///
/// # Errors
///
/// [`StageError`] where the harness cannot set up the world; whatever the adapter does is evidence instead.
pub fn observe(
    case: &Case,
    role: Role,
    play: &Play,
    statement: Option<&Statement>,
    options: &Arc<RunOptions>,
) -> Result<Observation, StageError> {
    let umask = octal(&play.umask)?;
    let mut stage = Stage::build(options.clone(), roles(play), umask)?;
    for (index, session) in play.script.sessions.iter().enumerate() {
        stage.play(&Performance {
            index: SessionIndex(index),
            adapter: &options.adapter,
            statement,
            condition: play.condition(index),
            place: session.place,
            end: session.end,
            log: session.log,
            plants: play.plants.iter().filter(|plant| plant.before_session == index).collect(),
            steps: &session.steps,
        })?;
    }
    let seen = stage.finish();
    let (implementation, adapter, statement) = match seen.hello {
        Some(hello) => (Some(hello.implementation), Some(hello.adapter), Some(hello.statement)),
        None => (None, None, None),
    };
    Ok(Observation {
        format: ObservationVersion::CURRENT,
        case: case.id.clone(),
        rev: case.rev,
        role,
        world: seen.world,
        implementation,
        adapter,
        statement,
        observers: seen.observers,
        evidence: seen.evidence,
    })
}

/// Every canary that a play mentions.
fn roles(play: &Play) -> BTreeSet<CanaryRole> {
    let steps = play.script.sessions.iter().flat_map(|session| &session.steps);
    let asked = steps.filter_map(|step| match step {
        Step::Put { canary, .. } | Step::Get { canary, .. } => Some(canary.clone()),
        Step::Open { .. } | Step::Remove { .. } | Step::Render { .. } | Step::Close { .. } => None,
    });
    let planted = play.plants.iter().filter_map(|plant| match &plant.kind {
        PlantKind::File { canary, .. } => canary.clone(),
        PlantKind::Symlink {} | PlantKind::Directory { .. } => None,
    });
    asked.chain(planted).collect()
}

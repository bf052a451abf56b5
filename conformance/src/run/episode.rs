//! Plays a whole script in a fresh world and gives what was seen.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    options::RunOptions,
    performance::Performance,
    plant::octal,
    stage::{Stage, StageError},
    twin::Play,
};
use crate::{
    canary::{Seed, WorldSeed},
    case::{CanaryRole, Case, PlantKind, Step},
    observation::{Observation, ObservationVersion, Role, SessionIndex},
    protocol::{CredentialKind, Statement},
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
    let seed = world_seed(&options.seed, case, role, play);
    let mut stage = Stage::build(options.clone(), &seed, roles(play), umask)?;
    if play.script.credentials().into_iter().any(CredentialKind::is_for_user) {
        // An account is found again by the name of its authority. The shared cache's credential knows only the public one,
        // and records of users have been seen that cannot hold a port.
        stage.use_public_authority();
    }
    let performances = performances(play, statement, options);
    // Whoever overlaps goes with the one before.
    let mut group = performances.as_slice();
    while let Some(first) = group.first() {
        let sessions = &play.script.sessions[first.index.0 + 1..];
        let together = 1 + sessions.iter().take_while(|session| session.overlaps).count();
        let (now, later) = group.split_at(together);
        stage.play_together(now, &play.rendezvous)?;
        group = later;
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

fn performances<'a>(
    play: &'a Play,
    statement: Option<&'a Statement>,
    options: &'a RunOptions,
) -> Vec<Performance<'a>> {
    let sessions = play.script.sessions.iter().enumerate();
    let performances = sessions.map(|(index, session)| Performance {
        statement,
        condition: play.condition(index),
        place: session.place,
        end: session.end,
        log: session.log,
        plants: play.plants.iter().filter(|plant| plant.before_session == index).collect(),
        faults: play
            .faults
            .iter()
            .enumerate()
            .filter(|(_, fault)| fault.during_session == index)
            .map(|(number, fault)| (number, &fault.kind))
            .collect(),
        ..Performance::new(SessionIndex(index), &options.adapter, &session.steps)
    });
    performances.collect()
}

/// The seed of the world of a play.
///
/// Cases with the same twin share one run of it, whoever comes first, so a twin is named by what it plays alone. A case
/// is named by both: a case that is played again with something else in its way gets other canaries.
fn world_seed(seed: &Seed, case: &Case, role: Role, play: &Play) -> WorldSeed {
    match role {
        Role::Case => seed.world(&["case", case.id.as_str(), &play.key()]),
        Role::Twin => seed.world(&["twin", &play.key()]),
    }
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
        PlantKind::Corrupt { .. }
        | PlantKind::Symlink {}
        | PlantKind::Absence {}
        | PlantKind::Directory { .. } => None,
    });
    let gives_foreign = play.faults.iter().any(|fault| fault.kind.gives_foreign());
    let foreign = gives_foreign.then(|| CanaryRole(CanaryRole::FOREIGN.into()));
    asked.chain(planted).chain(play.script.issued_beside()).chain(foreign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalogue;

    #[test]
    fn worlds_are_told_apart_by_seed_case_and_play_and_twins_by_play() {
        let seed = Seed::fresh();
        let cases = catalogue::all().cases();
        let worlds: Vec<WorldSeed> =
            cases.iter().map(|case| world_seed(&seed, case, Role::Case, &Play::of_case(case))).collect();
        for (index, world) in worlds.iter().enumerate() {
            assert!(!worlds[..index].contains(world), "{} has another case's world", cases[index].id);
            let case = &cases[index];
            assert_ne!(*world, world_seed(&Seed::fresh(), case, Role::Case, &Play::of_case(case)));
        }
        for (one, other) in cases.iter().zip(&cases[1..]) {
            let twins = [one, other].map(Play::of_twin);
            let seeds = [0, 1].map(|index| world_seed(&seed, [one, other][index], Role::Twin, &twins[index]));
            assert_eq!(twins[0].key() == twins[1].key(), seeds[0] == seeds[1], "{} and {}", one.id, other.id);
        }
    }
}

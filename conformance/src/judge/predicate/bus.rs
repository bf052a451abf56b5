//! Whether the protector was asked before the secret was written.

use std::collections::BTreeSet;

use super::{
    path::{normal, without_mark},
    refusal::undecided,
};
use crate::{
    case::{CanaryRole, Condition, StepLabel},
    judge::{
        Inconclusive, Witness,
        finding::Finding,
        scene::{Answer, Scene},
        searched::complete,
    },
    observation::{
        BusCall, EvidenceId, Instant, Observer, SessionIndex, SightingPlace, Snapshot, SystemCall,
        SystemCallKind,
    },
};

/// The bus was asked for the Secret Service before the first write that carries the canary.
pub(super) fn protector_tried_first(scene: &Scene<'_>, canary: &CanaryRole, step: &StepLabel) -> Finding {
    Finding::of(examine(scene, canary, step))
}

fn examine(scene: &Scene<'_>, canary: &CanaryRole, step: &StepLabel) -> Result<Finding, Finding> {
    let session =
        scene.session_of(step).ok_or_else(|| Finding::Unrecorded(format!("the case has no step {step}")))?;
    let issued = scene.issued(canary).ok_or_else(|| Inconclusive::vacuous(canary))?;
    let answer = scene.answer(step);
    let replied = answer.evidence().and_then(|id| scene.run.evidence(id));
    let replied = replied.ok_or_else(|| undecided(scene, step, answer))?;
    if matches!(answer, Answer::DeadlinePassed { .. }) {
        return Err(undecided(scene, step, answer));
    }
    let tried = first_attempt(scene, session);
    let written = first_write(scene, session, canary);
    match (tried, written) {
        (Some((tried_at, tried)), Some((written_at, written, path))) if tried_at > written_at => {
            let sentence =
                format!("the canary {canary} was written to {path} before the protector was asked");
            Ok(Finding::Violated(Witness::new(sentence, written).and([tried])))
        }
        (Some((_, tried)), Some((_, written, path))) => {
            // Only who saw every write knows that there was no earlier one.
            let calls = complete(scene.run, Observer::SystemCalls)?;
            let sentence =
                format!("the protector was asked before the canary {canary} was written to {path}");
            Ok(Finding::Met(Witness::new(sentence, tried).and([written, calls, issued])))
        }
        (Some((tried_at, tried)), None) => {
            // Without a write it went to the protector or nowhere, and the attempt must precede the answer.
            let calls = complete(scene.run, Observer::SystemCalls)?;
            let sentence = format!("the protector was asked, and the canary {canary} was written to no file");
            let witness = Witness::new(sentence, tried).and([replied.id, calls, issued]);
            if tried_at <= replied.at {
                return Ok(Finding::Met(witness));
            }
            let sentence = format!("{step} was answered before the protector was asked");
            Ok(Finding::Violated(Witness::new(sentence, replied.id).and([tried])))
        }
        (None, written) => {
            let bus = complete(scene.run, Observer::Bus)?;
            let calls = complete(scene.run, Observer::SystemCalls)?;
            let sentence = format!("{step} was answered, and the protector was never asked");
            let written = written.map(|(_, written, _)| written);
            Ok(Finding::Unmet(Witness::new(sentence, replied.id).and(written).and([bus, calls])))
        }
    }
}

/// The first time that the session asked for the protector.
///
/// Where no bus can be reached, connecting to it is all that can be tried.
fn first_attempt(scene: &Scene<'_>, session: SessionIndex) -> Option<(Instant, EvidenceId)> {
    let calls = scene.bus_calls().filter(|(evidence, call)| evidence.session == Some(session) && asks(call));
    let calls = calls.map(|(evidence, _)| (evidence.at, evidence.id));
    let condition = scene.case.script.sessions.get(session.0).map(|of| scene.case.condition(of));
    let unreachable = matches!(condition, Some(Condition::NoBus | Condition::DeadSocket));
    let connects = scene.system_calls().filter(|(evidence, call)| {
        unreachable && evidence.session == Some(session) && is_connect_to_bus(scene, call)
    });
    calls.chain(connects.map(|(evidence, _)| (evidence.at, evidence.id))).min()
}

fn asks(call: &BusCall) -> bool {
    let about_owner = matches!(call.member.as_str(), "StartServiceByName" | "GetNameOwner" | "NameHasOwner");
    call.destination == SECRETS || (call.destination == BUS && about_owner && call.names_secrets)
}

/// A connect to a socket of the world's runtime folder, or to any address that names a bus.
fn is_connect_to_bus(scene: &Scene<'_>, call: &SystemCall) -> bool {
    let address = call.address.as_deref().or(call.path.as_deref()).unwrap_or_default();
    call.call == SystemCallKind::Connect
        && (address.contains(&scene.run.world.root) || address.contains("bus"))
}

/// The first write of the session that carries the canary, by sightings in writes and by the first write call to a file
/// in which it was found.
fn first_write(
    scene: &Scene<'_>,
    session: SessionIndex,
    canary: &CanaryRole,
) -> Option<(Instant, EvidenceId, String)> {
    let mut paths = BTreeSet::new();
    let mut writes = Vec::new();
    for sighting in scene.sightings(canary) {
        let written = if let SightingPlace::Write { path, .. } = sighting.place {
            (sighting.evidence.session == Some(session)).then(|| normal(without_mark(path)))
        } else if let SightingPlace::File { snapshot, path, .. } = sighting.place {
            (*snapshot == Snapshot::After(session)).then(|| path.clone())
        } else {
            None
        };
        if let Some(path) = written {
            writes.push((sighting.evidence.at, sighting.evidence.id, path.clone()));
            paths.insert(path);
        }
    }
    for (evidence, call) in scene.system_calls().filter(|(evidence, _)| evidence.session == Some(session)) {
        let path = call.path.as_deref().map(|path| normal(without_mark(path)));
        if let Some(path) = path.filter(|path| writes_to_file(call) && paths.contains(path)) {
            writes.push((evidence.at, evidence.id, path));
        }
    }
    writes.into_iter().min()
}

fn writes_to_file(call: &SystemCall) -> bool {
    matches!(call.call, SystemCallKind::Write | SystemCallKind::SharedMap | SystemCallKind::Splice)
}

const SECRETS: &str = "org.freedesktop.secrets";
const BUS: &str = "org.freedesktop.DBus";

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, asks_owner, asks_secrets, call, file, written},
        },
        observation::{Fact, Observer, SystemCall, SystemCallKind},
    };

    #[test]
    fn asking_before_writing_passes() {
        let stage = opted_in("no_service").fact(0, asks_secrets()).seen(0, "token", written(PATH, 0o600));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn only_the_question_about_the_secret_service_is_one_for_the_protector() {
        let stage = |names_secrets| {
            opted_in("no_service").fact(0, asks_owner(names_secrets)).seen(0, "token", written(PATH, 0o600))
        };
        assert_eq!(stage(true).judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage(false).judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn asking_first_counts_only_where_every_write_was_watched() {
        let stage = opted_in("no_service").fact(0, asks_secrets()).seen(0, "token", file(0, PATH));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.clone().without(Observer::SystemCalls).judge().kind(), OutcomeKind::Inconclusive);
        assert_eq!(stage.losing(Observer::SystemCalls).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn asking_after_writing_fails() {
        let stage = opted_in("no_service").seen(0, "token", written(PATH, 0o600)).fact(0, asks_secrets());
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_write_call_counts_from_its_own_time_on() {
        // The descriptor's content was scanned after the question, and its first write came before it.
        let stage = opted_in("no_service")
            .fact(0, Fact::SystemCall(call(SystemCallKind::Write, PATH)))
            .fact(0, asks_secrets())
            .seen(0, "token", file(0, PATH));
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn never_asking_fails_only_where_the_bus_was_watched() {
        let stage = opted_in("no_service").seen(0, "token", written(PATH, 0o600));
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
        assert_eq!(stage.without(Observer::Bus).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_secret_that_went_to_the_protector_alone_passes() {
        let stage = opted_in("no_service").fact(0, asks_secrets());
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.without(Observer::SystemCalls).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn where_no_bus_can_be_reached_connecting_is_trying() {
        let connect = SystemCall {
            path: None,
            address: Some("/w/run/bus".into()),
            ..call(SystemCallKind::Connect, "")
        };
        let stage = |condition: &str| {
            opted_in(condition).fact(0, Fact::SystemCall(connect.clone())).seen(
                0,
                "token",
                written(PATH, 0o600),
            )
        };
        assert_eq!(stage("dead_socket").judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage("no_service").judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn what_another_session_asked_does_not_count() {
        let stage = opted_in("no_service").seen(0, "token", written(PATH, 0o600)).fact(1, asks_secrets());
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    fn opted_in(condition: &str) -> Stage {
        Stage::new(
            &format!("world = {{ condition = \"{condition}\" }}"),
            "predicate = \"protector_tried_first\", canary = \"token\", step = \"write\"",
        )
    }

    const PATH: &str = "/w/home/.store/msal.cache.nocae";
}

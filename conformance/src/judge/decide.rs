//! The order in which a check is judged.

use super::{
    ConditionProved, Fail, Inconclusive, Outcome, Pass, RoundTrip,
    finding::Finding,
    predicate::{Examined, examine},
    scene::Scene,
    trouble::{cannot_run_here, left_out, trouble},
};
use crate::{
    case::{Case, Check, CheckId, PlantKind, Platform, Predicate},
    observation::{Fact, Observation, ObservationVersion, ReplyFact, SightingPlace},
    protocol::{Declaration, Statement},
};

/// What came of every check of a case.
pub fn judge_case(case: &Case, run: &Observation, twin: &Observation) -> Vec<(CheckId, Outcome)> {
    case.checks.iter().map(|check| (check.id.clone(), judge(case, check, run, twin))).collect()
}

/// What came of a check: `run` is what was seen of its case, `twin` of the case's twin.
///
/// Pure: the same observations always give the same outcome. Asked in this order, and the first answer counts:
///
/// 1. do the observations belong to the case, and could it run on this platform and machine?
/// 2. did the implementation declare itself, and does the check apply?
/// 3. was something seen that must not be? That fails, even if the session crashed later.
/// 4. did a session crash, hang or break the protocol before the judged step?
/// 5. was the world as the case says? Is something missing that must be? That fails.
/// 6. was every step carried out, and did the twin round-trip? Only then is it a pass.
pub fn judge(case: &Case, check: &Check, run: &Observation, twin: &Observation) -> Outcome {
    if let Some(outcome) = stop_before_looking(case, run, twin) {
        return outcome;
    }
    let scene = Scene::new(case, run);
    let Some(statement) = &run.statement else {
        return trouble(&scene, None).unwrap_or_else(|| Outcome::AdapterError {
            detail: "no session got as far as declaring the implementation".into(),
        });
    };
    if let Some(declaration) = missing_declaration(case, check, statement, run) {
        return Outcome::NotApplicable { declaration };
    }
    let Examined { finding, until } = examine(&scene, &Scene::new(case, twin), statement, &check.predicate);
    let condition = ConditionProved::of(case, run);
    // A leak is a leak in any world. Everything else is judged against the condition.
    let needs_condition = !matches!(check.predicate, Predicate::CanaryAbsent { .. });
    match (&finding, &condition) {
        (Finding::Violated(_), Err(reason)) if needs_condition => {
            return Outcome::Inconclusive { reason: reason.clone() };
        }
        (Finding::Violated(witness), _) => {
            return Outcome::Fail(Fail::new(witness.clone(), contradictions(&scene)));
        }
        (Finding::Met(_) | Finding::Unmet(_) | Finding::Undecided(_) | Finding::Unrecorded(_), _) => {}
    }
    if let Some(outcome) = trouble(&scene, until) {
        return outcome;
    }
    let condition = match condition {
        Ok(condition) => condition,
        Err(reason) => return Outcome::Inconclusive { reason },
    };
    match finding {
        Finding::Met(witness) => match (left_out(&scene, until), RoundTrip::of(case, twin)) {
            (None, Ok(round_trip)) => Outcome::Pass(Pass::new(witness, condition, round_trip)),
            (Some(reason), _) | (None, Err(reason)) => Outcome::Inconclusive { reason },
        },
        Finding::Violated(witness) | Finding::Unmet(witness) => {
            Outcome::Fail(Fail::new(witness, contradictions(&scene)))
        }
        Finding::Undecided(reason) => Outcome::Inconclusive { reason },
        Finding::Unrecorded(detail) => Outcome::HarnessError { detail },
    }
}

fn stop_before_looking(case: &Case, run: &Observation, twin: &Observation) -> Option<Outcome> {
    for observation in [run, twin] {
        if observation.format != ObservationVersion::CURRENT {
            let detail = format!(
                "the observation has version {}; this harness reads {}",
                observation.format.0,
                ObservationVersion::CURRENT.0
            );
            return Some(Outcome::HarnessError { detail });
        }
        if observation.case != case.id || observation.rev != case.rev {
            let detail = format!(
                "the observation is of {} rev {}, and {} is at rev {}",
                observation.case, observation.rev, case.id, case.rev
            );
            return Some(Outcome::HarnessError { detail });
        }
    }
    if !case.world.platforms.contains(&run.world.platform) {
        let reason = format!("the case has no world on {}", run.world.platform);
        return Some(Outcome::NotRun { reason });
    }
    if let Some(what) = case.beyond(run.world.platform) {
        return Some(beyond(run.world.platform, what));
    }
    cannot_run_here(run, twin)
}

/// That worlds on a platform have not what a case needs: nothing is found out, and nothing need be played for that.
pub fn beyond(platform: Platform, what: String) -> Outcome {
    Outcome::Inconclusive { reason: Inconclusive::Beyond { platform, what } }
}

/// The first declaration that the check, a plant or a credential needs and the implementation does not make.
fn missing_declaration(
    case: &Case,
    check: &Check,
    statement: &Statement,
    run: &Observation,
) -> Option<Declaration> {
    // What is not there need not be declared.
    let placed = case.plants.iter().filter(|plant| plant.kind != PlantKind::Absence {});
    let planted = placed.map(|plant| Declaration::Location(plant.location));
    let opened = case.script.credentials().into_iter().map(Declaration::Credential);
    let mut needed = check.applies_when.iter().cloned().chain(planted).chain(opened);
    needed.find(|declaration| !statement.declares(declaration, run.world.platform))
}

/// What the implementation says of itself and was seen not to be so; mentioned, never a reason.
fn contradictions(scene: &Scene<'_>) -> Vec<String> {
    let says = scene.run.evidence.iter().find(|evidence| {
        matches!(&evidence.fact, Fact::Replied { reply: ReplyFact::Ok { self_report: Some(report), .. }, .. }
            if report.encrypted == Some(true))
    });
    let seen = scene.run.evidence.iter().find(|evidence| {
        matches!(
            &evidence.fact,
            Fact::CanarySeen { place: SightingPlace::File { .. } | SightingPlace::Write { .. }, .. }
        )
    });
    match (says, seen) {
        (Some(says), Some(seen)) => {
            vec![format!(
                "it says that it encrypts ({}), and a canary was seen in a file ({})",
                says.id, seen.id
            )]
        }
        (Some(_) | None, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Meeting, Once, Point, Rendezvous, StepLabel},
        judge::stage::Stage,
        observation::{Role, SessionEnd, SessionIndex},
        protocol::{LocationRole, Unsupported},
    };

    #[test]
    fn every_check_of_a_case_is_judged() {
        let stage = equals("");
        let run = stage.observe(Role::Case);
        let outcomes = judge_case(&stage.case, &run, &run);
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0].0, stage.case.checks[0].id);
        assert!(matches!(outcomes[0].1, Outcome::Pass(_)));
    }

    #[test]
    fn an_observation_of_another_case_revision_or_version_is_refused() {
        let stage = equals("");
        let run = stage.observe(Role::Case);
        let check = &stage.case.checks[0];
        let revised = Observation { rev: 2, ..run.clone() };
        let newer = Observation { format: ObservationVersion(2), ..run.clone() };
        let other = Observation { case: "naming/other".parse().expect("an id"), ..run.clone() };
        for wrong in [revised, newer, other] {
            assert!(matches!(judge(&stage.case, check, &wrong, &run), Outcome::HarnessError { .. }));
            assert!(matches!(judge(&stage.case, check, &run, &wrong), Outcome::HarnessError { .. }));
        }
    }

    #[test]
    fn a_platform_without_a_world_is_not_run() {
        let stage = equals("world = { platforms = [\"windows\"] }");
        let reason = "the case has no world on linux".into();
        assert_eq!(stage.judge(), Outcome::NotRun { reason });
    }

    #[test]
    fn a_step_that_the_library_cannot_do_leaves_nothing_to_pass() {
        let unsupported = || {
            let unsupported = Unsupported { what: "put".into(), reason: "not built".into(), issue: None };
            ReplyFact::Unsupported(unsupported)
        };
        for check in [
            "predicate = \"canary_absent\", canary = \"token\", scopes = [\"files\"]",
            "predicate = \"nothing_created\", step = \"write\"",
            "predicate = \"born_private\", canary = \"token\"",
        ] {
            let stage = Stage::new("", check);
            assert!(matches!(stage.judge(), Outcome::Pass(_)), "{check}");
            let outcomes =
                [stage.clone().answer("write", unsupported()), stage.clone().answer("read", unsupported())];
            for outcome in outcomes.map(|stage| stage.judge()) {
                let reason =
                    matches!(&outcome, Outcome::Inconclusive { reason: Inconclusive::Unsupported { .. } });
                assert!(reason, "{check}: {outcome:?}");
            }
        }
    }

    #[test]
    fn the_signal_that_broke_the_protocol_is_named() {
        let broken =
            Fact::AdapterFailed { step: Some(1), detail: "the adapter ended before its reply".into() };
        let stage = equals("").silent("write").fact(0, broken).end(0, SessionEnd::Signalled { signal: 11 });
        let why = stage.judge().why();
        assert!(why.contains("ended before its reply") && why.contains("died by signal 11"), "{why}");
    }

    #[test]
    fn an_adapter_that_cannot_run_here_is_not_run() {
        let stage = equals("").undeclared().silent("write").end(0, SessionEnd::CannotRunHere);
        assert!(matches!(stage.judge(), Outcome::NotRun { .. }));
    }

    #[test]
    fn an_adapter_that_ran_here_cannot_say_later_that_it_cannot() {
        let later = equals("").silent("read").end(1, SessionEnd::CannotRunHere);
        assert!(matches!(later.judge(), Outcome::AdapterError { .. }), "{:?}", later.judge());
        // Nor in the case alone, where its twin ran.
        let twin = equals("");
        let case = twin.clone().undeclared().silent("write").end(0, SessionEnd::CannotRunHere);
        let outcome = case.judge_beside(&twin);
        assert!(matches!(outcome, Outcome::AdapterError { .. }), "{outcome:?}");
        // What was seen until then counts.
        let absent = "predicate = \"canary_absent\", canary = \"token\", scopes = [\"files\"]";
        let leak = Stage::new("", absent)
            .seen(0, "token", crate::judge::stage::file(0, "/w/home/x"))
            .end(1, SessionEnd::CannotRunHere);
        assert!(matches!(leak.judge(), Outcome::Fail(_)), "{:?}", leak.judge());
    }

    #[test]
    fn an_adapter_that_never_declares_its_implementation_is_at_fault() {
        let stage = equals("").undeclared();
        assert!(matches!(stage.judge(), Outcome::AdapterError { .. }));
    }

    #[test]
    fn a_plant_at_a_place_that_is_not_declared_makes_the_check_not_applicable() {
        let plant = "[[plant]]\nlocation = \"lock\"\nkind = { plant = \"file\", mode = \"0600\" }";
        assert!(matches!(equals(plant).judge(), Outcome::Pass(_)));
        let stage = equals(plant).declaring(|statement| {
            statement.locations.retain(|location| location.role != LocationRole::Lock);
        });
        let declaration = Declaration::Location(LocationRole::Lock);
        assert_eq!(stage.judge(), Outcome::NotApplicable { declaration });
    }

    #[test]
    fn a_session_that_names_its_condition_needs_a_proof_of_it() {
        let stage = equals("world = { condition = \"no_bus\" }").unproved();
        assert_eq!(
            stage.judge(),
            Outcome::Inconclusive {
                reason: Inconclusive::ConditionNotProved {
                    session: SessionIndex(0),
                    condition: crate::case::Condition::NoBus
                }
            }
        );
    }

    #[test]
    fn a_fault_needs_a_proof_that_it_happened() {
        let fault = "[[fault]]\nkind = { fault = \"bus\", call = \"save\", nth = 1, effect = \"deny\" }";
        assert!(matches!(equals(fault).judge(), Outcome::Pass(_)));
        let reason =
            Inconclusive::FaultNotHit { fault: "deny at call to the keyring 1 of the class save".into() };
        assert_eq!(equals(fault).unproved().judge(), Outcome::Inconclusive { reason });
    }

    #[test]
    fn a_rendezvous_needs_a_proof_that_it_was_met() {
        let overlapping = |mut stage: Stage| {
            stage.case.script.sessions[1].overlaps = true;
            stage.case.rendezvous = vec![Rendezvous {
                hold: Meeting { session: 0, at: Point::Step { step: StepLabel("write".into()) } },
                until: Meeting { session: 1, at: Point::End {} },
                once: Once::Passed,
            }];
            stage
        };
        assert!(matches!(overlapping(equals("")).judge(), Outcome::Pass(_)));
        assert_eq!(
            overlapping(equals("")).unproved().judge(),
            Outcome::Inconclusive { reason: Inconclusive::RendezvousNotMet { rendezvous: 0 } }
        );
    }

    #[test]
    fn an_observer_that_is_not_needed_may_be_missing() {
        for observer in crate::observation::Observer::ALL {
            assert!(matches!(equals("").without(observer).judge(), Outcome::Pass(_)));
        }
    }

    #[test]
    fn the_same_observations_give_the_same_outcome_after_their_record() {
        let stage = equals("");
        let run = stage.observe(Role::Case);
        let text = serde_json::to_string(&run).expect("plain data");
        let read = serde_json::from_str::<Observation>(&text).expect("written by us");
        let outcome = judge(&stage.case, &stage.case.checks[0], &read, &run);
        assert_eq!(outcome, judge(&stage.case, &stage.case.checks[0], &run, &run));
        let text = serde_json::to_string(&outcome).expect("plain data");
        assert_eq!(serde_json::from_str::<Outcome>(&text).expect("written by us"), outcome);
    }

    fn equals(world: &str) -> Stage {
        Stage::new(world, "predicate = \"value_equals\", step = \"read\", canary = \"token\"")
    }
}

//! A refusal that counts: an error of the right category, and nothing persisted.

use crate::{
    case::{CanaryRole, Scope, StepLabel},
    judge::{
        Inconclusive, Searched, Witness,
        finding::Finding,
        scene::{Answer, Scene},
        searched::complete,
    },
    observation::{EvidenceId, Fact, Observer, ReplyFact, ValueFact},
    protocol::{ErrorCategory, ReplyError, RequestKind},
};

/// The step was answered with an error of one of the categories, and the canary was persisted nowhere.
pub(super) fn refused(
    scene: &Scene<'_>,
    step: &StepLabel,
    categories: &[ErrorCategory],
    canary: &CanaryRole,
    confirm: &StepLabel,
) -> Finding {
    Finding::of(examine(scene, step, categories, canary, confirm))
}

fn examine(
    scene: &Scene<'_>,
    step: &StepLabel,
    categories: &[ErrorCategory],
    canary: &CanaryRole,
    confirm: &StepLabel,
) -> Result<Finding, Finding> {
    // What was stored is looked at before what was said: a reply is only a claim.
    // What is issued beside a token is as secret as the token.
    let roles = [canary.clone(), canary.refresh_token(), canary.id_token()];
    let stored = roles.iter().find_map(|role| Some((role, Searched::find(scene, role, &STORED)?)));
    if let Some((role, sighting)) = stored {
        let said = said(scene, step);
        let sentence = format!("the canary {role} was stored {}, {said}", sighting.describe());
        let witness = Witness::new(sentence, sighting.evidence.id);
        return Ok(Finding::Violated(witness.and(scene.answer(step).evidence())));
    }
    let (refusal, error) = claimed(scene, step)?;
    let confirmed = confirmation(scene, confirm, canary, refusal)?;
    if !categories.contains(&error.category) {
        let wanted = categories.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let sentence = format!(
            "{step} ended with the error {} ({}), which does not say {wanted}; nothing was stored",
            error.category, error.native.type_name
        );
        return Ok(Finding::Unmet(Witness::new(sentence, refusal)));
    }
    let issued = issued_or_never_asked(scene, canary, refusal)?;
    let searched = Searched::nowhere(scene, canary, &STORED, issued)?;
    let sentence = format!(
        "{step} ended with the error {} ({}), and a later process and every search found nothing stored",
        error.category, error.native.type_name
    );
    Ok(Finding::Met(Witness::by_search(sentence, searched).and([refusal]).and(confirmed)))
}

/// The error that the step claims.
fn claimed<'a>(scene: &Scene<'a>, step: &StepLabel) -> Result<(EvidenceId, &'a ReplyError), Finding> {
    match scene.answer(step) {
        Answer::Replied { id, reply: ReplyFact::Error(error), .. } => Ok((id, error)),
        Answer::Replied { id, reply: ReplyFact::Ok { .. }, .. } => {
            let sentence = format!("{step} succeeded where it must raise an error");
            Err(Finding::Violated(Witness::new(sentence, id)))
        }
        other => Err(undecided(scene, step, other)),
    }
}

/// That a later process does not get the canary back.
fn confirmation(
    scene: &Scene<'_>,
    confirm: &StepLabel,
    canary: &CanaryRole,
    refusal: EvidenceId,
) -> Result<Vec<EvidenceId>, Finding> {
    match scene.answer(confirm) {
        Answer::Replied {
            id,
            reply: ReplyFact::Ok { value: Some(ValueFact::Some { canaries, exactly, .. }), .. },
            ..
        } if canaries.contains(canary) || exactly.as_ref() == Some(canary) => {
            let sentence =
                format!("{confirm}, in a later process, gave back the canary {canary} of a refused step");
            Err(Finding::Violated(Witness::new(sentence, id).and([refusal])))
        }
        Answer::Replied { id, reply: ReplyFact::Ok { .. } | ReplyFact::Error(_), .. } => {
            let session = scene.session_of(confirm);
            let asked = session.into_iter().flat_map(|session| scene.token_requests(session));
            Ok([id].into_iter().chain(asked.map(|(evidence, _)| evidence.id)).collect())
        }
        other => Err(undecided(scene, confirm, other)),
    }
}

/// The evidence that the canary existed, or that the refusal came before anybody could have had it.
fn issued_or_never_asked(
    scene: &Scene<'_>,
    canary: &CanaryRole,
    refusal: EvidenceId,
) -> Result<EvidenceId, Finding> {
    if let Some(issued) = scene.issued(canary) {
        return Ok(issued);
    }
    let by_open = scene.run.evidence(refusal).is_some_and(
        |evidence| matches!(&evidence.fact, Fact::Replied { request, .. } if *request == RequestKind::Open),
    );
    if by_open {
        return Ok(refusal);
    }
    if scene.is_credential_level() {
        complete(scene.run, Observer::Network)?;
        return Ok(refusal);
    }
    Err(Inconclusive::vacuous(canary).into())
}

/// The finding for a step that neither succeeded nor failed.
pub(super) fn undecided(scene: &Scene<'_>, step: &StepLabel, answer: Answer<'_>) -> Finding {
    match answer {
        Answer::Replied { reply: ReplyFact::Unsupported(unsupported), .. } => {
            let what = format!("{}: {}", unsupported.what, unsupported.reason);
            Inconclusive::Unsupported { step: step.clone(), what }.into()
        }
        Answer::Replied { reply: ReplyFact::Error(error), .. } => {
            Inconclusive::UnrelatedError { step: step.clone(), category: error.category }.into()
        }
        Answer::DeadlinePassed { waited_ms, .. } => match scene.session_of(step) {
            Some(session) => {
                Inconclusive::DeadlinePassed { session, step: Some(step.clone()), waited_ms }.into()
            }
            None => Finding::Unrecorded(format!("the case has no step {step}")),
        },
        Answer::None if scene.session_of(step).is_some_and(|session| scene.was_killed(session)) => {
            Inconclusive::Killed { step: step.clone() }.into()
        }
        Answer::Replied { reply: ReplyFact::Ok { .. }, .. } | Answer::None => {
            Finding::Unrecorded(format!("there is no record of an answer to {step} that can be judged"))
        }
    }
}

fn said(scene: &Scene<'_>, step: &StepLabel) -> String {
    match scene.answer(step) {
        Answer::Replied { reply: ReplyFact::Error(error), .. } => {
            format!("although {step} ended with the error {}", error.category)
        }
        Answer::Replied { reply: ReplyFact::Ok { .. }, .. } => format!("and {step} succeeded"),
        Answer::Replied { reply: ReplyFact::Unsupported(_), .. }
        | Answer::DeadlinePassed { .. }
        | Answer::None => format!("and {step} gave no answer"),
    }
}

/// Where a refused secret must not be.
const STORED: [Scope; 3] = [Scope::Files, Scope::Writes, Scope::KeyringSecrets];

#[cfg(test)]
mod tests {
    use crate::{
        case::Condition,
        judge::{
            Inconclusive, Outcome, OutcomeKind,
            stage::{Stage, decoy, error, file, nothing, ok, secret_of, token_request, value, written},
        },
        observation::{Observer, SessionEnd, SessionIndex},
        protocol::ErrorCategory::{self, EncryptionUnavailable},
    };

    /// An implementation that refuses, as it should.
    fn refusing() -> Stage {
        Stage::new("world = { condition = \"no_service\" }", JUDGE)
            .answer("write", error(EncryptionUnavailable))
            .answer("read", nothing())
    }

    #[test]
    fn an_error_with_nothing_stored_passes_and_shows_its_evidence() {
        let Outcome::Pass(pass) = refusing().judge() else { panic!("{:?}", refusing().judge()) };
        let searched = pass.witness().searched().expect("nothing was stored by a search");
        assert_eq!(searched.scopes(), super::STORED);
        assert!(!pass.condition().evidence().is_empty());
        assert!(!pass.round_trip().evidence().is_empty());
    }

    #[test]
    fn a_refusal_by_open_counts_for_the_step() {
        let stage = refusing().open(0, error(EncryptionUnavailable)).open(1, error(EncryptionUnavailable));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn success_where_an_error_must_be_fails() {
        let stage = refusing().answer("write", ok());
        assert_eq!(stage.judge().why(), "write succeeded where it must raise an error");
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn an_error_is_only_a_claim_where_the_canary_was_stored() {
        for place in [
            file(0, "/w/home/.store/x"),
            written("/w/home/.store/x (deleted)", 0o600),
            secret_of(0, "/item/1"),
        ] {
            let outcome = refusing().seen(0, "token", place.clone()).judge();
            assert_eq!(outcome.kind(), OutcomeKind::Fail, "{place:?}: {outcome:?}");
            assert!(outcome.why().contains("although write ended with the error encryption_unavailable"));
        }
    }

    #[test]
    fn a_value_that_comes_back_later_shows_that_the_error_lied() {
        let outcome = refusing().answer("read", value("token")).judge();
        assert_eq!(outcome.kind(), OutcomeKind::Fail);
        assert_eq!(outcome.why(), "read, in a later process, gave back the canary token of a refused step");
    }

    #[test]
    fn a_wrong_category_fails_although_nothing_was_stored() {
        let outcome = refusing().answer("write", error(ErrorCategory::Io)).judge();
        assert_eq!(outcome.kind(), OutcomeKind::Fail);
        assert!(outcome.why().contains("does not say encryption_unavailable"), "{}", outcome.why());
    }

    #[test]
    fn without_one_of_its_observers_nothing_is_decided() {
        for observer in [Observer::Files, Observer::SystemCalls, Observer::Keyring] {
            assert_eq!(
                refusing().without(observer).judge(),
                Outcome::Inconclusive {
                    reason: Inconclusive::ObserverMissing { observer, reason: "it is switched off".into() }
                }
            );
        }
        assert_eq!(
            refusing().losing(Observer::Files).judge(),
            Outcome::Inconclusive {
                reason: Inconclusive::EvidenceLost {
                    observer: Observer::Files,
                    reason: "its buffer was full".into()
                }
            }
        );
    }

    #[test]
    fn an_unproved_condition_decides_nothing_even_where_the_step_succeeded() {
        let reason =
            Inconclusive::ConditionNotProved { session: SessionIndex(0), condition: Condition::NoService };
        let expected = Outcome::Inconclusive { reason };
        assert_eq!(refusing().unproved().judge(), expected);
        assert_eq!(refusing().answer("write", ok()).unproved().judge(), expected);
    }

    #[test]
    fn a_refusal_means_nothing_where_the_twin_does_not_round_trip() {
        let stage = refusing();
        for broken in [nothing(), decoy(), error(EncryptionUnavailable)] {
            let outcome = stage.judge_beside(&stage.honest().answer("read", broken));
            let is_twin = |reason| matches!(reason, Inconclusive::TwinDidNotRoundTrip { .. });
            assert!(matches!(outcome, Outcome::Inconclusive { reason } if is_twin(reason.clone())));
        }
    }

    #[test]
    fn a_crash_before_the_confirmation_is_the_adapters() {
        let crashed = refusing().silent("read").end(1, SessionEnd::Signalled { signal: 11 });
        assert_eq!(crashed.judge().kind(), OutcomeKind::AdapterError);
        let before = refusing().silent("write").end(0, SessionEnd::Exited { code: 1 });
        assert_eq!(before.judge().kind(), OutcomeKind::AdapterError);
    }

    #[test]
    fn what_was_stored_before_a_crash_is_still_a_failure() {
        let stage = refusing()
            .silent("write")
            .seen(0, "token", written("/w/home/.store/x", 0o600))
            .end(0, SessionEnd::Signalled { signal: 6 });
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn no_answer_in_time_decides_nothing() {
        let stage =
            refusing().late("write").end(0, SessionEnd::KilledByHarness { reason: "deadline".into() });
        assert!(matches!(
            stage.judge(),
            Outcome::Inconclusive { reason: Inconclusive::DeadlinePassed { waited_ms: 5_000, .. } }
        ));
    }

    #[test]
    fn a_credential_that_refuses_before_it_asks_for_a_token_passes() {
        let stage = refusing().credential().answer("read", decoy()).fact(1, token_request("token"));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        // That it never asked is known from the network alone.
        assert_eq!(stage.without(Observer::Network).judge().kind(), OutcomeKind::Inconclusive);
    }

    const JUDGE: &str = "predicate = \"refused\", step = \"write\", categories = [\"encryption_unavailable\"], \
                         canary = \"token\", confirm = \"read\"";
}

//! Values that come back, and values that must not.
//!
//! Nearly half of the file is its tests, which share the facts that they are about.

use super::refusal::undecided;
use crate::{
    case::{CanaryRole, Step, StepLabel},
    judge::{
        Inconclusive, Witness,
        finding::Finding,
        scene::{Answer, Scene},
        searched::complete,
    },
    observation::{EvidenceId, Fact, IssuedBy, Observer, ReplyFact, SessionIndex, ValueFact},
    protocol::ErrorCategory,
};

/// The step gave exactly the canary back, and the authority was not asked for it in that session before.
pub(in crate::judge) fn returned(scene: &Scene<'_>, step: &StepLabel, canary: &CanaryRole) -> Finding {
    Finding::of(examine_returned(scene, step, &[canary]))
}

/// The step gave one of the canaries back.
///
/// At credential level a save adds a token to those that are there, and the step asks for one of them.
pub(super) fn one_of(
    scene: &Scene<'_>,
    step: &StepLabel,
    canaries: &[CanaryRole],
    or_error: &[ErrorCategory],
) -> Finding {
    match scene.answer(step) {
        Answer::Replied { id, reply: ReplyFact::Error(error), .. } if or_error.contains(&error.category) => {
            Finding::of(refused_for_now(scene, step, error.category, id))
        }
        Answer::Replied { .. } | Answer::DeadlinePassed { .. } | Answer::None => {
            Finding::of(examine_returned(scene, step, &canaries.iter().collect::<Vec<_>>()))
        }
    }
}

/// The step says to come again; whoever asked the authority before had found nothing.
fn refused_for_now(
    scene: &Scene<'_>,
    step: &StepLabel,
    category: ErrorCategory,
    id: EvidenceId,
) -> Result<Finding, Finding> {
    let witness =
        Witness::new(format!("{step} ended with the error {category}, and gave no other value"), id);
    if !scene.is_credential_level() {
        return Ok(Finding::Met(witness));
    }
    let session = scene.session_of(step).ok_or_else(|| undecided(scene, step, Answer::None))?;
    let canary = scene.case.script.find(step).and_then(|(.., step)| step.canary());
    if let Some(request) = canary.and_then(|canary| request_for(scene, session, canary, id)) {
        let sentence = format!("the authority was asked again before {step} ended with the error {category}");
        return Ok(Finding::Unmet(Witness::new(sentence, request).and([id])));
    }
    Ok(Finding::Met(witness.and([complete(scene.run, Observer::Network)?])))
}

/// The save ended with an error, or its canary came back.
pub(super) fn save_reported(scene: &Scene<'_>, save: &StepLabel, confirm: &StepLabel) -> Finding {
    let Some((.., Step::Put { canary, .. })) = scene.case.script.find(save) else {
        return Finding::Unrecorded(format!("the case has no put {save}"));
    };
    let (id, reply) = match replied(scene, save) {
        Ok(replied) => replied,
        Err(undecided) => return undecided,
    };
    match reply {
        ReplyFact::Error(error) => {
            let sentence = format!("{save} ended with the error {}, so nobody relies on it", error.category);
            Finding::Met(Witness::new(sentence, id).and(scene.issued(canary)))
        }
        ReplyFact::Unsupported(_) => undecided(scene, save, scene.answer(save)),
        // That success was claimed is part of what is right or wrong.
        ReplyFact::Ok { .. } => match returned(scene, confirm, canary) {
            Finding::Met(witness) => Finding::Met(witness.and([id])),
            Finding::Unmet(witness) => {
                let sentence = format!("{save} was acknowledged, and {}", witness.sentence());
                Finding::Unmet(Witness::new(sentence, id).and(witness.evidence().iter().copied()))
            }
            other @ (Finding::Violated(_) | Finding::Undecided(_) | Finding::Unrecorded(_)) => other,
        },
    }
}

fn examine_returned(
    scene: &Scene<'_>,
    step: &StepLabel,
    canaries: &[&CanaryRole],
) -> Result<Finding, Finding> {
    let names: Vec<_> = canaries.iter().map(|canary| format!("the canary {canary}")).collect();
    let wanted = names.join(" or ");
    let stored = || canaries.iter().flat_map(|canary| stored(scene, canary)).collect::<Vec<_>>();
    let (id, reply) = replied(scene, step)?;
    let value = match reply {
        ReplyFact::Ok { value, .. } => value.as_ref().unwrap_or(&ValueFact::Null),
        ReplyFact::Error(error) => {
            let sentence = format!(
                "{step} ended with the error {} ({}) instead of giving back {wanted}",
                error.category, error.native.type_name
            );
            return Ok(Finding::Unmet(Witness::new(sentence, id).and(stored())));
        }
        ReplyFact::Unsupported(_) => return Err(undecided(scene, step, scene.answer(step))),
    };
    let instead = match value {
        ValueFact::Null => "nothing".to_owned(),
        ValueFact::Some { exactly: Some(found), .. } if canaries.contains(&found) => {
            return from_the_cache(scene, step, found, id);
        }
        ValueFact::Some { exactly: Some(other), .. } => format!("the canary {other}"),
        ValueFact::Some { bytes, exactly: None, .. } => format!("another value of {bytes} bytes"),
    };
    let sentence = format!("{step} gave {instead} instead of {wanted}");
    Ok(Finding::Unmet(Witness::new(sentence, id).and(stored())))
}

/// At credential level a value counts only if the authority was not asked for it: otherwise it is a new token.
fn from_the_cache(
    scene: &Scene<'_>,
    step: &StepLabel,
    canary: &CanaryRole,
    id: EvidenceId,
) -> Result<Finding, Finding> {
    let witness = Witness::new(format!("{step}, in a later process, gave back the canary {canary}"), id)
        .and(scene.issued(canary));
    if !scene.is_credential_level() {
        return Ok(Finding::Met(witness));
    }
    let session = scene.session_of(step).ok_or_else(|| undecided(scene, step, Answer::None))?;
    if let Some(request) = request_for(scene, session, canary, id) {
        let sentence =
            format!("the authority was asked again for the canary {canary} before {step} answered");
        return Ok(Finding::Unmet(Witness::new(sentence, request).and([id])));
    }
    let network = complete(scene.run, Observer::Network)?;
    Ok(Finding::Met(witness.and([network])))
}

/// A request for a canary's token in a session, before an answer; what asks for another canary does not count.
fn request_for(
    scene: &Scene<'_>,
    session: SessionIndex,
    canary: &CanaryRole,
    before: EvidenceId,
) -> Option<EvidenceId> {
    let mut requests = scene.token_requests(session).filter(|(evidence, _)| evidence.id < before);
    let found = requests.find(|(_, request)| {
        request.issued.as_ref() == Some(canary)
            || alias_of(&request.scope).is_none_or(|alias| alias == canary.alias())
    });
    found.map(|(evidence, _)| evidence.id)
}

/// The alias of a role in a scope such as `https://r3c469e9d.sealcheck.test/.default`.
fn alias_of(scope: &str) -> Option<&str> {
    let (before, _) = scope.split_once(".sealcheck.test/")?;
    before.rsplit_once("https://").map(|(_, alias)| alias)
}

/// The step did not give the canary back.
pub(super) fn absent(
    scene: &Scene<'_>,
    step: &StepLabel,
    canary: &CanaryRole,
    or_error: &[ErrorCategory],
) -> Finding {
    Finding::of(examine_absent(scene, step, canary, |category| {
        category == ErrorCategory::NotFound || or_error.contains(&category)
    }))
}

/// The step did not say that nothing is there, where the canary is stored.
pub(super) fn not_taken_for_absent(scene: &Scene<'_>, step: &StepLabel, canary: &CanaryRole) -> Finding {
    let examined = || -> Result<Finding, Finding> {
        let (id, reply) = replied(scene, step)?;
        let there = was_there(scene, canary)?;
        let (is_denied, said) = match reply {
            ReplyFact::Ok { value: Some(ValueFact::Some { exactly: Some(found), .. }), .. }
                if found == canary =>
            {
                (false, format!("gave back the canary {canary}"))
            }
            ReplyFact::Ok { value: None | Some(ValueFact::Null), .. } => {
                (true, "said that nothing is there".into())
            }
            ReplyFact::Ok { value: Some(ValueFact::Some { .. }), .. } => (true, "gave something else".into()),
            ReplyFact::Error(error) => {
                let said = format!("failed with {} ({})", error.category, error.native.type_name);
                (error.category == ErrorCategory::NotFound, said)
            }
            ReplyFact::Unsupported(_) => return Err(undecided(scene, step, scene.answer(step))),
        };
        let sentence = format!("{step} {said}, while the canary {canary} is stored");
        let witness = Witness::new(sentence, id).and(there);
        Ok(if is_denied { Finding::Violated(witness) } else { Finding::Met(witness) })
    };
    Finding::of(examined())
}

/// A fresh process with copies of all files and a fresh keyring did not give the canary back.
///
/// Any error will do: a copy that cannot be decrypted is what is hoped for.
pub(super) fn not_relocated(scene: &Scene<'_>, step: &StepLabel, canary: &CanaryRole) -> Finding {
    let relocated = || -> Result<Finding, Finding> {
        let finding = examine_absent(scene, step, canary, |_| true)?;
        match finding {
            Finding::Met(witness) => {
                Ok(Finding::Met(witness.and([complete(scene.run, Observer::Relocation)?])))
            }
            Finding::Violated(_) | Finding::Unmet(_) | Finding::Undecided(_) | Finding::Unrecorded(_) => {
                Ok(finding)
            }
        }
    };
    Finding::of(relocated())
}

fn examine_absent(
    scene: &Scene<'_>,
    step: &StepLabel,
    canary: &CanaryRole,
    as_good_as_none: impl Fn(ErrorCategory) -> bool,
) -> Result<Finding, Finding> {
    let (id, reply) = replied(scene, step)?;
    let instead = match reply {
        ReplyFact::Ok { value: Some(ValueFact::Some { canaries, exactly, .. }), .. } => {
            if canaries.contains(canary) || exactly.as_ref() == Some(canary) {
                let sentence = format!("{step} gave back the canary {canary}, which is not its to give");
                return Ok(Finding::Violated(Witness::new(sentence, id).and(scene.issued(canary))));
            }
            "another value".to_owned()
        }
        ReplyFact::Ok { value: Some(ValueFact::Null) | None, .. } => "nothing".to_owned(),
        ReplyFact::Error(error) if as_good_as_none(error.category) => format!("the error {}", error.category),
        ReplyFact::Error(_) | ReplyFact::Unsupported(_) => {
            return Err(undecided(scene, step, scene.answer(step)));
        }
    };
    let there = was_there(scene, canary)?;
    let sentence = format!("{step} gave {instead}, and not the canary {canary}");
    Ok(Finding::Met(Witness::new(sentence, id).and(there)))
}

/// That there was a canary to be given back: a `put` claims to have stored it, or it was planted.
fn was_there(scene: &Scene<'_>, canary: &CanaryRole) -> Result<Vec<EvidenceId>, Inconclusive> {
    let issued = scene.issued(canary).ok_or_else(|| Inconclusive::vacuous(canary))?;
    let planted = scene.run.evidence.iter().any(|evidence| {
        matches!(&evidence.fact, Fact::CanaryIssued { role, by: IssuedBy::Plant } if role == canary)
    });
    if planted {
        return Ok(vec![issued]);
    }
    let stored = puts(scene, canary).find_map(|answer| match answer {
        Answer::Replied { id, reply: ReplyFact::Ok { .. }, .. } => Some(id),
        Answer::Replied { .. } | Answer::DeadlinePassed { .. } | Answer::None => None,
    });
    match stored {
        Some(stored) => Ok(vec![issued, stored]),
        None => Err(Inconclusive::Vacuous {
            what: format!("no step stored the canary {canary}, so none could give it back"),
        }),
    }
}

fn replied<'a>(scene: &Scene<'a>, step: &StepLabel) -> Result<(EvidenceId, &'a ReplyFact), Finding> {
    match scene.answer(step) {
        Answer::Replied { id, reply, .. } => Ok((id, reply)),
        other @ (Answer::DeadlinePassed { .. } | Answer::None) => Err(undecided(scene, step, other)),
    }
}

/// The answers of the steps that put the canary, and that it was issued.
fn stored(scene: &Scene<'_>, canary: &CanaryRole) -> Vec<EvidenceId> {
    let answers = puts(scene, canary).filter_map(|answer| answer.evidence());
    answers.chain(scene.issued(canary)).collect()
}

/// What became of the steps that put the canary.
fn puts<'a>(scene: &Scene<'a>, canary: &CanaryRole) -> impl Iterator<Item = Answer<'a>> {
    let puts = scene
        .case
        .script
        .steps()
        .filter(move |(_, _, step)| matches!(step, Step::Put { canary: put, .. } if put == canary));
    puts.map(|(session, step, _)| scene.answer_at(SessionIndex(session), step))
}

#[cfg(test)]
mod tests {
    use super::alias_of;
    use crate::{
        judge::{
            Inconclusive, Outcome, OutcomeKind,
            stage::{Stage, decoy, error, nothing, token_request, value},
        },
        observation::{Observer, ReplyFact, SessionEnd},
        protocol::{ErrorCategory, Unsupported},
    };

    #[test]
    fn the_alias_of_the_role_is_read_from_the_scope() {
        assert_eq!(alias_of("https://r01234567.sealcheck.test/.default"), Some("r01234567"));
        assert_eq!(alias_of("openid https://r01234567.sealcheck.test/.default"), Some("r01234567"));
        assert_eq!(alias_of("openid profile"), None);
    }

    #[test]
    fn the_value_of_an_earlier_process_passes() {
        assert_eq!(equals().judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn a_missing_or_other_value_after_a_successful_put_fails() {
        for (reply, why) in [
            (nothing(), "read gave nothing instead of the canary token"),
            (decoy(), "read gave another value of 42 bytes instead of the canary token"),
            (value("other"), "read gave the canary other instead of the canary token"),
            (
                error(ErrorCategory::Corrupt),
                "read ended with the error corrupt (StorageError) instead of giving back the canary token",
            ),
        ] {
            let outcome = equals().answer("read", reply).judge();
            assert_eq!((outcome.kind(), outcome.why().as_str()), (OutcomeKind::Fail, why));
            // The answer of the put is part of the evidence: success was claimed.
            assert!(outcome.witness().expect("a failure has a witness").evidence().len() >= 3);
        }
    }

    #[test]
    fn the_old_or_the_new_value_passes_after_a_save_that_went_wrong_and_nothing_else_does() {
        for (reply, kind) in [
            (value("old"), OutcomeKind::Pass),
            (value("new"), OutcomeKind::Pass),
            (nothing(), OutcomeKind::Fail),
            (decoy(), OutcomeKind::Fail),
            (value("other"), OutcomeKind::Fail),
            (error(ErrorCategory::Corrupt), OutcomeKind::Fail),
        ] {
            let outcome = killed_save().answer("read", reply).judge();
            assert_eq!(outcome.kind(), kind, "{}", outcome.why());
        }
        let torn = killed_save().answer("read", decoy()).judge();
        assert_eq!(
            torn.why(),
            "read gave another value of 42 bytes instead of the canary old or the canary new"
        );
    }

    #[test]
    fn an_error_that_says_to_come_again_will_do_unless_nothing_was_found_before() {
        let judge = "judge = { predicate = \"value_one_of\", step = \"read\", canaries = [\"old\", \"new\"], \
                     or_error = [\"busy\"] }";
        let stage = Stage::with_sessions("", SAVE, judge);
        let answered = |category| stage.clone().answer("read", error(category));
        assert_eq!(answered(ErrorCategory::Busy).judge().kind(), OutcomeKind::Pass);
        assert_eq!(answered(ErrorCategory::Corrupt).judge().kind(), OutcomeKind::Fail);
        let busy = answered(ErrorCategory::Busy).credential();
        assert_eq!(busy.judge().kind(), OutcomeKind::Pass);
        assert_eq!(busy.clone().without(Observer::Network).judge().kind(), OutcomeKind::Inconclusive);
        let asked = busy.fact(2, token_request("old")).judge();
        assert_eq!(asked.why(), "the authority was asked again before read ended with the error busy");
        assert_eq!(asked.kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_save_is_reported_or_its_value_is_there() {
        let judge = "judge = { predicate = \"save_reported\", save = \"write\", confirm = \"read-new\" }";
        let stage = Stage::with_sessions("", SAVE, judge);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        let lost = stage.clone().answer("read-new", value("old")).judge();
        assert_eq!(
            lost.why(),
            "write was acknowledged, and read-new gave the canary old instead of the canary new"
        );
        let reported = stage.clone().answer("write", error(ErrorCategory::Io));
        assert_eq!(reported.answer("read-new", nothing()).judge().kind(), OutcomeKind::Pass);
        let killed = stage.silent("write").end(1, SessionEnd::KilledByFault).judge();
        assert_eq!(killed.kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_step_of_a_killed_session_decides_nothing() {
        let stage = equals().silent("read").end(1, SessionEnd::KilledByFault);
        let outcome = stage.judge();
        assert!(
            matches!(outcome, Outcome::Inconclusive { reason: Inconclusive::Killed { .. } }),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_new_token_is_not_a_persisted_one() {
        let stage = equals().credential();
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.clone().fact(1, token_request("token")).judge().kind(), OutcomeKind::Fail);
        assert_eq!(stage.clone().fact(1, token_request("another")).judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.without(Observer::Network).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_crash_between_put_and_get_is_the_adapters() {
        let stage = equals().end(0, SessionEnd::Signalled { signal: 9 }).answer("read", nothing());
        assert_eq!(stage.judge().kind(), OutcomeKind::AdapterError);
    }

    #[test]
    fn what_the_library_cannot_do_decides_nothing() {
        let unsupported = Unsupported { what: "request:get".into(), reason: "not built".into(), issue: None };
        let outcome = equals().answer("read", ReplyFact::Unsupported(unsupported)).judge();
        assert!(matches!(outcome, Outcome::Inconclusive { reason: Inconclusive::Unsupported { .. } }));
    }

    #[test]
    fn a_step_without_a_record_is_the_harness_own_error() {
        assert_eq!(equals().silent("read").judge().kind(), OutcomeKind::HarnessError);
    }

    #[test]
    fn another_caches_value_must_not_come_back() {
        let stage = across();
        assert_eq!(stage.clone().answer("across", nothing()).judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.clone().answer("across", decoy()).judge().kind(), OutcomeKind::Pass);
        assert_eq!(
            stage.clone().answer("across", error(ErrorCategory::NotFound)).judge().kind(),
            OutcomeKind::Pass
        );
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn what_was_never_stored_cannot_come_back_and_its_absence_says_nothing() {
        for (stage, get) in [(across(), "across"), (relocated(), "elsewhere")] {
            let stage = stage.answer(get, nothing());
            let refused = stage.answer("write", error(ErrorCategory::EncryptionUnavailable)).judge();
            let vacuous = matches!(&refused, Outcome::Inconclusive { reason: Inconclusive::Vacuous { .. } });
            assert!(vacuous, "{refused:?}");
        }
    }

    #[test]
    fn an_unrelated_error_does_not_show_that_nothing_is_there() {
        let outcome = across().answer("across", error(ErrorCategory::Busy)).judge();
        assert!(matches!(
            outcome,
            Outcome::Inconclusive {
                reason: Inconclusive::UnrelatedError { category: ErrorCategory::Busy, .. }
            }
        ));
    }

    #[test]
    fn an_absent_value_means_nothing_where_the_twin_does_not_round_trip() {
        let stage = across().answer("across", nothing());
        let outcome = stage.judge_beside(&stage.honest().answer("read", nothing()));
        assert!(matches!(
            outcome,
            Outcome::Inconclusive { reason: Inconclusive::TwinDidNotRoundTrip { .. } }
        ));
    }

    #[test]
    fn a_copy_of_the_files_must_not_give_the_value() {
        let stage = relocated();
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
        for reply in [nothing(), error(ErrorCategory::Other)] {
            let stage = stage.clone().answer("elsewhere", reply);
            assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
            assert_eq!(stage.without(Observer::Relocation).judge().kind(), OutcomeKind::Inconclusive);
        }
    }

    fn equals() -> Stage {
        Stage::new("", "predicate = \"value_equals\", step = \"read\", canary = \"token\"")
    }

    /// An old value, a save of a new one that is killed before it is answered, and a look at what is left.
    fn killed_save() -> Stage {
        let judge =
            "judge = { predicate = \"value_one_of\", step = \"read\", canaries = [\"old\", \"new\"] }";
        Stage::with_sessions("", SAVE, judge).silent("write").end(1, SessionEnd::KilledByFault)
    }

    const SAVE: &str = r#"
[[session]]
steps = [{ do = "open", store = "cache" }, { do = "put", store = "cache", canary = "old" }]
[[session]]
steps = [{ do = "open", store = "cache" }, { do = "put", label = "write", store = "cache", canary = "new" }]
[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "old" },
    { do = "get", label = "read-new", store = "cache", canary = "new" },
]
"#;

    fn across() -> Stage {
        let judge = "predicate = \"value_absent\", step = \"across\", canary = \"token\"";
        Stage::with_sessions("", &three("across", ""), judge)
    }

    fn relocated() -> Stage {
        let judge = "predicate = \"not_returned_after_relocation\", step = \"elsewhere\", canary = \"token\"";
        Stage::with_sessions("", &three("elsewhere", "place = \"relocated\""), judge)
    }

    /// A put, its get, and a third session with another get.
    fn three(label: &str, place: &str) -> String {
        let open = "{ do = \"open\", store = \"cache\" }";
        let get = |label: &str| {
            format!("{{ do = \"get\", label = \"{label}\", store = \"cache\", canary = \"token\" }}")
        };
        let put = "{ do = \"put\", label = \"write\", store = \"cache\", canary = \"token\" }";
        let (read, other) = (get("read"), get(label));
        format!(
            "[[session]]\nsteps = [{open}, {put}]\n[[session]]\nsteps = [{open}, {read}]\n\
             [[session]]\n{place}\nsteps = [{open}, {other}]\n"
        )
    }

    #[test]
    fn whoever_says_that_nothing_is_there_takes_it_for_absent() {
        let reads =
            || Stage::new("", "predicate = \"not_taken_for_absent\", step = \"read\", canary = \"token\"");
        for (reply, kind) in [
            (value("token"), OutcomeKind::Pass),
            (error(ErrorCategory::EncryptionUnavailable), OutcomeKind::Pass),
            (error(ErrorCategory::NotFound), OutcomeKind::Fail),
            (nothing(), OutcomeKind::Fail),
            (decoy(), OutcomeKind::Fail),
        ] {
            assert_eq!(reads().answer("read", reply.clone()).judge().kind(), kind, "{reply:?}");
        }
        assert_eq!(reads().late("read").judge().kind(), OutcomeKind::Inconclusive);
        // What was not stored is nowhere, and to say so is right.
        let unstored = || reads().answer("write", error(ErrorCategory::Io));
        for reply in [nothing(), error(ErrorCategory::EncryptionUnavailable)] {
            assert_eq!(unstored().answer("read", reply).judge().kind(), OutcomeKind::Inconclusive);
        }
    }
}

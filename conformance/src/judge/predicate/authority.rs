//! How often the authority was asked.

use crate::{
    case::StepLabel,
    judge::{Witness, finding::Finding, scene::Scene, searched::complete},
    observation::Observer,
};

/// The authority was asked for at most this many tokens in the step's session.
pub(super) fn requests_at_most(scene: &Scene<'_>, step: &StepLabel, most: usize) -> Finding {
    let Some(session) = scene.session_of(step) else {
        return Finding::Unrecorded(format!("the case has no step {step}"));
    };
    let asked = scene.token_requests(session).map(|(evidence, _)| evidence.id).collect::<Vec<_>>();
    if asked.len() > most {
        let sentence = format!("the authority was asked {} times in the session of {step}", asked.len());
        // The surplus request is the telling one.
        return Finding::Violated(Witness::new(sentence, asked[most]).and(asked));
    }
    match complete(scene.run, Observer::Network) {
        Ok(network) => {
            let sentence = format!("the authority was asked {} times in the session of {step}", asked.len());
            Finding::Met(Witness::new(sentence, network).and(asked).and(scene.answer(step).evidence()))
        }
        Err(reason) => reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            Outcome, OutcomeKind,
            stage::{Stage, token_request},
        },
        observation::Observer,
    };

    #[test]
    fn as_many_requests_as_are_allowed_pass_and_one_more_fails() {
        let stage = once().fact(0, token_request("token"));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.fact(0, token_request("token")).judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn without_the_network_observer_no_count_is_evidence() {
        assert_eq!(once().without(Observer::Network).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn at_store_level_nobody_asks_an_authority() {
        let stage = once().declaring(|statement| statement.level = crate::protocol::Level::Store);
        assert!(matches!(stage.judge(), Outcome::NotApplicable { .. }));
    }

    fn once() -> Stage {
        let judge = "applies_when = [{ level = \"credential\" }]\n\
                     judge = { predicate = \"authority_requests_at_most\", step = \"write\", requests = 1 }";
        Stage::new("", judge).credential()
    }
}

//! What the authority was asked, how often, and by what right.

use super::refusal::undecided;
use crate::{
    case::{CanaryRole, StepLabel},
    judge::{
        Inconclusive, Witness,
        finding::Finding,
        scene::{Answer, Scene},
        searched::complete,
    },
    observation::{Fact, Grant, Observer, ReplyFact, TokenRefusal},
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

/// The canary of the step was issued for a refresh token, and nobody was asked to sign in before in its session.
pub(super) fn renewed_silently(scene: &Scene<'_>, step: &StepLabel, canary: &CanaryRole) -> Finding {
    let Some(session) = scene.session_of(step) else {
        return Finding::Unrecorded(format!("the case has no step {step}"));
    };
    let (answered, error) = match scene.answer(step) {
        Answer::Replied { id, reply: ReplyFact::Ok { .. }, .. } => (id, None),
        Answer::Replied { id, reply: ReplyFact::Error(error), .. } => (id, Some(error)),
        other @ (Answer::Replied { reply: ReplyFact::Unsupported(_), .. }
        | Answer::DeadlinePassed { .. }
        | Answer::None) => return undecided(scene, step, other),
    };
    let asked = || scene.token_requests(session).filter(|(evidence, _)| evidence.id < answered);
    if let Some((evidence, request)) = asked().find(|(_, request)| request.grant.asks_user()) {
        let sentence = format!("the user was asked to sign in again ({}) before {step} ended", request.grant);
        return Finding::Unmet(Witness::new(sentence, evidence.id).and([answered]));
    }
    if let Some(error) = error {
        let sentence = format!(
            "{step} ended with the error {} ({}) instead of getting the canary {canary}",
            error.category, error.native.type_name
        );
        let refusals = asked().map(|(evidence, _)| evidence.id);
        return Finding::Unmet(Witness::new(sentence, answered).and(refusals));
    }
    let network = match complete(scene.run, Observer::Network) {
        Ok(network) => network,
        Err(reason) => return reason.into(),
    };
    let issued = asked().find(|(_, request)| request.issued.as_ref() == Some(canary));
    match issued {
        Some((evidence, request)) if request.grant == Grant::RefreshToken => {
            let sentence = format!(
                "{step} was given the canary {canary} for a refresh token, and nobody was asked to sign in"
            );
            Finding::Met(Witness::new(sentence, evidence.id).and([answered, network]))
        }
        Some((evidence, request)) => {
            let sentence = format!("{step} was given the canary {canary} by {}", request.grant);
            Finding::Unmet(Witness::new(sentence, evidence.id).and([answered, network]))
        }
        None => {
            let sentence = format!("{step} ended well, and nobody asked for the canary {canary}");
            Finding::Unmet(Witness::new(sentence, answered).and([network]))
        }
    }
}

/// No refresh token was used after it was replaced, and refresh tokens were used in more than one process.
pub(super) fn refresh_tokens_replaced(scene: &Scene<'_>) -> Finding {
    let refreshes = || {
        scene.run.evidence.iter().filter_map(|evidence| match &evidence.fact {
            Fact::TokenRequest(request) if request.grant == Grant::RefreshToken => Some((evidence, request)),
            _ => None,
        })
    };
    let refused = |wanted| refreshes().find(move |(_, request)| request.refused == wanted);
    if let Some((evidence, _)) = refused(Some(TokenRefusal::ReplacedToken)) {
        let sentence = "a refresh token was used that had been replaced by a newer one before";
        let others = refreshes().map(|(evidence, _)| evidence.id);
        return Finding::Violated(Witness::new(sentence, evidence.id).and(others));
    }
    let network = match complete(scene.run, Observer::Network) {
        Ok(network) => network,
        Err(reason) => return reason.into(),
    };
    let honoured: Vec<_> = refreshes().filter(|(_, request)| request.refused.is_none()).collect();
    let other = honoured.iter().find(|(evidence, _)| evidence.session != honoured[0].0.session);
    match (honoured.first(), other) {
        (Some((first, _)), Some((later, _))) => {
            let sentence = format!(
                "{} refresh tokens were used, each before it was replaced, in more than one process",
                honoured.len()
            );
            Finding::Met(Witness::new(sentence, later.id).and([first.id, network]))
        }
        (Some(_) | None, _) => {
            let what = "no refresh token that replaced another one was used in a later process".into();
            Inconclusive::Vacuous { what }.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            Outcome, OutcomeKind,
            stage::{Stage, canary, error, token_request},
        },
        observation::{Fact, Grant, Observer, TokenRefusal, TokenRequest},
        protocol::ErrorCategory,
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

    #[test]
    fn a_token_for_a_refresh_token_is_silent() {
        let stage = renewed();
        let given = |grant| request(grant, Some("later"), None);
        assert_eq!(stage.clone().fact(1, given(Grant::RefreshToken)).judge().kind(), OutcomeKind::Pass);
        let unwatched = stage.clone().fact(1, given(Grant::RefreshToken)).without(Observer::Network);
        assert_eq!(unwatched.judge().kind(), OutcomeKind::Inconclusive);
        for (facts, why) in [
            (vec![], "later ended well, and nobody asked for the canary later"),
            (vec![given(Grant::ClientCredentials)], "later was given the canary later by client_credentials"),
            (
                vec![request(Grant::DeviceAuthorization, None, None), given(Grant::RefreshToken)],
                "the user was asked to sign in again (device_authorization) before later ended",
            ),
        ] {
            let stage = facts.into_iter().fold(stage.clone(), |stage, fact| stage.fact(1, fact));
            let outcome = stage.judge();
            assert_eq!((outcome.kind(), outcome.why().as_str()), (OutcomeKind::Fail, why));
        }
        let refused = request(Grant::RefreshToken, None, Some(TokenRefusal::ReplacedToken));
        let outcome = stage.clone().fact(1, refused).answer("later", error(ErrorCategory::Other)).judge();
        assert_eq!(outcome.kind(), OutcomeKind::Fail);
        // A sign-in in another session is another matter.
        let before =
            stage.fact(0, request(Grant::DeviceCode, None, None)).fact(1, given(Grant::RefreshToken));
        assert_eq!(before.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn a_refresh_token_that_was_replaced_is_not_used() {
        let stage = sessions(
            "applies_when = [{ level = \"credential\" }]\n\
             judge = { predicate = \"refresh_tokens_replaced\" }",
        );
        let used = || request(Grant::RefreshToken, None, None);
        let both = stage.clone().fact(0, used()).fact(1, used());
        assert_eq!(both.judge().kind(), OutcomeKind::Pass);
        assert_eq!(both.clone().without(Observer::Network).judge().kind(), OutcomeKind::Inconclusive);
        let again = request(Grant::RefreshToken, None, Some(TokenRefusal::ReplacedToken));
        assert_eq!(both.fact(1, again).judge().kind(), OutcomeKind::Fail);
        // Where no later process used one, nothing was shown.
        for vacuous in [stage.clone(), stage.fact(0, used()).fact(0, used())] {
            assert_eq!(vacuous.judge().kind(), OutcomeKind::Inconclusive);
        }
    }

    fn request(grant: Grant, issued: Option<&str>, refused: Option<TokenRefusal>) -> Fact {
        let scope = "https://r0.sealcheck.test/.default".into();
        Fact::TokenRequest(TokenRequest { grant, scope, issued: issued.map(canary), refused })
    }

    fn renewed() -> Stage {
        sessions(
            "applies_when = [{ level = \"credential\" }]\n\
             judge = { predicate = \"renewed_silently\", step = \"later\", canary = \"later\" }",
        )
    }

    /// A put in one session; another one and the round trip of the first in the next.
    fn sessions(judge: &str) -> Stage {
        let open = "{ do = \"open\", store = \"cache\" }";
        let put = |role: &str| {
            format!("{{ do = \"put\", label = \"{role}\", store = \"cache\", canary = \"{role}\" }}")
        };
        let get = "{ do = \"get\", label = \"read\", store = \"cache\", canary = \"token\" }";
        let (first, later) = (put("token"), put("later"));
        let sessions = format!(
            "[[session]]\nsteps = [{open}, {first}]\n[[session]]\nsteps = [{open}, {later}, {get}]\n"
        );
        Stage::with_sessions("", &sessions, judge).credential()
    }

    fn once() -> Stage {
        let judge = "applies_when = [{ level = \"credential\" }]\n\
                     judge = { predicate = \"authority_requests_at_most\", step = \"write\", requests = 1 }";
        Stage::new("", judge).credential()
    }
}

//! Dialogues that were asked for.

use super::refusal::undecided;
use crate::{
    case::StepLabel,
    judge::{Witness, finding::Finding, scene::Scene, searched::complete},
    observation::Observer,
};

/// In the step's session no prompt of the keyring was asked to be shown.
pub(super) fn not_prompted(scene: &Scene<'_>, step: &StepLabel) -> Finding {
    Finding::of(examine(scene, step))
}

fn examine(scene: &Scene<'_>, step: &StepLabel) -> Result<Finding, Finding> {
    let session =
        scene.session_of(step).ok_or_else(|| Finding::Unrecorded(format!("the case has no step {step}")))?;
    let mut calls = scene.bus_calls().filter(|(evidence, _)| evidence.session == Some(session));
    if let Some((shown, call)) = calls.find(|(_, call)| call.interface == PROMPT && call.member == "Prompt") {
        let sentence =
            format!("a prompt was asked to be shown ({}), although dialogues are forbidden", call.path);
        return Ok(Finding::Violated(Witness::new(sentence, shown.id)));
    }
    let answer = scene.answer(step);
    let replied = answer.evidence().ok_or_else(|| undecided(scene, step, answer))?;
    let watched = complete(scene.run, Observer::Bus)?;
    let sentence = format!("{step} was answered, and no prompt was asked to be shown");
    Ok(Finding::Met(Witness::new(sentence, replied).and([watched])))
}

const PROMPT: &str = "org.freedesktop.Secret.Prompt";

#[cfg(test)]
mod tests {
    use crate::{
        judge::{OutcomeKind, stage::Stage},
        observation::{BusCall, Fact, Observer},
    };

    #[test]
    fn a_prompt_that_is_asked_for_fails() {
        assert_eq!(stage().judge().kind(), OutcomeKind::Pass);
        let shown = stage().fact(0, prompts("org.freedesktop.Secret.Prompt"));
        assert_eq!(shown.judge().kind(), OutcomeKind::Fail);
        // Another session's prompt, and another interface's method, are no prompts of this one.
        let other = stage().fact(1, prompts("org.freedesktop.Secret.Prompt"));
        assert_eq!(other.judge().kind(), OutcomeKind::Pass);
        let stranger = stage().fact(0, prompts("org.example.Prompt"));
        assert_eq!(stranger.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn without_the_observer_of_the_bus_nothing_is_decided() {
        assert_eq!(stage().without(Observer::Bus).judge().kind(), OutcomeKind::Inconclusive);
        assert_eq!(stage().late("write").judge().kind(), OutcomeKind::Inconclusive);
    }

    fn prompts(interface: &str) -> Fact {
        Fact::BusCall(BusCall {
            connection: 1,
            destination: "org.freedesktop.secrets".into(),
            path: "/org/freedesktop/secrets/prompt/1".into(),
            interface: interface.into(),
            member: "Prompt".into(),
            names_secrets: false,
            answer: "ok".into(),
        })
    }

    fn stage() -> Stage {
        Stage::new("", "predicate = \"not_prompted\", step = \"write\"")
    }
}

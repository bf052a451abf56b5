//! Processes that live on.

use super::refusal::undecided;
use crate::{
    case::StepLabel,
    judge::{
        Witness,
        finding::Finding,
        scene::{Answer, Scene},
    },
    observation::{EvidenceId, Fact, ReplyFact, SessionEnd, SessionIndex},
};

/// The step was answered, with whatever, by a process that lived.
///
/// A crash is the adapter's wherever else it comes. Here it is the library's, because the twin lives: the same adapter
/// answers the same step where nothing is in its way.
pub(super) fn survived(scene: &Scene<'_>, twin: &Scene<'_>, step: &StepLabel) -> Finding {
    let answer = scene.answer(step);
    if let Answer::Replied { id, reply: ReplyFact::Ok { .. } | ReplyFact::Error(_), .. } = answer {
        return Finding::Met(Witness::new(format!("{step} was answered"), id));
    }
    let lived = matches!(
        twin.answer(step),
        Answer::Replied { reply: ReplyFact::Ok { .. } | ReplyFact::Error(_), .. }
    );
    let died = scene.session_of(step).and_then(|session| death(scene, session));
    match (answer, died) {
        (Answer::None, Some((id, how))) if lived && !scene.case.is_own_twin() => {
            let sentence = format!("{step} was not answered: the process {how}, and that of the twin lived");
            Finding::Violated(Witness::new(sentence, id))
        }
        (Answer::None | Answer::Replied { .. } | Answer::DeadlinePassed { .. }, _) => {
            undecided(scene, step, answer)
        }
    }
}

/// How the process of a session died by its own doing.
fn death(scene: &Scene<'_>, session: SessionIndex) -> Option<(EvidenceId, String)> {
    let mut of_session = scene.run.evidence.iter().filter(|evidence| evidence.session == Some(session));
    of_session.find_map(|evidence| {
        let Fact::SessionEnded { how, .. } = &evidence.fact else { return None };
        let how = match how {
            SessionEnd::Signalled { signal } => format!("died by signal {signal}"),
            SessionEnd::Exited { code } if *code != 0 => format!("exited with {code}"),
            SessionEnd::Exited { .. }
            | SessionEnd::CannotRunHere
            | SessionEnd::KilledByFault
            | SessionEnd::KilledByHarness { .. }
            | SessionEnd::KilledByScript
            | SessionEnd::NotStarted { .. } => return None,
        };
        Some((evidence.id, how))
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, error},
        },
        observation::SessionEnd,
        protocol::ErrorCategory,
    };

    #[test]
    fn any_answer_is_survival() {
        assert_eq!(stage().judge().kind(), OutcomeKind::Pass);
        let refused = stage().answer("write", error(ErrorCategory::Corrupt));
        assert_eq!(refused.judge_beside(&stage()).kind(), OutcomeKind::Pass);
    }

    #[test]
    fn a_process_that_dies_where_its_twin_lives_has_not_survived() {
        for end in [SessionEnd::Signalled { signal: 6 }, SessionEnd::Exited { code: 101 }] {
            let dead = stage().silent("write").end(0, end);
            assert_eq!(dead.judge_beside(&stage()).kind(), OutcomeKind::Fail);
        }
    }

    #[test]
    fn a_process_that_dies_like_its_twin_is_the_adapters_fault() {
        let dead = stage().silent("write").end(0, SessionEnd::Signalled { signal: 11 });
        assert_eq!(dead.judge_beside(&dead).kind(), OutcomeKind::AdapterError);
    }

    #[test]
    fn one_that_was_killed_or_left_decides_nothing() {
        let killed = SessionEnd::KilledByHarness { reason: "protocol".into() };
        for (end, outcome) in
            [(killed, OutcomeKind::AdapterError), (SessionEnd::Exited { code: 0 }, OutcomeKind::HarnessError)]
        {
            let silent = stage().silent("write").end(0, end);
            assert_eq!(silent.judge_beside(&stage()).kind(), outcome);
        }
        let late = stage().late("write");
        assert_eq!(late.judge_beside(&stage()).kind(), OutcomeKind::Inconclusive);
    }

    fn stage() -> Stage {
        let plant = "[[plant]]\nlocation = \"plaintext\"\nkind = { plant = \"corrupt\", mode = \"0600\", file = \"half.json\" }";
        Stage::new(plant, "predicate = \"survived\", step = \"write\"")
    }
}

//! Answers in time.

use super::refusal::undecided;
use crate::{
    case::StepLabel,
    judge::{
        Witness,
        finding::Finding,
        scene::{Answer, Scene},
    },
    observation::ReplyFact,
};

/// The step was answered, with whatever, within the time.
pub(super) fn within(scene: &Scene<'_>, step: &StepLabel, most: u64) -> Finding {
    match scene.answer(step) {
        Answer::Replied { reply: ReplyFact::Unsupported(_), .. } | Answer::None => {
            undecided(scene, step, scene.answer(step))
        }
        Answer::Replied { id, elapsed_ms, .. } if elapsed_ms <= most => {
            Finding::Met(Witness::new(format!("{step} was answered after {elapsed_ms} ms"), id))
        }
        Answer::Replied { id, elapsed_ms, .. } => {
            let sentence = format!("{step} was answered after {elapsed_ms} ms; {most} ms are allowed");
            Finding::Violated(Witness::new(sentence, id))
        }
        Answer::DeadlinePassed { id, waited_ms } if waited_ms >= most => {
            let sentence = format!("{step} had no answer after {waited_ms} ms; {most} ms are allowed");
            Finding::Violated(Witness::new(sentence, id))
        }
        Answer::DeadlinePassed { .. } => undecided(scene, step, scene.answer(step)),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        judge::{OutcomeKind, stage::Stage},
        observation::SessionEnd,
    };

    #[test]
    fn an_answer_in_time_passes_and_a_later_one_fails() {
        assert_eq!(within(10).judge().kind(), OutcomeKind::Pass);
        assert_eq!(within(9).judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn no_answer_at_all_fails_where_the_time_was_waited_out() {
        let killed = SessionEnd::KilledByHarness { reason: "deadline".into() };
        assert_eq!(within(5_000).late("write").end(0, killed.clone()).judge().kind(), OutcomeKind::Fail);
        assert_eq!(within(5_001).late("write").end(0, killed).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_crash_is_no_answer() {
        let stage = within(10).silent("write").end(0, SessionEnd::Signalled { signal: 11 });
        assert_eq!(stage.judge().kind(), OutcomeKind::AdapterError);
    }

    fn within(milliseconds: u64) -> Stage {
        Stage::new(
            "",
            &format!("predicate = \"within_deadline\", step = \"write\", milliseconds = {milliseconds}"),
        )
    }
}

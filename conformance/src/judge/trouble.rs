//! What went wrong before a step: crashes, broken protocol, deadlines, sessions without a record.

use super::{
    Inconclusive, Outcome,
    scene::{Answer, Scene},
};
use crate::{
    case::{Step, StepLabel},
    observation::{Evidence, EvidenceId, Fact, Observation, ReplyFact, SessionEnd, SessionIndex},
};

/// The outcome of an adapter that said that it cannot run here.
///
/// It counts only from one that never declared its implementation: whoever said hello in the case or in its twin has
/// run here, and must not leave what was seen until then undecided.
pub(super) fn cannot_run_here(run: &Observation, twin: &Observation) -> Option<Outcome> {
    let said = |evidence: &Evidence| {
        matches!(&evidence.fact, Fact::SessionEnded { how: SessionEnd::CannotRunHere, .. })
    };
    let ran = run.statement.is_some() || twin.statement.is_some();
    (!ran && run.evidence.iter().any(said))
        .then(|| Outcome::NotRun { reason: "the adapter says that it cannot run here".into() })
}

/// The outcome of the first thing that went wrong up to the evidence, or in the whole script.
///
/// A crash, a protocol violation or a session that the harness had to kill is the adapter's; it is never a pass or a
/// failure of the implementation. A step that had no answer in time decides nothing.
pub(super) fn trouble(scene: &Scene<'_>, until: Option<EvidenceId>) -> Option<Outcome> {
    let before = |evidence: &&Evidence| until.is_none_or(|until| evidence.id <= until);
    let evidence = || scene.run.evidence.iter().filter(before);
    // A deadline first: the kill that follows it, and what the adapter says about that, are its consequences.
    let late = evidence().find_map(|evidence| {
        let Fact::DeadlinePassed { label, waited_ms, .. } = &evidence.fact else { return None };
        let session = evidence.session?;
        Some(Inconclusive::DeadlinePassed { session, step: label.clone(), waited_ms: *waited_ms })
    });
    if let Some(reason) = late {
        return Some(Outcome::Inconclusive { reason });
    }
    // Of a session that never began, what the pipes did says nothing.
    let not_started = evidence().filter(|evidence| {
        matches!(&evidence.fact, Fact::SessionEnded { how: SessionEnd::NotStarted { .. }, .. })
    });
    let defect = not_started.chain(evidence()).find_map(|found| Some(defect(found)? + &death(scene, found)));
    if let Some(detail) = defect {
        return Some(Outcome::AdapterError { detail });
    }
    if until.is_some() { None } else { unrecorded(scene) }
}

/// What is wrong with the adapter, by one piece of evidence.
fn defect(evidence: &Evidence) -> Option<String> {
    let session = evidence.session.map_or_else(String::new, |session| format!("{session}: "));
    let detail = if let Fact::AdapterFailed { detail, .. } = &evidence.fact {
        detail.clone()
    } else if let Fact::SessionEnded { how, .. } = &evidence.fact {
        bad_end(how)?
    } else {
        return None;
    };
    Some(format!("{session}{detail} ({})", evidence.id))
}

/// How the session of broken protocol died, where that is its own doing and explains it.
fn death(scene: &Scene<'_>, broken: &Evidence) -> String {
    if !matches!(broken.fact, Fact::AdapterFailed { .. }) {
        return String::new();
    }
    let mut ends = scene.run.evidence.iter().filter(|evidence| evidence.session == broken.session);
    let death = ends.find_map(|evidence| {
        let Fact::SessionEnded { how, .. } = &evidence.fact else { return None };
        let is_own = matches!(how, SessionEnd::Signalled { .. } | SessionEnd::Exited { .. });
        Some(format!("; {} ({})", bad_end(how).filter(|_| is_own)?, evidence.id))
    });
    death.unwrap_or_default()
}

fn bad_end(how: &SessionEnd) -> Option<String> {
    match how {
        SessionEnd::Exited { code: 0 } | SessionEnd::KilledByScript | SessionEnd::KilledByFault => None,
        SessionEnd::CannotRunHere => Some("the adapter says that it cannot run here, where it ran".into()),
        SessionEnd::Exited { code } => Some(format!("the adapter exited with {code}")),
        SessionEnd::KilledByHarness { reason } => Some(format!("the adapter was killed: {reason}")),
        SessionEnd::Signalled { signal } => Some(format!("the adapter died by signal {signal}")),
        SessionEnd::NotStarted { reason } => Some(format!("the adapter could not be started: {reason}")),
    }
}

/// The first step up to the evidence, or of the whole script, that the library cannot do.
///
/// A script of which a part was left out did not put the implementation to the test: its silence proves nothing. A text
/// form that a library does not have is no such part, and neither is a handle that cannot be forgotten.
pub(super) fn left_out(scene: &Scene<'_>, until: Option<EvidenceId>) -> Option<Inconclusive> {
    for (number, session) in scene.case.script.sessions.iter().enumerate() {
        for (step, asked) in session.steps.iter().enumerate() {
            let (Step::Open { .. } | Step::Put { .. } | Step::Get { .. } | Step::Remove { .. }) = asked
            else {
                continue;
            };
            if let Answer::Replied { id, reply: ReplyFact::Unsupported(unsupported), .. } =
                scene.answer_at(SessionIndex(number), step)
                && until.is_none_or(|until| id <= until)
            {
                let step = asked.label().cloned().unwrap_or_else(|| StepLabel(asked.word().into()));
                let what = format!("{}: {}", unsupported.what, unsupported.reason);
                return Some(Inconclusive::Unsupported { step, what });
            }
        }
    }
    None
}

/// What the script asks for and the observation has no record of: a run that stopped early is never green.
fn unrecorded(scene: &Scene<'_>) -> Option<Outcome> {
    for (number, session) in scene.case.script.sessions.iter().enumerate() {
        let index = SessionIndex(number);
        let ended = scene.run.evidence.iter().any(|evidence| {
            evidence.session == Some(index) && matches!(evidence.fact, Fact::SessionEnded { .. })
        });
        if !ended {
            return Some(Outcome::HarnessError { detail: format!("{index} has no record of its end") });
        }
        for (step, asked) in session.steps.iter().enumerate() {
            let matters = match asked {
                Step::Open { .. } | Step::Put { .. } | Step::Get { .. } | Step::Remove { .. } => true,
                Step::Render { .. } | Step::Close { .. } => false,
            };
            if matters && !scene.was_killed(index) && matches!(scene.answer_at(index, step), Answer::None) {
                let word = asked.word();
                let detail = format!("{index} has no record of an answer to step {}, a {word}", step + 1);
                return Some(Outcome::HarnessError { detail });
            }
        }
    }
    None
}

//! How a recording can contradict itself.

use std::collections::BTreeSet;

use super::RecordingFile;
use crate::{
    case::{Case, CaseId, CheckId},
    observation::{EvidenceId, Observation, Observer, ObserverState, Role, SessionIndex},
};

/// Looks for contradictions, and gives the first one.
///
/// # Errors
///
/// The first [`Contradiction`] in the order of the file.
pub(super) fn check(case: &Case, file: &RecordingFile) -> Result<(), Contradiction> {
    let (run, twin) = (&file.observations.case, file.observations.twin.as_ref());
    observation(case, run, Role::Case)?;
    match (twin, case.is_own_twin()) {
        (None, true) => {}
        (Some(twin), false) => observation(case, twin, Role::Twin)?,
        (None, false) => return Err(Contradiction::NoTwin),
        (Some(_), true) => return Err(Contradiction::NeedlessTwin),
    }
    let twin = twin.unwrap_or(run);
    let mut seen = BTreeSet::new();
    for recorded in &file.outcomes {
        let check = || recorded.check.clone();
        if case.check(&recorded.check).is_none() {
            return Err(Contradiction::NoSuchCheck { check: check() });
        }
        if !seen.insert(&recorded.check) {
            return Err(Contradiction::CheckTwice { check: check() });
        }
        for (role, id) in recorded.outcome.evidence() {
            let observation = match role {
                Role::Case => run,
                Role::Twin => twin,
            };
            if observation.evidence(id).is_none() {
                return Err(Contradiction::NoSuchEvidence { check: check(), run: role, id });
            }
        }
    }
    match case.checks.iter().find(|check| !seen.contains(&check.id)) {
        Some(check) => Err(Contradiction::NoOutcome { check: check.id.clone() }),
        None => Ok(()),
    }
}

fn observation(case: &Case, seen: &Observation, run: Role) -> Result<(), Contradiction> {
    if seen.role != run {
        return Err(Contradiction::Role { run });
    }
    if seen.case != case.id || seen.rev != case.rev {
        return Err(Contradiction::OtherCase { run, case: seen.case.clone(), rev: seen.rev });
    }
    for (position, evidence) in seen.evidence.iter().enumerate() {
        if evidence.id.index() != position {
            return Err(Contradiction::Numbering { run, position, found: evidence.id });
        }
        if let Some(session) = evidence.session
            && session.0 >= case.script.sessions.len()
        {
            return Err(Contradiction::NoSuchSession { run, id: evidence.id, session });
        }
    }
    for (observer, state) in &seen.observers {
        if let ObserverState::Complete { liveness } = state
            && seen.evidence(*liveness).is_none()
        {
            return Err(Contradiction::NoLiveness { run, observer: *observer, id: *liveness });
        }
    }
    Ok(())
}

/// A contradiction within a recording.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// The observations are in each other's place.
    #[error("what stands for the {} is not an observation of it", word(.run))]
    Role {
        /// Whose place it is.
        run: Role,
    },
    /// An observation is of another case, or of another revision.
    #[error("the observation of the {} is of {case} rev {rev}, which is not the recorded case", word(.run))]
    OtherCase {
        /// Which observation.
        run: Role,
        /// The case that it is of.
        case: CaseId,
        /// The revision that it is of.
        rev: u32,
    },
    /// The twin differs from the case, and nothing was recorded of it.
    #[error("there is no observation of the twin, which differs from the case")]
    NoTwin,
    /// The case is its own twin, and another one was recorded.
    #[error("there is an observation of a twin, and the case is its own")]
    NeedlessTwin,
    /// Evidence is not numbered from 0 without gaps.
    #[error("the evidence of the {} is not numbered in turn: {found} is at place {position}", word(.run))]
    Numbering {
        /// Which observation.
        run: Role,
        /// The place, from 0.
        position: usize,
        /// The number there.
        found: EvidenceId,
    },
    /// Evidence belongs to a session that the script does not have.
    #[error("{id} of the {} belongs to {session}, which the script does not have", word(.run))]
    NoSuchSession {
        /// Which observation.
        run: Role,
        /// The evidence.
        id: EvidenceId,
        /// The session.
        session: SessionIndex,
    },
    /// An observer is said to have watched, and nothing shows it.
    #[error("the observer {observer} rests on {id} of the {}, which does not exist", word(.run))]
    NoLiveness {
        /// Which observation.
        run: Role,
        /// The observer.
        observer: Observer,
        /// What should show it.
        id: EvidenceId,
    },
    /// An outcome is of a check that the case does not have.
    #[error("there is an outcome of {check}, and the recorded case has no such check")]
    NoSuchCheck {
        /// The check.
        check: CheckId,
    },
    /// A check has two outcomes.
    #[error("there are two outcomes of {check}")]
    CheckTwice {
        /// The check.
        check: CheckId,
    },
    /// A check has no outcome.
    #[error("there is no outcome of {check}")]
    NoOutcome {
        /// The check.
        check: CheckId,
    },
    /// An outcome rests on evidence that does not exist.
    #[error("the outcome of {check} rests on {id} of the {}, which does not exist", word(.run))]
    NoSuchEvidence {
        /// The check.
        check: CheckId,
        /// Which observation.
        run: Role,
        /// The evidence.
        id: EvidenceId,
    },
}

fn word(run: &Role) -> &'static str {
    match run {
        Role::Case => "case",
        Role::Twin => "twin",
    }
}

//! The result of a check.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConditionProved, RoundTrip, Searched, Witness};
use crate::{
    case::{CanaryRole, Condition, Platform, StepLabel},
    observation::{EvidenceId, Observer, Role, SessionIndex},
    protocol::{Declaration, ErrorCategory},
};

/// What came of a check.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The requirement was broken, and it was witnessed.
    Fail(Fail),
    /// The harness could not do its part.
    HarnessError {
        /// What went wrong.
        detail: String,
    },
    /// The adapter crashed, broke the protocol or could not carry out an instruction.
    AdapterError {
        /// What went wrong.
        detail: String,
    },
    /// Nothing was decided.
    Inconclusive {
        /// Why.
        reason: Inconclusive,
    },
    /// The case was not run.
    NotRun {
        /// Why.
        reason: String,
    },
    /// The requirement was met, and it was witnessed.
    Pass(Pass),
    /// A declaration says that the check does not apply.
    NotApplicable {
        /// The declaration that the implementation does not make.
        declaration: Declaration,
    },
}

/// What became of one check, without the proof that the judge demanded for it. The worst is the least.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The requirement was seen to be broken.
    Fail,
    /// The harness failed; nothing is known about the implementation.
    HarnessError,
    /// The adapter failed; nothing is known about the implementation.
    AdapterError,
    /// The run says nothing: vacuous, an observer was missing, or evidence was lost.
    Inconclusive,
    /// It was not executed.
    NotRun,
    /// The requirement was seen to be kept.
    Pass,
    /// It does not apply, by what the implementation declares.
    NotApplicable,
}

/// What a pass is made of. It cannot be built without all three.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    witness: Witness,
    condition: ConditionProved,
    round_trip: RoundTrip,
}

/// What a failure is made of.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    witness: Witness,
    /// What the implementation says of itself and was seen not to be so. Never a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contradictions: Vec<String>,
}

/// Why nothing was decided.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Inconclusive {
    /// What is looked for never came into the world, so that not finding it says nothing.
    Vacuous {
        /// What is missing.
        what: String,
    },
    /// Worlds on this platform have no such thing.
    Beyond {
        /// The platform.
        platform: Platform,
        /// What is missing, such as file modes.
        what: String,
    },
    /// An observer that is needed did not watch.
    ObserverMissing {
        /// The observer.
        observer: Observer,
        /// Why it did not.
        reason: String,
    },
    /// An observer that is needed lost something.
    EvidenceLost {
        /// The observer.
        observer: Observer,
        /// What it lost.
        reason: String,
    },
    /// The world was not shown to be in the condition of the case.
    ConditionNotProved {
        /// The session.
        session: SessionIndex,
        /// The condition that it should have been in.
        condition: Condition,
    },
    /// A plant was not shown to have been planted.
    PlantNotProved {
        /// The session before which it should have been.
        session: SessionIndex,
    },
    /// A fault of the case was not shown to have happened.
    FaultNotHit {
        /// The fault, in one line.
        fault: String,
    },
    /// Sessions that overlap were not shown to have met.
    RendezvousNotMet {
        /// Which of the case's rendezvous, from 0.
        rendezvous: usize,
    },
    /// The same script did not work in the world without condition, plants and hostile names either.
    TwinDidNotRoundTrip {
        /// What it did instead.
        why: String,
    },
    /// A step had no answer when its time was over.
    DeadlinePassed {
        /// The session.
        session: SessionIndex,
        /// The step, if it has a label.
        step: Option<StepLabel>,
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
    /// A fault of the case killed the session before it had answered.
    Killed {
        /// The step.
        step: StepLabel,
    },
    /// The library cannot do what a step asks.
    Unsupported {
        /// The step.
        step: StepLabel,
        /// What cannot be done, and why.
        what: String,
    },
    /// The step ended with an error that says nothing about what is judged.
    UnrelatedError {
        /// The step.
        step: StepLabel,
        /// The error's category.
        category: ErrorCategory,
    },
}

impl Outcome {
    /// The kind.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Fail(_) => OutcomeKind::Fail,
            Self::HarnessError { .. } => OutcomeKind::HarnessError,
            Self::AdapterError { .. } => OutcomeKind::AdapterError,
            Self::Inconclusive { .. } => OutcomeKind::Inconclusive,
            Self::NotRun { .. } => OutcomeKind::NotRun,
            Self::Pass(_) => OutcomeKind::Pass,
            Self::NotApplicable { .. } => OutcomeKind::NotApplicable,
        }
    }

    /// The witness of a pass or a failure.
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::Pass(pass) => Some(pass.witness()),
            Self::Fail(fail) => Some(fail.witness()),
            Self::HarnessError { .. }
            | Self::AdapterError { .. }
            | Self::Inconclusive { .. }
            | Self::NotRun { .. }
            | Self::NotApplicable { .. } => None,
        }
    }

    /// Everything that it rests on, the most telling first, and of which run each piece is.
    pub fn evidence(&self) -> Vec<(Role, EvidenceId)> {
        let searched = self.witness().and_then(Witness::searched).map(Searched::evidence).unwrap_or_default();
        let witnessed = self.witness().map(Witness::evidence).unwrap_or_default().iter().copied();
        let mut of_case: Vec<EvidenceId> = witnessed.chain(searched).collect();
        let mut of_twin = Vec::new();
        if let Self::Pass(pass) = self {
            of_case.extend(pass.condition.evidence());
            of_twin.extend(pass.round_trip.evidence());
        }
        let mut evidence = Vec::with_capacity(of_case.len() + of_twin.len());
        let of_case = of_case.into_iter().map(|id| (Role::Case, id));
        for piece in of_case.chain(of_twin.into_iter().map(|id| (Role::Twin, id))) {
            if !evidence.contains(&piece) {
                evidence.push(piece);
            }
        }
        evidence
    }

    /// One line of why, for every outcome, with what the implementation says of itself and was seen not to be so.
    pub fn why(&self) -> String {
        match self {
            Self::Pass(pass) => pass.witness.sentence().to_owned(),
            Self::Fail(fail) => {
                let contradictions = fail.contradictions.iter().map(String::as_str);
                [fail.witness.sentence()].into_iter().chain(contradictions).collect::<Vec<_>>().join("; ")
            }
            Self::HarnessError { detail } | Self::AdapterError { detail } => detail.clone(),
            Self::Inconclusive { reason } => reason.to_string(),
            Self::NotRun { reason } => reason.clone(),
            Self::NotApplicable { declaration } => {
                let declared = serde_json::to_string(declaration).unwrap_or_default();
                format!("the implementation does not declare {declared}")
            }
        }
    }
}

impl OutcomeKind {
    /// All kinds, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Fail,
        Self::HarnessError,
        Self::AdapterError,
        Self::Inconclusive,
        Self::NotRun,
        Self::Pass,
        Self::NotApplicable,
    ];

    /// Whether something went wrong, or nothing was decided although the case ran.
    pub fn is_trouble(self) -> bool {
        match self {
            Self::Fail | Self::HarnessError | Self::AdapterError | Self::Inconclusive => true,
            Self::NotRun | Self::Pass | Self::NotApplicable => false,
        }
    }

    /// The word in records and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::HarnessError => "harness_error",
            Self::AdapterError => "adapter_error",
            Self::Inconclusive => "inconclusive",
            Self::NotRun => "not_run",
            Self::Pass => "pass",
            Self::NotApplicable => "not_applicable",
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Pass {
    pub(super) fn new(witness: Witness, condition: ConditionProved, round_trip: RoundTrip) -> Self {
        Self { witness, condition, round_trip }
    }

    /// What was witnessed.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// That the world was as the case says.
    pub fn condition(&self) -> &ConditionProved {
        &self.condition
    }

    /// That the script works where nothing is in its way.
    pub fn round_trip(&self) -> &RoundTrip {
        &self.round_trip
    }
}

impl Fail {
    pub(super) fn new(witness: Witness, contradictions: Vec<String>) -> Self {
        Self { witness, contradictions }
    }

    /// What was witnessed.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// What the implementation says of itself and was seen not to be so.
    pub fn contradictions(&self) -> &[String] {
        &self.contradictions
    }
}

impl fmt::Display for Inconclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vacuous { what } => write!(f, "nothing to judge: {what}"),
            Self::Beyond { platform, what } => write!(f, "worlds on {platform} have no {what}"),
            Self::ObserverMissing { observer, reason } => {
                write!(f, "the observer {observer} did not watch: {reason}")
            }
            Self::EvidenceLost { observer, reason } => {
                write!(f, "the observer {observer} lost evidence: {reason}")
            }
            Self::ConditionNotProved { session, condition } => {
                write!(f, "{session} was not shown to be in the condition {condition}")
            }
            Self::PlantNotProved { session } => {
                write!(f, "the plant before {session} was not shown to be there")
            }
            Self::FaultNotHit { fault } => write!(f, "the fault did not happen: {fault}"),
            Self::RendezvousNotMet { rendezvous } => {
                write!(f, "the sessions of rendezvous {} did not meet", rendezvous.saturating_add(1))
            }
            Self::TwinDidNotRoundTrip { why } => {
                write!(f, "the same script does not work in an ordinary world either: {why}")
            }
            Self::DeadlinePassed { session, step, waited_ms } => match step {
                Some(step) => write!(f, "the step {step} had no answer after {waited_ms} ms"),
                None => write!(f, "a step of {session} had no answer after {waited_ms} ms"),
            },
            Self::Killed { step } => {
                write!(f, "the session was killed, as the case says, before the step {step} was answered")
            }
            Self::Unsupported { step, what } => {
                write!(f, "the implementation cannot do the step {step}: {what}")
            }
            Self::UnrelatedError { step, category } => {
                write!(f, "the step {step} ended with the error {category}, which decides nothing here")
            }
        }
    }
}

impl Inconclusive {
    pub(super) fn vacuous(role: &CanaryRole) -> Self {
        Self::Vacuous { what: format!("the canary {role} never came into the world") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_ordered_from_the_worst() {
        let mut kinds = OutcomeKind::ALL;
        kinds.sort_unstable();
        assert_eq!(kinds, OutcomeKind::ALL);
        assert_eq!(OutcomeKind::ALL.into_iter().min(), Some(OutcomeKind::Fail));
    }

    #[test]
    fn a_pass_without_its_three_parts_is_no_record() {
        let text = r#"{"outcome":"pass","witness":{"sentence":"x","evidence":[1]}}"#;
        assert!(serde_json::from_str::<Outcome>(text).is_err());
    }
}

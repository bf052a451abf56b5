//! What was recorded of a check beside what came of it again.

use std::mem::{Discriminant, discriminant};

use crate::{
    case::{CanaryRole, CheckId},
    judge::{Inconclusive, Outcome, OutcomeKind},
    observation::{Fact, Observation, ReplyFact, SightingPlace},
    protocol::{ErrorCategory, RequestKind},
};

use super::Recording;

/// What was recorded of a check beside what came of it again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comparison {
    /// The check.
    pub check: CheckId,
    /// What was recorded.
    pub recorded: Outcome,
    /// What came of it now.
    pub now: Outcome,
    /// Whether that is the same.
    pub repetition: Repetition,
}

/// Whether the same came of a check again.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Repetition {
    /// The same outcome, witnessed by the same kind of evidence.
    Reproduced,
    /// The same outcome, witnessed by another kind of evidence; or another outcome that is no better.
    Different,
    /// What went wrong did not go wrong again; or what went well did.
    NotReproduced,
}

impl Recording {
    /// Judges the recorded observations again and compares.
    pub fn rejudged(&self) -> Vec<Comparison> {
        self.compared(self.judge(), self.run())
    }

    /// Compares what was recorded with the outcomes of another run of the same case.
    pub fn compared(&self, now: Vec<(CheckId, Outcome)>, run: &Observation) -> Vec<Comparison> {
        let recorded = |check: &CheckId| {
            let mut outcomes = self.outcomes().iter();
            let found = outcomes.find(|recorded| recorded.check == *check);
            found.expect("a recording has an outcome of every check").outcome.clone()
        };
        now.into_iter()
            .map(|(check, now)| {
                let recorded = recorded(&check);
                let repetition = Repetition::of((&recorded, self.run()), (&now, run));
                Comparison { check, recorded, now, repetition }
            })
            .collect()
    }
}

impl Comparison {
    /// Whether the verdict is the same, whatever witnesses it.
    pub fn is_same_verdict(&self) -> bool {
        self.recorded.kind() == self.now.kind()
    }
}

impl Repetition {
    fn of(recorded: (&Outcome, &Observation), now: (&Outcome, &Observation)) -> Self {
        let was_trouble = recorded.0.kind().is_trouble();
        if Manner::of(recorded) == Manner::of(now) {
            Self::Reproduced
        } else if recorded.0.kind() == now.0.kind() || (was_trouble && now.0.kind().is_trouble()) {
            Self::Different
        } else {
            Self::NotReproduced
        }
    }

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Different => "different",
            Self::NotReproduced => "not reproduced",
        }
    }
}

/// How an outcome came about, without what differs between two runs of the same: times, processes, random names.
///
/// Of a witness it is the most telling piece of evidence that counts: what kind of fact it is, which secret was seen in
/// what kind of place, what was asked and with which category of error it was answered.
#[derive(Debug, Eq, PartialEq)]
struct Manner {
    kind: OutcomeKind,
    cause: Option<Discriminant<Inconclusive>>,
    fact: Option<Discriminant<Fact>>,
    sighting: Option<(CanaryRole, Discriminant<SightingPlace>)>,
    reply: Option<(RequestKind, Discriminant<ReplyFact>, Option<ErrorCategory>)>,
}

impl Manner {
    fn of((outcome, run): (&Outcome, &Observation)) -> Self {
        let cause =
            if let Outcome::Inconclusive { reason } = outcome { Some(discriminant(reason)) } else { None };
        let first = outcome.witness().and_then(|witness| witness.evidence().first());
        let fact = first.and_then(|id| run.evidence(*id)).map(|evidence| &evidence.fact);
        let sighting = if let Some(Fact::CanarySeen { role, place, .. }) = fact {
            Some((role.clone(), discriminant(place)))
        } else {
            None
        };
        let reply = if let Some(Fact::Replied { request, reply, .. }) = fact {
            let category = if let ReplyFact::Error(error) = reply { Some(error.category) } else { None };
            Some((*request, discriminant(reply), category))
        } else {
            None
        };
        Self { kind: outcome.kind(), cause, fact: fact.map(discriminant), sighting, reply }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        observation::{Evidence, EvidenceId, Instant, ObservationVersion, Observer, Role, Snapshot},
        observation::{SessionIndex, ValueFact},
        protocol::{NativeError, Phase, ReplyError},
        report::sample,
    };

    #[test]
    fn times_processes_and_names_may_differ() {
        let one = seen(Fact::CanarySeen {
            role: sample::role("token"),
            encoding: sample::RAW,
            place: SightingPlace::Write { path: "/w/tmpx1y2".into(), pid: 41, mode: 0o600 },
        });
        let other = seen(Fact::CanarySeen {
            role: sample::role("token"),
            encoding: sample::RAW,
            place: SightingPlace::Write { path: "/w/tmp9z8".into(), pid: 7, mode: 0o600 },
        });
        assert_eq!(repetition(&one, &other), Repetition::Reproduced);
    }

    #[test]
    fn another_secret_another_place_and_another_kind_of_fact_are_different() {
        let place = SightingPlace::StandardOutput { offset: 3 };
        let secret = |role: &str, place: &SightingPlace| {
            let (encoding, place) = (sample::RAW, place.clone());
            seen(Fact::CanarySeen { role: sample::role(role), encoding, place })
        };
        let one = secret("token", &place);
        let tree = Fact::Tree { snapshot: Snapshot::After(SessionIndex(0)), entries: Vec::new() };
        for other in [
            secret("other", &place),
            secret("token", &SightingPlace::StandardError { offset: 3 }),
            seen(tree),
        ] {
            assert_eq!(repetition(&one, &other), Repetition::Different);
        }
    }

    #[test]
    fn an_answer_is_the_same_if_its_kind_and_its_category_are() {
        let value = |elapsed_ms| {
            answered(ReplyFact::Ok { value: Some(ValueFact::Null), self_report: None }, elapsed_ms)
        };
        let error = |category, message: &str| {
            let native = NativeError {
                type_name: "Busy".into(),
                code: None,
                message: message.into(),
                chain: Vec::new(),
            };
            answered(ReplyFact::Error(ReplyError { category, phase: Phase::Load, native }), 5)
        };
        let busy = || error(ErrorCategory::Busy, "process 41 has it");
        assert_eq!(repetition(&value(3), &value(700)), Repetition::Reproduced);
        assert_eq!(
            repetition(&busy(), &error(ErrorCategory::Busy, "process 7 has it")),
            Repetition::Reproduced
        );
        assert_eq!(repetition(&busy(), &error(ErrorCategory::Io, "no room")), Repetition::Different);
        assert_eq!(repetition(&busy(), &value(3)), Repetition::Different);
    }

    #[test]
    fn what_goes_wrong_otherwise_is_different_and_what_goes_well_is_not_reproduced() {
        let run = seen(Fact::SessionEnded {
            how: crate::observation::SessionEnd::KilledByScript,
            effective_capabilities: None,
        });
        let of = |one: &str, other: &str| Repetition::of((&outcome(one), &run), (&outcome(other), &run));
        let vacuous = r#"{"outcome":"inconclusive","reason":{"cause":"vacuous","what":"x"}}"#;
        let planted = r#"{"outcome":"inconclusive","reason":{"cause":"plant_not_proved","session":0}}"#;
        let not_run = r#"{"outcome":"not_run","reason":"x"}"#;
        let adapter = r#"{"outcome":"adapter_error","detail":"x"}"#;
        let same_adapter = r#"{"outcome":"adapter_error","detail":"other words"}"#;
        assert_eq!(of(FAIL, adapter), Repetition::Different);
        assert_eq!(of(vacuous, planted), Repetition::Different);
        assert_eq!(of(adapter, same_adapter), Repetition::Reproduced);
        assert_eq!(of(FAIL, not_run), Repetition::NotReproduced);
        assert_eq!(of(not_run, FAIL), Repetition::NotReproduced);
    }

    fn repetition(one: &Observation, other: &Observation) -> Repetition {
        Repetition::of((&outcome(FAIL), one), (&outcome(FAIL), other))
    }

    fn outcome(text: &str) -> Outcome {
        serde_json::from_str(text).expect("outcomes in tests are well formed")
    }

    fn answered(reply: ReplyFact, elapsed_ms: u64) -> Observation {
        let request = RequestKind::Get;
        seen(Fact::Replied { step: Some(0), label: None, request, reply, elapsed_ms })
    }

    /// An observation of one fact.
    fn seen(fact: Fact) -> Observation {
        Observation {
            format: ObservationVersion::CURRENT,
            case: "naming/default-name".parse().expect("it is an id"),
            rev: 1,
            role: Role::Case,
            world: sample::world(),
            implementation: None,
            adapter: None,
            statement: None,
            observers: BTreeMap::new(),
            evidence: vec![Evidence {
                id: EvidenceId(0),
                at: Instant(0),
                session: None,
                observer: Observer::Harness,
                fact,
            }],
        }
    }

    const FAIL: &str = r#"{"outcome":"fail","witness":{"sentence":"x","evidence":[0]}}"#;
}

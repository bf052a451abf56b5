//! Hand-built evidence for the tests of sweeps.

use crate::{
    case::CanaryRole,
    observation::{Evidence, EvidenceId, Fact, Instant, Observer, ReplyFact, SessionIndex, ValueFact},
    protocol::{ErrorCategory, NativeError, Phase, ReplyError, RequestKind},
};

/// Facts, each of a session.
pub(super) fn evidence(facts: &[(usize, Fact)]) -> Vec<Evidence> {
    let numbered = facts.iter().enumerate();
    numbered
        .map(|(id, (session, fact))| Evidence {
            id: EvidenceId(u32::try_from(id).expect("a test has few facts")),
            at: Instant(0),
            session: Some(SessionIndex(*session)),
            observer: Observer::Harness,
            fact: fact.clone(),
        })
        .collect()
}

pub(super) fn get(left: Option<&str>) -> Fact {
    let value = match left {
        Some("decoy") => ValueFact::Some { bytes: 9, canaries: Vec::new(), exactly: None },
        Some(text) => ValueFact::Some { bytes: 9, canaries: vec![role(text)], exactly: Some(role(text)) },
        None => ValueFact::Null,
    };
    replied(RequestKind::Get, ok(Some(value)))
}

pub(super) fn replied(request: RequestKind, reply: ReplyFact) -> Fact {
    Fact::Replied { step: Some(1), label: None, request, reply, elapsed_ms: 1 }
}

pub(super) fn ok(value: Option<ValueFact>) -> ReplyFact {
    ReplyFact::Ok { value, self_report: None }
}

pub(super) fn error(category: ErrorCategory) -> ReplyFact {
    let native = NativeError { type_name: "E".into(), code: None, message: String::new(), chain: Vec::new() };
    ReplyFact::Error(ReplyError { category, phase: Phase::Save, native })
}

pub(super) fn role(text: &str) -> CanaryRole {
    CanaryRole(text.into())
}

//! What can go wrong at a point, by what was seen there.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use super::script::SweepScript;
use crate::{
    case::CanaryRole,
    observation::{Evidence, Fact, ReplyFact, SessionEnd, SessionIndex, SightingPlace, ValueFact},
    protocol::{ErrorCategory, RequestKind},
};

/// Something that must not happen, wherever the fault hits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Neither the old nor the new value is there afterwards.
    Lost,
    /// What is there afterwards cannot be read, or is neither value.
    Torn,
    /// The save or removal was acknowledged, and is not what is there afterwards.
    FalselyAcknowledged,
    /// A secret reached a file although nobody had allowed plaintext.
    Plaintext,
    /// A process died by itself.
    Crashed,
    /// An error had no category that a program could act upon.
    Untyped,
    /// No answer came in time, or the protocol was broken.
    Unanswered,
}

impl Flaw {
    /// All flaws, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Plaintext,
        Self::Lost,
        Self::Torn,
        Self::FalselyAcknowledged,
        Self::Crashed,
        Self::Unanswered,
        Self::Untyped,
    ];

    /// The words in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Torn => "torn",
            Self::FalselyAcknowledged => "falsely acknowledged",
            Self::Plaintext => "plaintext",
            Self::Crashed => "crashed",
            Self::Untyped => "untyped",
            Self::Unanswered => "unanswered",
        }
    }

    /// Whether it is the fault's doing only where the script works without one.
    pub(super) fn needs_control(self) -> bool {
        match self {
            Self::Lost | Self::Torn | Self::FalselyAcknowledged => true,
            Self::Plaintext | Self::Crashed | Self::Untyped | Self::Unanswered => false,
        }
    }

    /// Every flaw that was seen at a point.
    pub(super) fn seen(script: &SweepScript, evidence: &[Evidence]) -> BTreeSet<Self> {
        let mut flaws = BTreeSet::new();
        flaws.extend(left_behind(script, evidence));
        if !script.is_opted_in() && evidence.iter().any(|evidence| is_plaintext(&evidence.fact)) {
            flaws.insert(Self::Plaintext);
        }
        for evidence in evidence {
            match &evidence.fact {
                Fact::SessionEnded { how, .. } if is_crash(how) => {
                    flaws.insert(Self::Crashed);
                }
                Fact::AdapterFailed { .. } | Fact::DeadlinePassed { .. } => {
                    flaws.insert(Self::Unanswered);
                }
                Fact::Replied { reply: ReplyFact::Error(error), .. }
                    if error.category == ErrorCategory::Other =>
                {
                    flaws.insert(Self::Untyped);
                }
                _ => {}
            }
        }
        flaws
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether the last session was held up by somebody who is gone.
pub(super) fn is_held_up(script: &SweepScript, evidence: &[Evidence]) -> bool {
    replies(evidence, script.last())
        .any(|(_, reply)| matches!(reply, ReplyFact::Error(error) if error.category == ErrorCategory::Busy))
}

/// What is wrong with what the last session found.
fn left_behind(script: &SweepScript, evidence: &[Evidence]) -> Option<Flaw> {
    let found = match found(script, evidence) {
        Ok(found) => found,
        Err(flaw) => return Some(flaw),
    };
    let has = |role: Option<&CanaryRole>| role.is_some_and(|role| found.contains(role));
    let acknowledged = is_acknowledged(script, evidence);
    if script.removes() {
        return (acknowledged && !found.is_empty()).then_some(Flaw::FalselyAcknowledged);
    }
    if script.old().is_some() && !has(script.old()) && !has(script.fresh()) {
        return Some(Flaw::Lost);
    }
    (script.fresh().is_some() && acknowledged && !has(script.fresh())).then_some(Flaw::FalselyAcknowledged)
}

/// The canaries that the last session gave back.
pub(super) fn found(script: &SweepScript, evidence: &[Evidence]) -> Result<BTreeSet<CanaryRole>, Flaw> {
    let mut found = BTreeSet::new();
    // Who was held up has looked again.
    let last = script.last() + usize::from(is_held_up(script, evidence));
    for (request, reply) in replies(evidence, last) {
        match (request, reply) {
            (_, ReplyFact::Error(error)) if error.category == ErrorCategory::NotFound => {}
            (_, ReplyFact::Error(_)) => return Err(Flaw::Torn),
            (RequestKind::Get, ReplyFact::Ok { value: Some(ValueFact::Some { exactly, .. }), .. }) => {
                // At credential level, a token of the authority's own is what the cache did not have.
                found.extend(exactly.clone());
            }
            (_, ReplyFact::Ok { .. } | ReplyFact::Unsupported(_)) => {}
        }
    }
    Ok(found)
}

/// Whether the disturbed session was told that its save or removal succeeded.
pub(super) fn is_acknowledged(script: &SweepScript, evidence: &[Evidence]) -> bool {
    replies(evidence, script.disturbed).any(|(request, reply)| {
        matches!(request, RequestKind::Put | RequestKind::Remove) && matches!(reply, ReplyFact::Ok { .. })
    })
}

/// The replies of a session.
pub(super) fn replies(
    evidence: &[Evidence],
    session: usize,
) -> impl Iterator<Item = (RequestKind, &ReplyFact)> {
    let of_session = evidence.iter().filter(move |entry| entry.session == Some(SessionIndex(session)));
    of_session.filter_map(|entry| match &entry.fact {
        Fact::Replied { request, reply, .. } => Some((*request, reply)),
        _ => None,
    })
}

fn is_plaintext(fact: &Fact) -> bool {
    matches!(fact, Fact::CanarySeen { place: SightingPlace::File { .. } | SightingPlace::Write { .. }, .. })
}

/// Exits that nobody asked for; a fault's kill is asked for.
fn is_crash(how: &SessionEnd) -> bool {
    match how {
        SessionEnd::Exited { code: 0 }
        | SessionEnd::KilledByScript
        | SessionEnd::KilledByFault
        | SessionEnd::KilledByHarness { .. }
        | SessionEnd::CannotRunHere
        | SessionEnd::NotStarted { .. } => false,
        SessionEnd::Exited { .. } | SessionEnd::Signalled { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        observation::{Encoding, Snapshot},
        sweep::{
            evidence_of::{error, evidence, get, ok, replied, role},
            scripts,
        },
    };

    #[test]
    fn the_old_or_the_new_value_is_what_must_be_left() {
        for left in [Some("old"), Some("new")] {
            assert_eq!(flaws("save", &[(2, get(left))]), []);
        }
        assert_eq!(flaws("save", &[(2, get(None))]), [Flaw::Lost]);
        assert_eq!(flaws("save", &[(2, get(Some("decoy")))]), [Flaw::Lost]);
        assert_eq!(flaws("first-save", &[(1, get(None))]), []);
        assert_eq!(flaws("clear", &[(2, get(None))]), []);
        assert_eq!(flaws("clear", &[(2, get(Some("old")))]), []);
    }

    #[test]
    fn what_was_acknowledged_must_be_so() {
        let put = || (1, replied(RequestKind::Put, ok(None)));
        assert_eq!(flaws("save", &[put(), (2, get(Some("new")))]), []);
        assert_eq!(flaws("save", &[put(), (2, get(Some("old")))]), [Flaw::FalselyAcknowledged]);
        let first = (0, replied(RequestKind::Put, ok(None)));
        assert_eq!(flaws("first-save", &[first, (1, get(None))]), [Flaw::FalselyAcknowledged]);
        let removed = (1, replied(RequestKind::Remove, ok(None)));
        assert_eq!(flaws("clear", &[removed, (2, get(Some("old")))]), [Flaw::FalselyAcknowledged]);
    }

    #[test]
    fn what_cannot_be_read_afterwards_is_torn() {
        let corrupt = (2, replied(RequestKind::Get, error(ErrorCategory::Corrupt)));
        assert_eq!(flaws("save", &[corrupt]), [Flaw::Torn]);
        let absent = (2, replied(RequestKind::Get, error(ErrorCategory::NotFound)));
        assert_eq!(flaws("save", &[absent]), [Flaw::Lost]);
    }

    #[test]
    fn whoever_was_held_up_is_judged_by_its_second_look() {
        let busy = || (2, replied(RequestKind::Get, error(ErrorCategory::Busy)));
        assert_eq!(flaws("save", &[busy(), (3, get(Some("old")))]), []);
        assert_eq!(flaws("save", &[busy(), (3, get(None))]), [Flaw::Lost]);
        // A lock that holds up even where its file is gone is nobody's that is gone.
        assert_eq!(
            flaws("save", &[busy(), (3, replied(RequestKind::Get, error(ErrorCategory::Busy)))]),
            [Flaw::Torn]
        );
    }

    #[test]
    fn plaintext_is_a_flaw_where_nobody_allowed_it() {
        let seen = || {
            let place = SightingPlace::File {
                snapshot: Snapshot::After(SessionIndex(1)),
                path: "/w/home/x".into(),
                offset: 0,
            };
            (1, Fact::CanarySeen { role: role("new"), encoding: Encoding::Raw, place })
        };
        assert_eq!(flaws("save", &[seen(), (2, get(Some("old")))]), [Flaw::Plaintext]);
        assert_eq!(flaws("fallback-save", &[seen(), (2, get(Some("old")))]), []);
    }

    #[test]
    fn crashes_silence_and_untyped_errors_are_flaws_and_the_kill_of_a_fault_is_none() {
        let ended = |how| (1, Fact::SessionEnded { how, effective_capabilities: None });
        let with = |fact| flaws("save", &[fact, (2, get(Some("old")))]);
        assert_eq!(with(ended(SessionEnd::KilledByFault)), []);
        assert_eq!(with(ended(SessionEnd::Exited { code: 101 })), [Flaw::Crashed]);
        assert_eq!(with(ended(SessionEnd::Signalled { signal: 6 })), [Flaw::Crashed]);
        let late = (1, Fact::DeadlinePassed { step: Some(1), label: None, waited_ms: 1 });
        assert_eq!(with(late), [Flaw::Unanswered]);
        assert_eq!(with((1, replied(RequestKind::Put, error(ErrorCategory::Other)))), [Flaw::Untyped]);
        assert_eq!(with((1, replied(RequestKind::Put, error(ErrorCategory::Io)))), []);
    }

    fn flaws(script: &str, facts: &[(usize, Fact)]) -> Vec<Flaw> {
        let script = scripts().iter().find(|known| known.name == script).expect("there is such a script");
        Flaw::seen(script, &evidence(facts)).into_iter().collect()
    }
}

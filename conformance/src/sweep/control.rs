//! What a script must do where nothing is disturbed, so that a flaw is the fault's doing.

use super::{
    flaw::{Flaw, found, is_acknowledged, replies},
    script::SweepScript,
};
use crate::{
    observation::{Evidence, ReplyFact},
    protocol::ErrorCategory,
};

/// Looks at the run of a series that met no fault, its last one.
///
/// # Errors
///
/// Why the points before it say nothing: what is lost there is not there without a fault either.
pub(super) fn control(script: &SweepScript, evidence: &[Evidence]) -> Result<(), String> {
    if let Some(flaw) = Flaw::seen(script, evidence).first() {
        return Err(format!("without a fault it is {flaw} already"));
    }
    for session in 0..=script.last() {
        for (request, reply) in replies(evidence, session) {
            if let ReplyFact::Error(error) = reply
                && !(session == script.last()
                    && script.removes()
                    && error.category == ErrorCategory::NotFound)
            {
                return Err(format!(
                    "without a fault, {} ended with the error {}",
                    request.as_str(),
                    error.category
                ));
            }
        }
    }
    // What was looked at by `Flaw::seen` already is that an acknowledged save is there.
    let left = found(script, evidence).unwrap_or_default();
    let does = script.fresh().is_none() && !script.removes() || is_acknowledged(script, evidence);
    match script.fresh().or_else(|| script.old().filter(|_| !script.removes())) {
        _ if !does => Err("without a fault, the disturbed session stored and removed nothing".into()),
        Some(canary) if !left.contains(canary) => {
            Err(format!("without a fault, {canary} is not there afterwards"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::RequestKind,
        sweep::{
            evidence_of::{error, evidence, get, ok, replied},
            scripts,
        },
    };

    #[test]
    fn a_script_that_works_is_a_control() {
        let put = |session| (session, replied(RequestKind::Put, ok(None)));
        assert_eq!(of("save", &[put(0), put(1), (2, get(Some("new")))]), Ok(()));
        assert_eq!(of("first-save", &[put(0), (1, get(Some("new")))]), Ok(()));
        assert_eq!(of("open", &[put(0), (1, get(Some("old"))), (2, get(Some("old")))]), Ok(()));
        let removed = (1, replied(RequestKind::Remove, ok(None)));
        assert_eq!(of("clear", &[put(0), removed, (2, get(None))]), Ok(()));
    }

    #[test]
    fn what_is_not_there_without_a_fault_is_no_control() {
        let put = |session| (session, replied(RequestKind::Put, ok(None)));
        let refused =
            |session| (session, replied(RequestKind::Put, error(ErrorCategory::EncryptionUnavailable)));
        for (script, facts, why) in [
            ("save", vec![put(0), put(1), (2, get(None))], "without a fault it is lost already"),
            (
                "first-save",
                vec![refused(0), (1, get(None))],
                "without a fault, put ended with the error encryption_unavailable",
            ),
            (
                "save",
                vec![put(0), (2, get(Some("old")))],
                "without a fault, the disturbed session stored and removed nothing",
            ),
        ] {
            assert_eq!(of(script, &facts), Err(why.to_owned()), "{script}");
        }
    }

    fn of(script: &str, facts: &[(usize, crate::observation::Fact)]) -> Result<(), String> {
        let script = scripts().iter().find(|known| known.name == script).expect("there is such a script");
        control(script, &evidence(facts))
    }
}

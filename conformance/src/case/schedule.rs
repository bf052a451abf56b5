//! The search for contradictions among faults, overlapping sessions and rendezvous.

use super::{BusEffect, Case, FaultKind, Meeting, Point, Problem, Rendezvous};

/// Looks for contradictions, and gives the first one.
///
/// # Errors
///
/// The first [`Problem`]: faults first, then overlaps, then rendezvous.
pub(super) fn validate(case: &Case) -> Result<(), Problem> {
    faults(case)?;
    overlaps(case)?;
    case.rendezvous.iter().try_for_each(|rendezvous| meets(case, rendezvous))
}

fn faults(case: &Case) -> Result<(), Problem> {
    for fault in &case.faults {
        exists(case, "a fault", fault.during_session)?;
        match fault.kind {
            FaultKind::Bus { nth: 0, .. } | FaultKind::SystemCall { nth: 0, .. } => {
                return Err(Problem::CountsFromOne { user: "a fault" });
            }
            FaultKind::Bus { call, effect, .. } if !effect.fits(call) => {
                return Err(Problem::UnfitEffect { effect: effect.as_str(), class: call.as_str() });
            }
            FaultKind::Bus { effect: BusEffect::Foreign, .. } if !usable(case, fault.during_session) => {
                return Err(Problem::ForeignWithoutKeyring { session: fault.during_session });
            }
            FaultKind::Bus { .. } | FaultKind::SystemCall { .. } => {}
        }
    }
    Ok(())
}

fn usable(case: &Case, session: usize) -> bool {
    case.condition(&case.script.sessions[session]).is_usable()
}

fn overlaps(case: &Case) -> Result<(), Problem> {
    for (number, session) in case.script.sessions.iter().enumerate() {
        if !session.overlaps {
            continue;
        }
        let cannot = |difference| Err(Problem::CannotOverlap { session: number, difference });
        let Some(before) = number.checked_sub(1).and_then(|before| case.script.sessions.get(before)) else {
            return cannot("there is none");
        };
        if case.condition(session) != case.condition(before) {
            return cannot("in another condition");
        }
        if session.place != before.place {
            return cannot("in another home");
        }
        if case.plants.iter().any(|plant| plant.before_session == number) {
            return cannot("something is planted between them");
        }
    }
    Ok(())
}

fn meets(case: &Case, rendezvous: &Rendezvous) -> Result<(), Problem> {
    let Rendezvous { hold, until, once: _ } = rendezvous;
    for meeting in [hold, until] {
        point(case, meeting)?;
    }
    let never = |why| Err(Problem::NeverMet { held: hold.session, other: until.session, why });
    if hold.session == until.session {
        return never("a session cannot wait for itself");
    }
    if group(case, hold.session) != group(case, until.session) {
        return never("they do not overlap");
    }
    if matches!(hold.at, Point::End {}) {
        return never("nobody can be held at the end");
    }
    Ok(())
}

fn point(case: &Case, meeting: &Meeting) -> Result<(), Problem> {
    exists(case, "a rendezvous", meeting.session)?;
    match &meeting.at {
        Point::Bus { nth: 0, .. } | Point::SystemCall { nth: 0, .. } => {
            Err(Problem::CountsFromOne { user: "a rendezvous" })
        }
        Point::Step { step } => match case.script.find(step) {
            Some((session, ..)) if session == meeting.session => Ok(()),
            Some(_) | None => Err(Problem::NoSuchStep { user: "a rendezvous".into(), label: step.0.clone() }),
        },
        Point::Bus { .. } | Point::SystemCall { .. } | Point::End {} => Ok(()),
    }
}

fn exists(case: &Case, user: &'static str, session: usize) -> Result<(), Problem> {
    if session < case.script.sessions.len() { Ok(()) } else { Err(Problem::NoSuchSession { user, session }) }
}

/// The first session of those that overlap with a session.
fn group(case: &Case, session: usize) -> usize {
    let sessions = &case.script.sessions;
    (0..=session).rev().find(|number| !sessions[*number].overlaps).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{CaseError, load};

    #[test]
    fn a_case_with_faults_overlaps_and_rendezvous_can_be_free_of_contradictions() {
        let case = load("durability/example.toml", CASE).expect("nothing contradicts anything");
        assert_eq!((case.faults.len(), case.rendezvous.len()), (2, 1));
        assert!(!case.is_own_twin());
    }

    #[test]
    fn calls_are_counted_from_one() {
        assert_eq!(
            problem("nth = 2, effect = \"kill\"", "nth = 0, effect = \"kill\""),
            Problem::CountsFromOne { user: "a fault" }
        );
        assert_eq!(
            problem("call = \"search\", nth = 1", "call = \"search\", nth = 0"),
            Problem::CountsFromOne { user: "a rendezvous" }
        );
    }

    #[test]
    fn sessions_must_exist() {
        assert_eq!(
            problem("during_session = 1", "during_session = 3"),
            Problem::NoSuchSession { user: "a fault", session: 3 }
        );
        assert_eq!(
            problem("until = { session = 1", "until = { session = 3"),
            Problem::NoSuchSession { user: "a rendezvous", session: 3 }
        );
    }

    #[test]
    fn an_effect_happens_to_calls_that_it_fits() {
        assert_eq!(
            problem("effect = \"deny\"", "effect = \"alter\""),
            Problem::UnfitEffect { effect: "alter", class: "save" }
        );
    }

    #[test]
    fn a_foreign_secret_needs_a_keyring_that_takes_it() {
        let from = "kind = { fault = \"bus\", call = \"save\", nth = 1, repeat = \"from_then_on\", effect = \"deny\" }";
        let to =
            "during_session = 2\nkind = { fault = \"bus\", call = \"read\", nth = 1, effect = \"foreign\" }";
        let last = "[[session]]\nsteps = [\n    { do = \"open\", store = \"cache\" },\n    { do = \"get\"";
        let case = CASE.replacen(from, to, 1);
        assert!(load("durability/example.toml", &case).is_ok(), "a usable world takes it");
        let locked = case.replacen(last, &last.replacen('\n', "\ncondition = \"locked\"\n", 1), 1);
        assert_ne!(locked, case);
        match load("durability/example.toml", &locked) {
            Err(CaseError::Invalid { problem, .. }) => {
                assert_eq!(problem, Problem::ForeignWithoutKeyring { session: 2 });
            }
            other => panic!("it was not refused as a contradiction: {other:?}"),
        }
    }

    #[test]
    fn overlapping_sessions_share_their_world() {
        let cannot = |session, difference| Problem::CannotOverlap { session, difference };
        assert_eq!(
            problem("[[session]] # first", "[[session]]\noverlaps = true"),
            cannot(0, "there is none")
        );
        assert_eq!(
            problem("overlaps = true", "overlaps = true\ncondition = \"locked\""),
            cannot(1, "in another condition")
        );
        assert_eq!(
            problem("overlaps = true", "overlaps = true\nplace = \"relocated\""),
            cannot(1, "in another home")
        );
        let plant = "[[plant]]\nbefore_session = 1\nlocation = \"lock\"\nkind = { plant = \"directory\", mode = \"0700\" }\n";
        let planted = format!("{plant}[[session]] # first");
        assert_eq!(problem("[[session]] # first", &planted), cannot(1, "something is planted between them"));
    }

    #[test]
    fn a_rendezvous_that_can_never_be_met_is_refused() {
        let never = |other, why| Problem::NeverMet { held: 0, other, why };
        assert_eq!(
            problem("until = { session = 1", "until = { session = 0"),
            never(0, "a session cannot wait for itself")
        );
        assert_eq!(
            problem(
                "until = { session = 1, at = { point = \"end\" } }",
                "until = { session = 2, at = { point = \"end\" } }"
            ),
            never(2, "they do not overlap")
        );
        assert_eq!(
            problem("at = { point = \"bus\", call = \"search\", nth = 1 }", "at = { point = \"end\" }"),
            never(1, "nobody can be held at the end")
        );
        assert_eq!(
            problem(
                "at = { point = \"bus\", call = \"search\", nth = 1 }",
                "at = { point = \"step\", step = \"read\" }"
            ),
            Problem::NoSuchStep { user: "a rendezvous".into(), label: "read".into() }
        );
    }

    /// Loads the case below with one text replaced by another.
    fn problem(from: &str, to: &str) -> Problem {
        assert!(CASE.contains(from), "the test replaces {from:?}, which is not there");
        match load("durability/example.toml", &CASE.replacen(from, to, 1)) {
            Err(CaseError::Invalid { problem, .. }) => problem,
            other => panic!("{from:?} -> {to:?} was not refused as a contradiction: {other:?}"),
        }
    }

    const CASE: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["CON-04"]
cwe = [362]
severity = "high"
twin = { round_trip = "read" }

[[fault]]
kind = { fault = "bus", call = "save", nth = 1, repeat = "from_then_on", effect = "deny" }

[[fault]]
during_session = 1
kind = { fault = "system_call", call = "secret_write", nth = 2, effect = "kill" }

[[rendezvous]]
hold = { session = 0, at = { point = "bus", call = "search", nth = 1 } }
until = { session = 1, at = { point = "end" } }

[[session]] # first
steps = [
    { do = "open", store = "cache" },
    { do = "put", store = "cache", canary = "token" },
]

[[session]]
overlaps = true
steps = [{ do = "open", store = "cache" }]

[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]

[[check]]
id = "check"
sentence = "x"
requirement = { level = "should", sources = ["CWE-362"] }
judge = { predicate = "value_equals", step = "read", canary = "token" }
"#;
}

//! What a check judges, without the words that only label it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::case::{CanaryRole, Case, Check, Fault, Plant, Predicate, Rendezvous, Script, WorldSpec};

/// The predicate, the script and the world of a check, in a form in which two that differ in labels alone are equal.
pub(super) fn essence(case: &Case, check: &Check) -> Value {
    // Every field by name: whoever adds one decides here whether it can tell two checks apart.
    let Case {
        id: _,
        rev: _,
        title: _,
        why: _,
        effect: _,
        precondition: _,
        fix: _,
        properties: _,
        cwe: _,
        severity: _,
        world,
        plants,
        faults,
        rendezvous,
        twin: _,
        script,
        checks: _,
    } = case;
    let told = Told { script, world, plants, faults, rendezvous, predicate: &check.predicate };
    let mut value = serde_json::to_value(told).expect("what a case holds is plain data");
    number(&mut value, &mut BTreeMap::new());
    value
}

/// What tells two checks apart.
#[derive(Serialize)]
struct Told<'a> {
    script: &'a Script,
    world: &'a WorldSpec,
    plants: &'a [Plant],
    faults: &'a [Fault],
    rendezvous: &'a [Rendezvous],
    predicate: &'a Predicate,
}

/// Puts a number in place of every label, of each kind in the order in which they come.
fn number(value: &mut Value, known: &mut BTreeMap<(Kind, String), usize>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match (kind(key), &*field) {
                    (Some(kind), Value::String(label)) if label != CanaryRole::CLIENT_SECRET => {
                        // Which of the tokens that are issued together is no matter of labels.
                        let beside = CanaryRole(label.clone()).beside().filter(|_| kind == Kind::Canary);
                        let (label, which) = match &beside {
                            Some(role) => (&role.0, label.strip_prefix(&role.0)),
                            None => (label, None),
                        };
                        let next = known.keys().filter(|(other, _)| *other == kind).count();
                        let number = *known.entry((kind, label.clone())).or_insert(next);
                        *field = which.map_or(number.into(), |which| format!("{number}{which}").into());
                    }
                    (Some(_) | None, _) => number(field, known),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| number(item, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a label is given to. Labels of two kinds have nothing to do with each other.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Canary,
    Step,
    Store,
}

/// The kind of the label under a key of a case file.
fn kind(key: &str) -> Option<Kind> {
    match key {
        "canary" | "first" | "second" => Some(Kind::Canary),
        "label" | "step" | "confirm" => Some(Kind::Step),
        "store" => Some(Kind::Store),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::load, trace::stage::CASE};

    /// The essence of the only check of the usual case, with texts replaced by others.
    fn of(replaced: &[(&str, &str)]) -> Value {
        let text = replaced.iter().fold(CASE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "the test replaces {from:?}, which is not there");
            text.replace(from, to)
        });
        let case = load("naming/example.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        essence(&case, &case.checks[0])
    }

    #[test]
    fn prose_and_labels_tell_no_checks_apart() {
        for replaced in [
            &[("title = \"x\"", "title = \"y\"")][..],
            &[("\"read\"", "\"look\"")],
            &[("\"token\"", "\"secret\"")],
            &[("\"cache\"", "\"store\"")],
            // A label of one kind may be spelled like one of another.
            &[("\"token\"", "\"cache\"")],
        ] {
            assert_eq!(of(replaced), of(&[]), "{replaced:?}");
        }
    }

    #[test]
    fn predicate_script_and_world_tell_checks_apart() {
        let alike = of(&[]);
        for replaced in [
            ("predicate = \"value_equals\"", "predicate = \"value_absent\""),
            ("store = \"cache\" },", "store = \"cache\", name = \"app\" },"),
            ("[[check]]", "[world]\numask = \"077\"\n[[check]]"),
            (
                "[[check]]",
                "[[plant]]\nlocation = \"lock\"\nkind = { plant = \"file\", mode = \"0600\" }\n[[check]]",
            ),
        ] {
            assert_ne!(of(&[replaced]), alike, "{replaced:?}");
        }
    }

    #[test]
    fn tokens_that_are_issued_together_are_told_apart() {
        let of_user = ("store = \"cache\" },", "store = \"cache\", credential = \"device_code\" },");
        let absent = |role: &str| {
            let judge = format!("predicate = \"canary_absent\", scopes = [\"files\"], canary = \"{role}\"");
            of(&[of_user, ("predicate = \"value_equals\", step = \"read\", canary = \"token\"", &judge)])
        };
        let essences = ["token", "token.refresh", "token.id"].map(absent);
        assert!(essences[0] != essences[1] && essences[1] != essences[2] && essences[0] != essences[2]);
    }

    #[test]
    fn two_labels_are_not_one() {
        let one = (
            "canary = \"token\" },\n]\n",
            "canary = \"token\" },\n    { do = \"put\", store = \"cache\", canary = \"token\" },\n]\n",
        );
        let two = (
            one.0,
            "canary = \"token\" },\n    { do = \"put\", store = \"cache\", canary = \"other\" },\n]\n",
        );
        let first = |(from, to): (&str, &str)| {
            let case = load("naming/example.toml", &CASE.replacen(from, to, 1)).expect("it is a case");
            essence(&case, &case.checks[0])
        };
        assert_ne!(first(one), first(two));
    }
}

//! Files of cases: a case is read as it is written, and an error is one line that names the file.

use sealcheck::case::{Case, CaseError, CaseFile, from_definition, load};

use crate::{Seeds, seeds};

/// The text of a case's file; in JSON where it begins with a brace, as a recording keeps it.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = if text.starts_with('{') {
        let Ok(definition) = serde_json::from_str::<CaseFile>(text) else { return };
        from_definition(PATH.trim_end_matches(".toml").parse().expect("an id"), definition, FILE)
    } else {
        load(PATH, text)
    };
    match read {
        Ok(case) => survives(&case),
        Err(error) => says_where(&error),
    }
}

/// The cases, as their authors wrote them and as a recording keeps them.
pub fn seeds() -> Seeds {
    let mut seeds = seeds::files("conformance/cases", &[".toml"]);
    let kept: Seeds = sealcheck::case::catalogue::all()
        .cases()
        .iter()
        .step_by(7)
        .map(|case| serde_json::to_vec(&CaseFile::from(case)).expect("a definition is plain data"))
        .collect();
    seeds.extend(kept);
    seeds
}

fn survives(case: &Case) {
    let kept = serde_json::to_string(&CaseFile::from(case)).expect("a definition is plain data");
    let definition = serde_json::from_str::<CaseFile>(&kept).expect("it was written by us");
    assert_eq!(
        from_definition(case.id.clone(), definition, FILE).as_ref(),
        Ok(case),
        "a case survives being kept"
    );
    for check in &case.checks {
        assert_eq!(check.id.case(), case.id, "a check belongs to its case");
        assert_eq!(case.check(&check.id), Some(check), "no two checks have one id");
    }
    if case.is_own_twin() {
        assert!(case.plants.is_empty() && case.faults.is_empty(), "what has a plant or a fault has a twin");
    }
}

fn says_where(error: &CaseError) {
    let shown = error.to_string();
    assert!(shown.starts_with(FILE), "{shown:?} names the file");
    assert!(shown.len() > FILE.len() + 2, "{shown:?} says why");
}

const PATH: &str = "naming/fuzz.toml";
const FILE: &str = "cases/naming/fuzz.toml";

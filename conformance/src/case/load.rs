//! From the text of a case's file to a case.

use super::{Case, CaseError, CaseFile, CaseId, Check, CheckFile, Script, validate::validate};

/// The case that a file holds; `path` is below the folder of cases, such as `naming/default-name.toml`.
///
/// # Errors
///
/// [`CaseError::Syntax`] for what is not TOML of the right shape, unknown keys included; [`CaseError::Id`] for a path or a
/// check that makes no id; [`CaseError::Invalid`] for a file that contradicts itself.
pub fn load(path: &str, text: &str) -> Result<Case, CaseError> {
    let file = format!("cases/{path}");
    let id = path
        .strip_suffix(".toml")
        .unwrap_or(path)
        .parse::<CaseId>()
        .map_err(|cause| CaseError::Id { file: file.clone(), cause })?;
    let read = toml::from_str::<CaseFile>(text)
        .map_err(|error| CaseError::Syntax { file: file.clone(), cause: one_line(&error, text) })?;
    from_definition(id, read, &file)
}

/// The case that a definition makes under an id, wherever it was kept; `file` names that in errors.
///
/// # Errors
///
/// [`CaseError::Id`] for a check that makes no id, [`CaseError::Invalid`] for a definition that contradicts itself.
pub fn from_definition(id: CaseId, definition: CaseFile, file: &str) -> Result<Case, CaseError> {
    let case = assemble(id, definition, file)?;
    validate(&case).map_err(|problem| CaseError::Invalid { file: file.into(), problem })?;
    Ok(case)
}

fn assemble(id: CaseId, read: CaseFile, file: &str) -> Result<Case, CaseError> {
    let mut checks = Vec::with_capacity(read.check.len());
    for CheckFile { id: word, sentence, requirement, applies_when, judge } in read.check {
        let check = id.check(&word).map_err(|cause| CaseError::Id { file: file.into(), cause })?;
        checks.push(Check { id: check, sentence, requirement, applies_when, predicate: judge });
    }
    Ok(Case {
        id,
        rev: read.rev,
        title: read.title,
        why: read.why,
        effect: read.effect,
        precondition: read.precondition,
        fix: read.fix,
        properties: read.properties,
        cwe: read.cwe,
        severity: read.severity,
        world: read.world,
        plants: read.plant,
        faults: read.fault,
        rendezvous: read.rendezvous,
        twin: read.twin,
        script: Script { sessions: read.session },
        checks,
    })
}

/// The parser's message with the line it is about, without the excerpt that it prints.
pub(crate) fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().replace('\n', " ");
    match line {
        Some(line) => format!("line {line}: {message}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{IdError, Problem, catalogue};

    const CASE: &str = r#"
        rev = 1
        title = "A value that was written is read back."
        why = "Otherwise it is no cache."
        effect = "The user signs in again."
        precondition = "None."
        fix = "Write it."
        properties = ["ENC-11"]
        cwe = [392]
        severity = "low"
        twin = { round_trip = "read" }

        [[session]]
        steps = [
            { do = "open", store = "cache" },
            { do = "put", label = "write", store = "cache", canary = "token" },
        ]

        [[session]]
        steps = [
            { do = "open", store = "cache" },
            { do = "get", label = "read", store = "cache", canary = "token" },
        ]

        [[check]]
        id = "round-trip"
        sentence = "A later process reads what an earlier one wrote."
        requirement = { level = "must", sentences = ["S5"] }
        judge = { predicate = "value_equals", step = "read", canary = "token" }
    "#;

    #[test]
    fn a_complete_file_becomes_a_case_named_by_its_path() {
        let case = load("durability/round-trip.toml", CASE).expect("the file is valid");
        assert_eq!(case.id.as_str(), "durability/round-trip");
        assert_eq!(case.checks[0].id.as_str(), "durability/round-trip#round-trip");
        assert!(case.is_own_twin());
    }

    #[test]
    fn an_unknown_key_is_refused_wherever_it_stands() {
        for (known, unknown) in [
            ("rev = 1", "rev = 1\nlevel = 2"),
            ("twin = { ", "twin = { name = 1, "),
            ("{ do = \"put\",", "{ do = \"put\", value = \"x\","),
            ("judge = {", "judge = { scope = \"files\","),
            ("requirement = {", "requirement = { severity = \"low\","),
            (
                "[[check]]",
                "[[plant]]\nlocation = \"lock\"\nkind = { plant = \"symlink\", mode = \"0600\" }\n[[check]]",
            ),
        ] {
            let text = CASE.replacen(known, unknown, 1);
            let error = load("durability/round-trip.toml", &text).expect_err("the key is unknown");
            assert!(
                matches!(&error, CaseError::Syntax { cause, .. } if cause.contains("unknown field")),
                "{unknown}: {error}"
            );
        }
    }

    #[test]
    fn a_syntax_error_names_the_file_and_the_line() {
        let error = load("durability/round-trip.toml", "rev = 1\ntitle =").expect_err("a value is missing");
        assert!(error.to_string().starts_with("cases/durability/round-trip.toml: line 2: "), "{error}");
    }

    #[test]
    fn a_path_outside_the_areas_makes_no_id() {
        assert_eq!(
            load("misc/round-trip.toml", CASE),
            Err(CaseError::Id {
                file: "cases/misc/round-trip.toml".into(),
                cause: IdError::Area("misc".into())
            })
        );
    }

    #[test]
    fn every_case_survives_being_kept_as_a_definition() {
        for case in catalogue::all().cases() {
            let kept = serde_json::to_string(&CaseFile::from(case)).expect("a definition is plain data");
            let read = serde_json::from_str::<CaseFile>(&kept).expect("it was written by us");
            assert_eq!(from_definition(case.id.clone(), read, "a recording").as_ref(), Ok(case));
        }
    }

    #[test]
    fn a_contradiction_is_an_error() {
        let text = CASE.replace("round_trip = \"read\"", "round_trip = \"write\"");
        assert_eq!(
            load("durability/round-trip.toml", &text),
            Err(CaseError::Invalid {
                file: "cases/durability/round-trip.toml".into(),
                problem: Problem::WrongStep {
                    label: "write".into(),
                    found: "put",
                    wanted: "get",
                    user: "twin.round_trip".into()
                },
            })
        );
    }
}

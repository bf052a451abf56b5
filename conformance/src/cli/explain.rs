//! `explain`: a case or a check in prose.

use std::{
    fs::File,
    io::{BufReader, Write},
    path::Path,
};

use super::{Exit, ExplainArguments, Failure, Parts, output::Output};
use crate::{
    case::{Case, CaseId, CheckId, IdError},
    record::{ReadError, Results, read_results},
    report::{Explanation, explain as explanation},
};

/// Prints the explanation.
pub(super) fn explain<W: Write>(
    arguments: &ExplainArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let (case, only) = subject(&arguments.subject, parts)?;
    let results = arguments.results.as_deref().map(read).transpose()?;
    let text = explanation(
        case,
        &Explanation {
            only: only.as_ref(),
            sentence: &|id| parts.sentence(id),
            killed_by: &|check| parts.killed_by(check),
            results: results.as_ref(),
            width: output.width(),
        },
    );
    output.write(&text)?;
    Ok(Exit::Success)
}

/// The case, and the check if one was named.
fn subject<'a>(text: &str, parts: &'a impl Parts) -> Result<(&'a Case, Option<CheckId>), Failure> {
    let malformed = |cause: IdError| Failure::usage(cause).next(LIST);
    let only: Option<CheckId> =
        if text.contains('#') { Some(text.parse().map_err(malformed)?) } else { None };
    let id: CaseId = match &only {
        Some(check) => check.case(),
        None => text.parse().map_err(malformed)?,
    };
    let unknown = || Failure::usage(Unknown(text.into())).next(LIST);
    let case = parts.cases()?.into_iter().find(|case| case.id == id).ok_or_else(unknown)?;
    match &only {
        Some(check) if !case.checks.iter().any(|known| known.id == *check) => Err(unknown()),
        Some(_) | None => Ok((case, only)),
    }
}

fn read(path: &Path) -> Result<Results, Failure> {
    let file = path.display().to_string();
    let input = File::open(path)
        .map_err(|source| Failure::bad_input(ReadError::Io { file: file.clone(), source }))?;
    read_results(BufReader::new(input), &file).map_err(Failure::bad_input)
}

/// There is no such case or check.
#[derive(Debug, thiserror::Error)]
#[error("there is no case or check {0:?}")]
struct Unknown(String);

const LIST: &str = "`sealcheck list` names them all";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::stub::{self, Stub};

    #[test]
    fn a_case_is_explained_with_the_sentences_and_its_mutants() {
        let line = ["sealcheck", "explain", "lifecycle/encryption-returns"];
        let (exit, text) = stub::command(&Stub::default(), &line).expect("the case exists");
        assert_eq!(exit, Exit::Success);
        assert!(text.contains("S17       sentence S17"), "{text}");
        assert!(text.contains("kills     mutant-of-quiet"), "{text}");
    }

    #[test]
    fn what_does_not_exist_is_a_usage_error() {
        for subject in ["naming/nothing", "lifecycle/encryption-returns#nothing", "nonsense", "a/b#c"] {
            let failure = stub::command(&Stub::default(), &["sealcheck", "explain", subject])
                .expect_err("there is no such thing");
            assert_eq!(failure.exit(), Exit::Usage, "{subject}");
        }
    }

    #[test]
    fn results_that_cannot_be_read_are_bad_input() {
        let line =
            ["sealcheck", "explain", "lifecycle/encryption-returns", "--results", "/nowhere/run.jsonl"];
        let failure = stub::command(&Stub::default(), &line).expect_err("there is no file");
        assert_eq!(failure.exit(), Exit::BadInput);
    }
}

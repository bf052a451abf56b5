//! `explain`: a case or a check in prose.

use std::io::Write;

use super::{
    Exit, ExplainArguments, Failure, Parts, files::read_results_file, output::Output, recorded,
    reproducer::replayer,
};
use crate::{
    case::{Case, CaseId, CheckId, IdError},
    report::{Explanation, explain as explanation},
};

/// Prints the explanation.
pub(super) fn explain<W: Write>(
    arguments: &ExplainArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let recording = arguments.recording.as_deref().map(recorded::read).transpose()?;
    let cases = match &recording {
        Some(recording) => vec![recording.case()],
        None => parts.cases()?,
    };
    let next = if recording.is_some() { IN_RECORDING } else { LIST };
    let (case, only) = subject(&arguments.subject, cases, next)?;
    let results = match (&recording, &arguments.recording) {
        (Some(recording), Some(file)) => Some(recorded::results(recording, &replayer(file))),
        (Some(_) | None, _) => arguments.results.as_deref().map(read_results_file).transpose()?,
    };
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
fn subject<'a>(text: &str, cases: Vec<&'a Case>, next: &str) -> Result<(&'a Case, Option<CheckId>), Failure> {
    let malformed = |cause: IdError| Failure::usage(cause).next(next);
    let only: Option<CheckId> =
        if text.contains('#') { Some(text.parse().map_err(malformed)?) } else { None };
    let id: CaseId = match &only {
        Some(check) => check.case(),
        None => text.parse().map_err(malformed)?,
    };
    let unknown = || Failure::usage(Unknown(text.into())).next(next);
    let case = cases.into_iter().find(|case| case.id == id).ok_or_else(unknown)?;
    match &only {
        Some(check) if !case.checks.iter().any(|known| known.id == *check) => Err(unknown()),
        Some(_) | None => Ok((case, only)),
    }
}

/// There is no such case or check.
#[derive(Debug, thiserror::Error)]
#[error("there is no case or check {0:?}")]
struct Unknown(String);

const LIST: &str = "`sealcheck list` names them all";
const IN_RECORDING: &str = "`sealcheck rejudge FILE` names the case in a recording, and its checks";

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

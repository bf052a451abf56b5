//! `trace`: from what is asked to what proves it.

use std::io::Write;

use super::{Exit, Failure, Parts, TraceArguments, TraceFormat, output::Output};
use crate::report;

/// Prints every link of the catalogue; fails on a missing one if that was asked for.
pub(super) fn trace<W: Write>(
    arguments: &TraceArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let trace = parts.trace();
    let text = match arguments.format {
        TraceFormat::Text => report::trace(&trace, output.width()),
        TraceFormat::Json => serde_json::to_string_pretty(&trace).expect("a trace is plain data") + "\n",
        TraceFormat::Markdown => report::trace_markdown(&trace),
    };
    output.write(&text)?;
    Ok(if arguments.ci && !trace.gaps.is_empty() { Exit::Failure } else { Exit::Success })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::stub::{self, Stub};

    #[test]
    fn a_gap_fails_where_it_was_asked_to_and_is_printed_either_way() {
        for (line, wanted) in [
            (&["sealcheck", "trace"][..], Exit::Success),
            (&["sealcheck", "trace", "--ci"], Exit::Failure),
            (&["sealcheck", "trace", "--ci", "--format", "markdown"], Exit::Failure),
        ] {
            let (exit, text) = stub::command(&Stub::default(), line).expect("a trace is printed");
            assert_eq!(exit, wanted, "{line:?}");
            assert!(text.contains("S99 is judged by no `must` check"), "{text}");
        }
    }

    #[test]
    fn a_trace_without_gaps_passes() {
        let stub = Stub { is_whole: true, ..Stub::default() };
        let (exit, text) = stub::command(&stub, &["sealcheck", "trace", "--ci"]).expect("a trace is printed");
        assert_eq!(exit, Exit::Success);
        assert!(text.ends_with("0 gaps\n"), "{text}");
    }

    #[test]
    fn programs_get_one_object() {
        let line = ["sealcheck", "trace", "--format", "json"];
        let (_, text) = stub::command(&Stub::default(), &line).expect("a trace is printed");
        let trace: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(trace["gaps"][0]["gap"], "sentence_open");
        assert_eq!(trace["counts"]["checks"], 0);
    }
}

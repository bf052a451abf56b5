//! Reads a results file and refuses what cannot be trusted.

use std::io::{self, BufRead};

use serde::Deserialize;

use super::{CheckResult, Footer, Header, Line, Results, ResultsVersion, Tally, Verdict};
use crate::case::CheckId;

/// Reads a whole file; `file` names it in errors.
///
/// # Errors
///
/// Each reason for which a file is not the record of one whole run is its own [`ReadError`].
pub fn read_results(input: impl BufRead, file: &str) -> Result<Results, ReadError> {
    let mut reader = Reader { file, header: None, checks: Vec::new(), footer: None };
    for (index, line) in input.lines().enumerate() {
        let line = line.map_err(|source| ReadError::Io { file: file.into(), source })?;
        reader.line(index + 1, &line)?;
    }
    reader.finish()
}

struct Reader<'a> {
    file: &'a str,
    header: Option<Header>,
    checks: Vec<CheckResult>,
    footer: Option<Footer>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, text: &str) -> Result<(), ReadError> {
        if number == 1 {
            self.refuse_another_version(text)?;
        }
        let line = serde_json::from_str(text).map_err(|error| ReadError::Line {
            file: self.file.into(),
            number,
            cause: error.to_string(),
        })?;
        if self.footer.is_some() {
            return Err(self.misplaced(number, "a line after the footer"));
        }
        match (line, &self.header) {
            (Line::Header(header), None) => self.header = Some(*header),
            (Line::Header(_), Some(_)) => return Err(self.misplaced(number, "a second header")),
            (Line::Result(_) | Line::Footer(_), None) => {
                return Err(self.misplaced(number, "a line before the header"));
            }
            (Line::Result(result), Some(_)) => self.result(number, *result)?,
            (Line::Footer(footer), Some(_)) => self.footer = Some(footer),
        }
        Ok(())
    }

    /// Looks at the version alone, because a newer header may not fit the current shape.
    fn refuse_another_version(&self, text: &str) -> Result<(), ReadError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: ResultsVersion,
        }

        match serde_json::from_str::<Versioned>(text) {
            Ok(Versioned { format: ResultsVersion::CURRENT }) => Ok(()),
            Ok(Versioned { format }) => Err(ReadError::Version { file: self.file.into(), found: format.0 }),
            Err(error) => Err(ReadError::NotResults { file: self.file.into(), cause: error.to_string() }),
        }
    }

    fn result(&mut self, number: usize, result: CheckResult) -> Result<(), ReadError> {
        if result.check.case() != result.case {
            return Err(self.misplaced(number, "a check under another case than its own"));
        }
        let is_listed = matches!(result.verdict, Verdict::ExpectedFailure | Verdict::UnexpectedPass);
        if Verdict::of(result.outcome, is_listed) != result.verdict {
            return Err(self.misplaced(number, "a verdict that does not fit its outcome"));
        }
        if self.checks.iter().any(|earlier| earlier.check == result.check) {
            return Err(ReadError::Duplicate { file: self.file.into(), number, check: result.check });
        }
        self.checks.push(result);
        Ok(())
    }

    fn finish(self) -> Result<Results, ReadError> {
        let Some(header) = self.header else { return Err(ReadError::Empty { file: self.file.into() }) };
        let Some(footer) = self.footer.filter(|footer| footer.complete) else {
            return Err(ReadError::CutOff { file: self.file.into(), results: self.checks.len() });
        };
        let counted = Tally::of(&self.checks);
        if footer.tally != counted {
            return Err(ReadError::Counts {
                file: self.file.into(),
                claimed: footer.tally.outcomes.values().sum(),
                counted: self.checks.len(),
            });
        }
        Ok(Results { header, checks: self.checks, footer })
    }

    fn misplaced(&self, number: usize, what: &'static str) -> ReadError {
        ReadError::Misplaced { file: self.file.into(), number, what }
    }
}

/// Why a results file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be read.
    #[error("{file} cannot be read; check that it exists and is yours to read")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// It has no lines.
    #[error("{file} is empty: the run that wrote it never began; run it again with --results")]
    Empty {
        /// The file.
        file: String,
    },
    /// Its first line names no version.
    #[error("{file} is not a results file: its first line has no format version ({cause})")]
    NotResults {
        /// The file.
        file: String,
        /// What the parser says.
        cause: String,
    },
    /// Another version wrote it.
    #[error(
        "{file} has format {found} and this sealcheck reads format {}; read it with the sealcheck that wrote it, \
         or run again with this one",
        ResultsVersion::CURRENT.0
    )]
    Version {
        /// The file.
        file: String,
        /// The version that it has.
        found: u32,
    },
    /// A line is malformed.
    #[error("{file}, line {number}: {cause}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        number: usize,
        /// What the parser says.
        cause: String,
    },
    /// A line is where it cannot be.
    #[error("{file}, line {number}: {what}; results are not edited by hand, run it again")]
    Misplaced {
        /// The file.
        file: String,
        /// The line, from 1.
        number: usize,
        /// What is in the wrong place.
        what: &'static str,
    },
    /// A check has two results.
    #[error("{file}, line {number}: {check} already has a result")]
    Duplicate {
        /// The file.
        file: String,
        /// The line, from 1.
        number: usize,
        /// The check.
        check: CheckId,
    },
    /// The footer is missing.
    #[error(
        "{file} was cut off after {results} results: it has no footer, so the run did not end; run it again"
    )]
    CutOff {
        /// The file.
        file: String,
        /// How many results came before that.
        results: usize,
    },
    /// The footer does not fit the results.
    #[error(
        "{file} contradicts itself: the footer counts {claimed} results by kind and the lines hold {counted} that \
         do not add up to it; run it again"
    )]
    Counts {
        /// The file.
        file: String,
        /// How many results the footer claims.
        claimed: usize,
        /// How many there are.
        counted: usize,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        record::{OutcomeKind, ResultsWriter},
        report::sample,
    };

    fn written(results: &Results) -> String {
        let mut output = Vec::new();
        let mut writer = ResultsWriter::begin(&mut output, results.header.clone()).expect(MEMORY);
        for check in &results.checks {
            writer.result(check.clone()).expect(MEMORY);
        }
        writer.finish(results.footer.exit_code, results.footer.timing).expect(MEMORY);
        String::from_utf8(output).expect("JSON is UTF-8")
    }

    fn refusal(text: &str) -> String {
        read_results(text.as_bytes(), "run.jsonl").expect_err("the file must be refused").to_string()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let results = sample::results();
        assert_eq!(
            read_results(written(&results).as_bytes(), "run.jsonl").expect("the file is whole"),
            results
        );
    }

    #[test]
    fn every_file_that_ends_before_its_footer_is_refused() {
        let text = written(&sample::results());
        let ends: Vec<_> = text.match_indices('\n').map(|(end, _)| end + 1).collect();
        for (lines, end) in ends.iter().enumerate().take(ends.len() - 1) {
            let message = refusal(&text[..*end]);
            assert_eq!(
                message,
                format!(
                    "run.jsonl was cut off after {lines} results: it has no footer, so the run did not end; run it again"
                )
            );
        }
        assert!(read_results(text.as_bytes(), "run.jsonl").is_ok(), "the whole file is the control");
    }

    #[test]
    fn a_newer_version_is_refused_with_what_to_do() {
        let text = written(&sample::results()).replacen("\"format\":1", "\"format\":2", 1);
        assert_eq!(
            refusal(&text),
            "run.jsonl has format 2 and this sealcheck reads format 1; read it with the sealcheck that wrote it, or \
             run again with this one"
        );
    }

    #[test]
    fn a_footer_that_does_not_add_up_is_refused() {
        let mut results = sample::results();
        let text = written(&results);
        results.checks[0].outcome = OutcomeKind::NotRun;
        results.checks[0].verdict = Verdict::Undecided;
        let footer = text.lines().last().expect("a file has a footer");
        let mut lines: Vec<_> = written(&results).lines().map(str::to_owned).collect();
        *lines.last_mut().expect("a file has a footer") = footer.to_owned();
        let message = refusal(&lines.join("\n"));
        assert!(message.starts_with("run.jsonl contradicts itself"), "{message}");
    }

    #[test]
    fn a_failure_that_was_edited_into_an_expected_pass_is_refused() {
        let mut results = sample::results();
        results.checks[0].outcome = OutcomeKind::Fail;
        let message = refusal(&written(&results));
        assert_eq!(
            message,
            "run.jsonl, line 2: a verdict that does not fit its outcome; results are not edited by hand, run it again"
        );
    }

    #[test]
    fn a_check_with_two_results_is_refused() {
        let mut results = sample::results();
        results.checks.push(results.checks[0].clone());
        let message = refusal(&written(&results));
        assert!(message.ends_with(&format!("{} already has a result", results.checks[0].check)), "{message}");
    }

    #[test]
    fn an_empty_file_and_a_foreign_file_are_refused() {
        assert!(refusal("").starts_with("run.jsonl is empty"));
        assert!(refusal("{\"hello\":1}\n").starts_with("run.jsonl is not a results file"));
        assert!(refusal("<xml/>\n").starts_with("run.jsonl is not a results file"));
    }

    const MEMORY: &str = "writing to memory does not fail";

    proptest! {
        #[test]
        fn no_input_makes_the_reader_panic(text in "(\\{\"line\":\"(header|result|footer)\"[^\n]{0,40}\n?){0,4}|.{0,80}") {
            prop_assert!(read_results(text.as_bytes(), "run.jsonl").is_err());
        }
    }
}

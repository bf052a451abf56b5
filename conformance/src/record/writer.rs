//! Writes a results file while the run goes on.

use std::io::{self, Write};

use super::{CheckResult, Footer, Header, Line, Tally, Timing};

/// Appends line by line and flushes each, so that what was judged survives whatever comes later.
#[derive(Debug)]
pub struct ResultsWriter<W: Write> {
    output: W,
    tally: Tally,
}

impl<W: Write> ResultsWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// Whatever the output reports.
    pub fn begin(output: W, header: Header) -> io::Result<Self> {
        let mut writer = Self { output, tally: Tally::default() };
        writer.line(&Line::Header(Box::new(header)))?;
        Ok(writer)
    }

    /// Writes one result and counts it.
    ///
    /// # Errors
    ///
    /// Whatever the output reports.
    pub fn result(&mut self, result: CheckResult) -> io::Result<()> {
        self.tally.add(result.outcome, result.verdict);
        self.line(&Line::Result(Box::new(result)))
    }

    /// Writes the footer: from here on the file counts as whole.
    ///
    /// # Errors
    ///
    /// Whatever the output reports.
    pub fn finish(mut self, exit_code: u8, timing: Option<Timing>) -> io::Result<Footer> {
        let footer = Footer { tally: std::mem::take(&mut self.tally), exit_code, complete: true, timing };
        self.line(&Line::Footer(footer.clone()))?;
        Ok(footer)
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line).expect("a line of results is plain data");
        text.push(b'\n');
        self.output.write_all(&text)?;
        self.output.flush()
    }
}

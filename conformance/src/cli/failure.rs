//! An error with its exit code and the next step.

use std::{error::Error, io::Write};

use super::Exit;
use crate::{interruption::Interrupt, report::printable};

/// Why a command could not do its work, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Failure {
    exit: Exit,
    #[source]
    cause: Box<dyn Error + Send + Sync>,
    next: Option<String>,
}

impl Failure {
    /// The command line asks for something that does not exist.
    pub fn usage(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit: Exit::Usage, cause: cause.into(), next: None }
    }

    /// A file that was given, or one that is built in, is wrong.
    pub fn bad_input(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit: Exit::BadInput, cause: cause.into(), next: None }
    }

    /// This machine cannot make a world.
    pub fn sandbox_unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let next = "`sealcheck doctor` lists what this machine can do".to_owned();
        Self { exit: Exit::SandboxUnavailable, cause: cause.into(), next: Some(next) }
    }

    /// The harness failed.
    pub fn harness(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit: Exit::HarnessError, cause: cause.into(), next: None }
    }

    /// The program was interrupted before it was done.
    pub fn interrupted(interrupt: Interrupt) -> Self {
        Self { exit: Exit::Interrupted(interrupt.signal()), cause: interrupt.into(), next: None }
    }

    /// Says what to do next.
    #[must_use]
    pub fn next(self, step: impl Into<String>) -> Self {
        Self { next: Some(step.into()), ..self }
    }

    /// The exit of the program.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Writes the error, its causes and the next step.
    pub(super) fn report(&self, mut output: impl Write) {
        let mut text = format!("error: {}\n", lines(&self.cause.to_string()));
        let mut source = self.cause.source();
        while let Some(cause) = source {
            text.push_str(&format!("  because: {}\n", lines(&cause.to_string())));
            source = cause.source();
        }
        if let Some(next) = &self.next {
            text.push_str(&format!("  next: {next}\n"));
        }
        // Where standard error is closed, the exit code is all that is left to say.
        let _closed = output.write_all(text.as_bytes());
    }
}

impl From<Interrupt> for Failure {
    fn from(interrupt: Interrupt) -> Self {
        Self::interrupted(interrupt)
    }
}

/// A message whose further lines, such as the place in a file, stand below its first one.
fn lines(message: &str) -> String {
    message.trim_end().lines().map(printable).collect::<Vec<_>>().join("\n    ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("results.jsonl cannot be read")]
    struct Outer(#[source] io::Error);

    #[test]
    fn an_error_is_reported_with_its_causes_and_the_next_step() {
        let cause = Outer(io::Error::other("no such \u{1b}[31mfile"));
        let failure = Failure::bad_input(cause).next("run again with --results");
        let mut text = Vec::new();
        failure.report(&mut text);
        assert_eq!(
            String::from_utf8(text).expect("it is text"),
            "error: results.jsonl cannot be read\n  because: no such \\u{1b}[31mfile\n  next: run again with --results\n"
        );
        assert_eq!(failure.exit(), Exit::BadInput);
    }

    #[test]
    fn the_lines_of_a_message_stay_lines_and_cannot_pass_for_others() {
        let mut text = Vec::new();
        Failure::bad_input("one\n  next: rm\r\n\n").report(&mut text);
        assert_eq!(String::from_utf8(text).expect("it is text"), "error: one\n      next: rm\n");
    }
}

//! Standard output that knows its width and survives a closed pipe.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::Failure;
use crate::report::Width;

/// Where a command writes its report.
pub(super) struct Output<W: Write> {
    stream: W,
    width: Width,
}

impl Output<AutoStream<io::Stdout>> {
    /// Standard output. Colours are taken out unless it is a terminal or they were asked for.
    pub(super) fn stdout(color: ColorChoice) -> Self {
        let stdout = io::stdout();
        let width = if stdout.is_terminal() { terminal_width() } else { Width::DEFAULT };
        Self { stream: AutoStream::new(stdout, color), width }
    }
}

impl<W: Write> Output<W> {
    /// An output of a width.
    #[cfg(test)]
    pub(super) fn new(stream: W, width: Width) -> Self {
        Self { stream, width }
    }

    /// The width for reports.
    pub(super) fn width(&self) -> Width {
        self.width
    }

    /// Writes a text. A reader that has gone away, such as `head`, is no error.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of the harness for every other error of the stream.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::harness(OutputError(error))),
        }
    }
}

/// The width of the terminal behind standard output.
fn terminal_width() -> Width {
    terminal_size::terminal_size().map_or(Width::DEFAULT, |(columns, _)| Width::new(columns.0.into()))
}

/// The report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written to standard output; check that the disk has room")]
struct OutputError(#[source] io::Error);

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
        let mut closed = Output::new(Broken(io::ErrorKind::BrokenPipe), Width::DEFAULT);
        assert!(closed.write("text").is_ok());
        let mut full = Output::new(Broken(io::ErrorKind::StorageFull), Width::DEFAULT);
        let failure = full.write("text").expect_err("the report is lost");
        assert_eq!(failure.exit(), crate::cli::Exit::HarnessError);
    }
}

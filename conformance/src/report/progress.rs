//! The line that overwrites itself while a run goes on.

use std::io::{self, IsTerminal, Stderr, Write};

use super::layout::{Width, shortened};

/// One line on standard error that says how far a run is. On anything but a terminal it says nothing.
#[derive(Debug)]
pub struct Progress<W: Write = Stderr> {
    output: Option<W>,
    width: Width,
}

impl Progress {
    /// A line on standard error, if that is a terminal.
    pub fn on_stderr(width: Width) -> Self {
        let stderr = io::stderr();
        Self { output: stderr.is_terminal().then_some(stderr), width }
    }
}

impl<W: Write> Progress<W> {
    /// Shows what is running. A terminal that is gone is no reason to end a run, so failures are not reported.
    pub fn show(&mut self, done: usize, total: usize, what: &str) {
        let Some(output) = &mut self.output else { return };
        let line = shortened(&format!("[{done}/{total}] {what}"), self.width.columns() - 1);
        let _gone = write!(output, "{CLEAR}{line}").and_then(|()| output.flush());
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        let Some(output) = &mut self.output else { return };
        let _gone = write!(output, "{CLEAR}").and_then(|()| output.flush());
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// To the beginning of the line, then erase it.
const CLEAR: &str = "\r\u{1b}[2K";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_overwrites_the_one_before_and_nothing_is_left() {
        let mut shown = Vec::new();
        {
            let mut progress = Progress { output: Some(&mut shown), width: Width::new(60) };
            progress.show(1, 9, "naming/default-name");
        }
        assert_eq!(
            String::from_utf8(shown).expect("it is text"),
            "\r\u{1b}[2K[1/9] naming/default-name\r\u{1b}[2K"
        );
    }

    #[test]
    fn without_a_terminal_nothing_is_shown() {
        let mut progress: Progress<Vec<u8>> = Progress { output: None, width: Width::DEFAULT };
        progress.show(1, 9, "naming/default-name");
        assert!(progress.output.is_none());
    }
}

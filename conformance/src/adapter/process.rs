//! Runs one program of a setup to its end, with a deadline.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use super::system::Group;

/// Runs a program in a process group of its own until it exits with success.
///
/// # Errors
///
/// [`ProcessError`] with the last lines that the program printed.
pub(super) fn run<S: AsRef<str>>(
    program: &Path,
    arguments: &[S],
    limit: Duration,
) -> Result<(), ProcessError> {
    let shown = shown(program, arguments);
    let start_error = |source| ProcessError::Start { program: shown.clone(), source };
    let (output, writer) = io::pipe().map_err(start_error)?;
    let mut command = Command::new(program);
    command
        .args(arguments.iter().map(AsRef::as_ref))
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(start_error)?)
        .stderr(writer)
        // A search path of the user's would be searched before the packages that are being set up.
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME");
    let (mut child, group) = Group::spawn(&mut command).map_err(start_error)?;
    // The command holds the writing ends; while it lives, the output does not end.
    drop(command);

    let (events, received) = mpsc::channel();
    let ended = events.clone();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).split(b'\n');
        while let Some(Ok(line)) = lines.next() {
            if events.send(Event::Line(String::from_utf8_lossy(&line).trim_end().to_owned())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || ended.send(Event::Ended(child.wait())));

    let mut tail = VecDeque::new();
    let mut deadline = Instant::now() + limit;
    let mut status = None;
    loop {
        match received.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Event::Line(line)) => {
                if tail.len() == TAIL_LINES {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Ok(Event::Ended(how)) => {
                status = Some(how);
                // Its last lines may still be in the pipe, and a process it left behind may hold that open.
                deadline = Instant::now() + AFTER_END;
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                group.kill();
                break;
            }
        }
    }
    let output = Vec::from(tail).join("\n");
    match status {
        Some(Ok(status)) if status.success() => Ok(()),
        Some(Ok(status)) => Err(ProcessError::Failed { program: shown, status, output }),
        Some(Err(source)) => Err(ProcessError::Start { program: shown, source }),
        None => Err(ProcessError::Deadline { program: shown, limit, output }),
    }
}

enum Event {
    Line(String),
    Ended(io::Result<ExitStatus>),
}

fn shown<S: AsRef<str>>(program: &Path, arguments: &[S]) -> String {
    arguments.iter().fold(program.display().to_string(), |mut text, argument| {
        text.push(' ');
        text.push_str(argument.as_ref());
        text
    })
}

/// Why a program of a setup did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It could not be started, or not be waited for.
    #[error("cannot run {program:?}: {source}")]
    Start {
        /// With its arguments.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It failed.
    #[error("{program:?} ended with {status}:\n{output}")]
    Failed {
        /// With its arguments.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its output.
        output: String,
    },
    /// It took too long and was killed.
    #[error("{program:?} did not end within {} s and was killed:\n{output}", limit.as_secs_f64())]
    Deadline {
        /// With its arguments.
        program: String,
        /// How long it had.
        limit: Duration,
        /// The last lines of its output.
        output: String,
    },
}

const TAIL_LINES: usize = 20;
const AFTER_END: Duration = Duration::from_secs(1);

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_succeeds_is_no_error() {
        assert!(shell("exit 0", Duration::from_secs(10)).is_ok());
    }

    #[test]
    fn a_program_that_fails_is_reported_with_its_last_lines() {
        let script = "i=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); done; echo why >&2; exit 3";
        let error = shell(script, Duration::from_secs(10)).expect_err("it exits with 3");
        let ProcessError::Failed { status, output, .. } = error else { panic!("another error: {error}") };
        assert_eq!(status.code(), Some(3));
        assert!(output.starts_with("line 11\n") && output.ends_with("line 29\nwhy"), "{output}");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let began = Instant::now();
        let error = shell("echo started; sleep 60 & sleep 60", Duration::from_millis(200));
        let Err(ProcessError::Deadline { output, .. }) = error else { panic!("another end: {error:?}") };
        assert_eq!(output, "started");
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_leaves_a_child_behind_is_not_waited_for() {
        let began = Instant::now();
        assert!(shell("sleep 60 & exit 0", Duration::from_secs(30)).is_ok());
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = run(Path::new("/nonexistent/program"), &["x"], Duration::from_secs(1));
        let text = error.expect_err("there is no such program").to_string();
        assert!(text.starts_with("cannot run \"/nonexistent/program x\": "), "{text}");
    }

    fn shell(script: &str, limit: Duration) -> Result<(), ProcessError> {
        run(Path::new("/bin/sh"), &["-c", script], limit)
    }
}

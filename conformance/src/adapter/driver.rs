//! Drives one session: one request, one reply, a deadline for each.

use std::{
    io::{self, Read, Write},
    sync::{
        atomic::Ordering,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    captured::Captured,
    defect::DriverError,
    readers::{Event, Readers, Stream},
};
use crate::{
    interruption::Interruption,
    protocol::{LineError, MAX_LINE_BYTES, Reply, Request, RequestKind, Tag, decode_reply},
};

/// The harness's end of the pipes of one session.
///
/// It neither starts nor ends the process. After the first defect of a session every later call returns that defect
/// again: what an adapter says once it has left the protocol means nothing.
pub struct Driver {
    readers: Readers,
    tag: Tag,
    /// The number of the last request that was sent.
    sequence: u64,
    /// How many protocol lines came, good or bad.
    lines: u64,
    open: OpenStreams,
    /// When it was found that nobody reads the session's input.
    input_closed: Option<Instant>,
    interruption: Interruption,
    defect: Option<DriverError>,
}

/// Which streams have not ended.
#[derive(Clone, Copy, Debug)]
struct OpenStreams {
    output: bool,
    error: bool,
}

impl Driver {
    /// A driver on the pipes of a session whose environment holds the tag.
    ///
    /// # Errors
    ///
    /// The system's error if a thread for a pipe cannot be started.
    pub fn new(
        stdin: impl Write + Send + 'static,
        stdout: impl Read + Send + 'static,
        stderr: impl Read + Send + 'static,
        tag: Tag,
    ) -> io::Result<Self> {
        let readers = Readers::spawn(stdin, stdout, stderr, &tag)?;
        let open = OpenStreams { output: true, error: true };
        let interruption = Interruption::default();
        Ok(Self { readers, tag, sequence: 0, lines: 0, open, input_closed: None, interruption, defect: None })
    }

    /// From now on an interrupt counts as the deadline of the reply that is waited for.
    pub fn heed(&mut self, interruption: Interruption) {
        self.interruption = interruption;
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    ///
    /// The first [`DriverError`] of the session; the session is of no further use.
    pub fn call(&mut self, request: &Request, deadline: Instant) -> Result<Reply, DriverError> {
        let kind = request.kind();
        let seq = Value::from(self.sequence + 1);
        let line = self.tag.encode_request(&seq, request);
        self.guarded(|driver| {
            let (offset, bytes) = driver.exchange(line, kind.as_str(), deadline)?;
            driver.take_reply(offset, &bytes, &seq, kind)
        })
    }

    /// Sends a line, or several, as they are, and waits for the next protocol line; gives it without its tag, undecoded.
    ///
    /// `asked` names in errors what is asked. What comes belongs to the caller: nobody else looks into it for leaks.
    ///
    /// # Errors
    ///
    /// As [`Driver::call`].
    pub fn call_raw(&mut self, line: &str, asked: &str, deadline: Instant) -> Result<Vec<u8>, DriverError> {
        self.guarded(|driver| {
            let (_, bytes) = driver.exchange(line.to_owned(), asked, deadline)?;
            driver.count_line();
            let body = driver.tag.strip(&bytes).expect("a protocol line begins with the tag");
            Ok(body.to_vec())
        })
    }

    /// Does something unless the session has a defect; its first defect is kept.
    fn guarded<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, DriverError>,
    ) -> Result<T, DriverError> {
        if let Some(defect) = &self.defect {
            return Err(defect.clone());
        }
        let outcome = act(self);
        if let Err(defect) = &outcome {
            self.defect = Some(defect.clone());
        }
        outcome
    }

    /// Closes the session's input: nothing more will be asked.
    pub fn close_input(&mut self) {
        // The writing thread ends, and closes the pipe, when nobody can send to it any more.
        self.readers.input = mpsc::channel().0;
    }

    /// Closes the session's input, waits for its output to end and gives back what was printed beside the protocol.
    ///
    /// Output ends when every process that holds it has ended, so this is called once all of them are gone.
    pub fn finish(self, deadline: Instant) -> Output {
        let Self { readers, mut open, mut lines, sequence, defect, .. } = self;
        let Readers { input, events, output, error, .. } = readers;
        drop(input);
        let in_protocol = defect.is_none();
        let mut violation = None;
        while open.output || open.error {
            let Ok(event) = events.recv_timeout(left(deadline)) else { break };
            match event {
                Event::Line { offset, bytes } => {
                    lines += 1;
                    violation = violation.or_else(|| Some(unexpected(&bytes, sequence)));
                    output.lock().keep(offset, &bytes);
                }
                Event::End(Stream::StandardOutput) => open.output = false,
                Event::End(Stream::StandardError) => open.error = false,
                Event::WriteFailed => {}
                Event::TooLong
                | Event::CutOff
                | Event::FloodOfBytes(_)
                | Event::FloodOfLines
                | Event::ReadFailed(..) => violation = violation.or_else(|| event.into_defect()),
            }
        }
        // A stream that has not ended may still say something.
        if open.output {
            output.lock().truncate();
        }
        if open.error {
            error.lock().truncate();
        }
        let stdout_untagged = std::mem::take(&mut *output.lock());
        let stderr = std::mem::take(&mut *error.lock());
        let violation = violation.filter(|_| in_protocol);
        Output { stdout_untagged, stderr, protocol_lines: lines, violation }
    }

    /// Sends lines and waits for the next protocol line, its tag included; gives its offset as well.
    fn exchange(
        &mut self,
        line: String,
        asked: &str,
        deadline: Instant,
    ) -> Result<(u64, Vec<u8>), DriverError> {
        self.refuse_early_events()?;
        let request = || asked.to_owned();
        if !self.open.output {
            return Err(DriverError::Exited { request: request() });
        }
        let mut line = line.into_bytes();
        line.push(b'\n');
        if line.len() > MAX_LINE_BYTES {
            return Err(DriverError::RequestTooLong { request: request() });
        }
        self.sequence += 1;
        let sent = Instant::now();
        // The writing thread is gone only if the session closed its input; its event tells that below.
        let _ = self.readers.input.send(line);

        loop {
            // A process that died closed both ends, and the end of its output tells more than the end of its input.
            let limit =
                self.input_closed.map_or(deadline, |closed| deadline.min(closed + AFTER_CLOSED_INPUT));
            let event = match self.readers.events.recv_timeout(left(limit).min(GLANCE)) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout)
                    if !left(limit).is_zero() && self.interruption.check().is_ok() =>
                {
                    continue;
                }
                Err(RecvTimeoutError::Timeout) if self.input_closed.is_some() => {
                    return Err(DriverError::ClosedInput { request: request() });
                }
                Err(RecvTimeoutError::Timeout) => {
                    let tag_inside_line = self.tag_is_inside_a_line();
                    return Err(DriverError::Deadline {
                        request: request(),
                        waited: sent.elapsed(),
                        tag_inside_line,
                    });
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(DriverError::Exited { request: request() });
                }
            };
            match event {
                Event::Line { offset, bytes } => return Ok((offset, bytes)),
                Event::WriteFailed => self.input_closed = Some(Instant::now()),
                Event::End(Stream::StandardOutput) => {
                    self.open.output = false;
                    return Err(DriverError::Exited { request: request() });
                }
                Event::End(Stream::StandardError) => self.open.error = false,
                Event::TooLong
                | Event::CutOff
                | Event::FloodOfBytes(_)
                | Event::FloodOfLines
                | Event::ReadFailed(..) => {
                    return Err(event.into_defect().expect("each of these events is a defect"));
                }
            }
        }
    }

    /// Nothing may come between a reply and the next request, except the end of standard error.
    fn refuse_early_events(&mut self) -> Result<(), DriverError> {
        while let Ok(event) = self.readers.events.try_recv() {
            match event {
                Event::Line { offset, bytes } => {
                    self.count_line();
                    let error = unexpected(&bytes, self.sequence);
                    self.readers.output.lock().keep(offset, &bytes);
                    return Err(error);
                }
                // The coming request will find out by itself, with its own name.
                Event::End(Stream::StandardOutput) => self.open.output = false,
                Event::End(Stream::StandardError) => self.open.error = false,
                Event::WriteFailed => self.input_closed = Some(Instant::now()),
                Event::TooLong
                | Event::CutOff
                | Event::FloodOfBytes(_)
                | Event::FloodOfLines
                | Event::ReadFailed(..) => {
                    return Err(event.into_defect().expect("each of these events is a defect"));
                }
            }
        }
        Ok(())
    }

    fn take_reply(
        &mut self,
        offset: u64,
        bytes: &[u8],
        seq: &Value,
        kind: RequestKind,
    ) -> Result<Reply, DriverError> {
        self.count_line();
        let body = self.tag.strip(bytes).expect("a protocol line begins with the tag");
        decode_reply(body, seq, kind).map_err(|error| {
            // A refused line is never decoded, so nobody else looks into it for leaks.
            self.readers.output.lock().keep(offset, bytes);
            if was_answered(body, self.sequence) {
                return DriverError::Duplicate;
            }
            DriverError::Line(error)
        })
    }

    fn count_line(&mut self) {
        self.lines += 1;
        self.readers.queued.fetch_sub(1, Ordering::SeqCst);
    }

    fn tag_is_inside_a_line(&self) -> bool {
        let tag = self.tag.as_str().as_bytes();
        let captured = self.readers.output.lock();
        !tag.is_empty() && captured.bytes().windows(tag.len()).any(|window| window == tag)
    }
}

impl Event {
    /// The defect that this event is, if it is one by itself.
    fn into_defect(self) -> Option<DriverError> {
        match self {
            Self::TooLong => Some(DriverError::Line(LineError::TooLong)),
            Self::CutOff => Some(DriverError::CutOff),
            Self::FloodOfBytes(stream) => Some(DriverError::Flood { stream }),
            Self::FloodOfLines => Some(DriverError::FloodOfLines),
            Self::ReadFailed(stream, error) => Some(DriverError::Read { stream, cause: error.to_string() }),
            Self::Line { .. } | Self::WriteFailed | Self::End(_) => None,
        }
    }
}

/// What a protocol line is that no request waits for.
fn unexpected(line: &[u8], sequence: u64) -> DriverError {
    let body = line.iter().position(|byte| *byte == b' ').map_or(line, |space| &line[space + 1..]);
    if was_answered(body, sequence + 1) { DriverError::Duplicate } else { DriverError::Unasked }
}

/// Whether a line carries the number of a request before this one.
fn was_answered(body: &[u8], sequence: u64) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return false };
    members.get("seq").and_then(Value::as_u64).is_some_and(|seq| (1..sequence).contains(&seq))
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// What a session printed beside the protocol.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standard output outside protocol lines, and protocol lines that were refused.
    pub stdout_untagged: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// How many protocol lines came, good or bad.
    pub protocol_lines: u64,
    /// What the adapter did wrong after the last call, where no call failed before.
    pub violation: Option<DriverError>,
}

/// How long the end of output is awaited once input is closed.
const AFTER_CLOSED_INPUT: Duration = Duration::from_secs(1);
/// How often it is asked meanwhile whether to go on waiting.
const GLANCE: Duration = Duration::from_millis(100);

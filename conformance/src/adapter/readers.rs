//! The threads between a driver and the pipes of a session.
//!
//! A pipe can block for ever; a driver never does. So each pipe has a thread, and the driver waits for their events with
//! a deadline. A thread ends when its pipe does: once the harness has killed a session, all of them are gone.

use std::{
    fmt,
    io::{self, Read, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use super::{
    captured::Captured,
    splitter::{Part, Splitter},
};
use crate::protocol::Tag;

/// An output stream of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stream {
    /// Standard output.
    StandardOutput,
    /// Standard error.
    StandardError,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StandardOutput => "standard output",
            Self::StandardError => "standard error",
        })
    }
}

/// What a thread tells the driver.
#[derive(Debug)]
pub(super) enum Event {
    /// A protocol line, its tag included.
    Line { offset: u64, bytes: Vec<u8> },
    /// A protocol line longer than any may be. Reading ended.
    TooLong,
    /// A protocol line that the end of the stream cut off.
    CutOff,
    /// More output of the library's own than is kept. Reading ended.
    FloodOfBytes(Stream),
    /// More protocol lines than anybody asked for. Reading ended.
    FloodOfLines,
    /// Reading failed.
    ReadFailed(Stream, io::Error),
    /// Writing failed: nobody reads the session's input any more.
    WriteFailed,
    /// The last event of a stream.
    End(Stream),
}

/// The driver's side of the threads.
pub(super) struct Readers {
    /// Lines to write, complete with their ends. Dropping it closes the session's input.
    pub(super) input: mpsc::Sender<Vec<u8>>,
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) output: Shared,
    pub(super) error: Shared,
    /// How many [`Event::Line`] were sent and not taken off.
    pub(super) queued: Arc<AtomicUsize>,
}

impl Readers {
    pub(super) fn spawn(
        stdin: impl Write + Send + 'static,
        stdout: impl Read + Send + 'static,
        stderr: impl Read + Send + 'static,
        tag: &Tag,
    ) -> io::Result<Self> {
        let (input, lines) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let (output, error) = (Shared::default(), Shared::default());
        let queued = Arc::new(AtomicUsize::new(0));
        named("adapter-stdin", {
            let sender = sender.clone();
            move || write_lines(stdin, &lines, &sender)
        })?;
        named("adapter-stdout", {
            let (splitter, events) = (Splitter::new(tag), sender.clone());
            let reader = OutputReader { captured: output.clone(), queued: Arc::clone(&queued), events };
            move || reader.run(splitter, stdout)
        })?;
        named("adapter-stderr", {
            let captured = error.clone();
            move || read_error(stderr, &captured, &sender)
        })?;
        Ok(Self { input, events, output, error, queued })
    }
}

/// Output that a thread fills and the driver looks at.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Captured>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Captured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(body).map(drop)
}

fn write_lines(mut stdin: impl Write, lines: &mpsc::Receiver<Vec<u8>>, events: &mpsc::Sender<Event>) {
    for line in lines {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            send(events, Event::WriteFailed);
            return;
        }
    }
}

/// Reads standard error to its end.
fn read_error(mut stderr: impl Read, captured: &Shared, events: &mpsc::Sender<Event>) {
    let mut offset = 0;
    let result = read_chunks(&mut stderr, |chunk| {
        let kept = captured.lock().keep_within(MAX_UNTAGGED_BYTES, offset, chunk);
        offset += u64::try_from(chunk.len()).expect("a chunk is small");
        kept
    });
    if let Ok(End::Halted) = result {
        send(events, Event::FloodOfBytes(Stream::StandardError));
    }
    finish(Stream::StandardError, result, captured, events);
}

/// Reads standard output to its end.
struct OutputReader {
    captured: Shared,
    queued: Arc<AtomicUsize>,
    events: mpsc::Sender<Event>,
}

impl OutputReader {
    fn run(&self, mut splitter: Splitter, mut stdout: impl Read) {
        let mut halt = None;
        let result = read_chunks(&mut stdout, |chunk| {
            splitter.push(chunk, &mut |part| halt = halt.take().or(self.take(part)));
            halt.is_none()
        });
        if let Ok(End::Reached) = result {
            splitter.finish(&mut |part| halt = halt.take().or(self.take(part)));
        }
        if let Some(halt) = halt {
            send(&self.events, halt);
        }
        finish(Stream::StandardOutput, result, &self.captured, &self.events);
    }

    /// Passes a part on. Where it is a defect that ends the reading, it returns the event that says so.
    fn take(&self, part: Part) -> Option<Event> {
        match part {
            Part::Line { offset, bytes } => {
                if self.queued.fetch_add(1, Ordering::SeqCst) < MAX_QUEUED_LINES {
                    send(&self.events, Event::Line { offset, bytes });
                    return None;
                }
                self.captured.lock().keep(offset, &bytes);
                Some(Event::FloodOfLines)
            }
            Part::Own { offset, bytes } => {
                let kept = self.captured.lock().keep_within(MAX_UNTAGGED_BYTES, offset, &bytes);
                (!kept).then_some(Event::FloodOfBytes(Stream::StandardOutput))
            }
            // Nobody decodes what follows, so it is scanned as output.
            Part::TooLong { offset, bytes } => {
                self.captured.lock().keep(offset, &bytes);
                Some(Event::TooLong)
            }
            Part::CutOff { offset, bytes } => {
                self.captured.lock().keep(offset, &bytes);
                Some(Event::CutOff)
            }
        }
    }
}

/// How the reading of a stream ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Reached,
    Halted,
}

/// Reads to the end of a stream, or until a chunk is not taken.
fn read_chunks(from: &mut impl Read, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<End> {
    let mut buffer = vec![0_u8; CHUNK_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(End::Reached),
            Ok(read) => {
                if !take(&buffer[..read]) {
                    return Ok(End::Halted);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn finish(stream: Stream, result: io::Result<End>, captured: &Shared, events: &mpsc::Sender<Event>) {
    match result {
        Ok(End::Reached) => {}
        Ok(End::Halted) => captured.lock().truncate(),
        Err(error) => {
            captured.lock().truncate();
            send(events, Event::ReadFailed(stream, error));
        }
    }
    send(events, Event::End(stream));
}

/// The driver may be gone; then nobody needs to know.
fn send(events: &mpsc::Sender<Event>, event: Event) {
    let _ = events.send(event);
}

/// How much of each stream's own output is kept. A session that prints more is ended.
pub const MAX_UNTAGGED_BYTES: usize = 8 * 1024 * 1024;
/// How many protocol lines may wait for the driver. One request has one reply, so the second is already a defect.
pub const MAX_QUEUED_LINES: usize = 8;
const CHUNK_BYTES: usize = 64 * 1024;

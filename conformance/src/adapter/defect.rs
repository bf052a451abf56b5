//! How an adapter can leave the protocol.

use std::time::Duration;

use super::readers::{MAX_QUEUED_LINES, MAX_UNTAGGED_BYTES, Stream};
use crate::protocol::{LineError, MAX_LINE_BYTES};

/// How an adapter left the protocol.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// No reply came in time.
    #[error("no reply to {:?} within {:.1} s: the adapter or its library hangs{}", request,
        waited.as_secs_f64(), hint(*tag_inside_line))]
    Deadline {
        /// What was asked.
        request: String,
        /// How long was waited.
        waited: Duration,
        /// Whether the tag stands inside a line of other output, as when that line was not ended.
        tag_inside_line: bool,
    },
    /// Standard output ended.
    #[error(
        "the adapter closed its output before it answered {:?}: it exited or crashed, and its standard \
        error may say why",
        request
    )]
    Exited {
        /// What was asked.
        request: String,
    },
    /// Standard input was closed, and standard output was not.
    #[error(
        "the adapter closed its input and did not answer {:?}: it must read until \"bye\" or the end",
        request
    )]
    ClosedInput {
        /// What was asked.
        request: String,
    },
    /// A line does not fit the protocol.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Standard output ended inside a protocol line.
    #[error(
        "standard output ended inside a protocol line: the adapter crashed, or did not end and flush its line"
    )]
    CutOff,
    /// A request was answered more than once.
    #[error("a request was answered twice: one request has one reply")]
    Duplicate,
    /// A protocol line came that answers nothing.
    #[error("a protocol line came that answers no request: adapters speak only when they are asked")]
    Unasked,
    /// The library or the adapter printed too much.
    #[error(
        "more than {MAX_UNTAGGED_BYTES} bytes came on {stream} outside protocol lines: the rest was not read"
    )]
    Flood {
        /// Where.
        stream: Stream,
    },
    /// The adapter sent too many protocol lines.
    #[error("more than {MAX_QUEUED_LINES} protocol lines came that nobody asked for: the rest was not read")]
    FloodOfLines,
    /// A request would be longer than a line may be.
    #[error("a {:?} request would be longer than {MAX_LINE_BYTES} bytes: its value is too large", request)]
    RequestTooLong {
        /// What was to be asked.
        request: String,
    },
    /// A pipe could not be read.
    #[error("{stream} could not be read: {cause}")]
    Read {
        /// Which.
        stream: Stream,
        /// Why.
        cause: String,
    },
}

fn hint(tag_inside_line: bool) -> &'static str {
    if tag_inside_line {
        ", or its reply stands inside a line of other output: end that line before each reply"
    } else {
        ""
    }
}

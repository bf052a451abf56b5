//! What the harness and a supervisor say to each other: JSON Lines over a socket, bounded in both directions.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::super::SessionSpec;
use crate::observation::{Fact, Instant, Observer, SessionEnd};

/// What the harness says.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(super) enum Command {
    /// Start a session. The first command, and only that.
    Start(Box<SessionSpec>),
    /// Let the call go on that waits at a point, by the point's place in the [`SessionSpec`].
    Release {
        /// The point.
        point: usize,
    },
    /// Kill every descendant.
    Kill,
    /// Send the session's first process a signal.
    Signal {
        /// Its number.
        number: i32,
    },
}

/// What a supervisor says.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(super) enum Record {
    /// Something was seen.
    Seen {
        /// When.
        at: Instant,
        /// By whom.
        observer: Observer,
        /// What.
        fact: Fact,
    },
    /// A call waits at a point, by the point's place in the [`SessionSpec`].
    Reached {
        /// The point.
        point: usize,
    },
    /// The call that waited at a point was let go, or ended by a fault.
    Passed {
        /// The point.
        point: usize,
    },
    /// The session ended and every descendant is gone. The last record.
    Ended(Report),
}

/// How a session ended.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Report {
    /// How the first process ended.
    pub(super) end: SessionEnd,
    /// Its effective capabilities, hexadecimal.
    pub(super) effective_capabilities: Option<String>,
    /// The programs of what still ran when the first process had ended, and was killed then.
    pub(super) left_running: Vec<String>,
    /// What the witness lost.
    pub(super) lost: Option<String>,
}

/// Writes one message.
///
/// # Errors
///
/// `InvalidData` if it is longer than a message may be; else those of the writer.
pub(super) fn send(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    if line.len() as u64 > MAX_MESSAGE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a message to or from a supervisor is too long",
        ));
    }
    to.write_all(&line)
}

/// Reads one message; `None` at the end.
///
/// # Errors
///
/// `InvalidData` if it is too long, cut off, or not a message; else those of the reader.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    let read = from.take(MAX_MESSAGE_BYTES).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a message to or from a supervisor is cut off",
        ));
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

const MAX_MESSAGE_BYTES: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_wire() {
        let mut line = Vec::new();
        send(&mut line, &Command::Kill).unwrap();
        let received = receive::<Command>(&mut line.as_slice()).unwrap();
        assert!(matches!(received, Some(Command::Kill)));
    }

    #[test]
    fn the_end_of_the_stream_is_no_message() {
        assert!(receive::<Command>(&mut [].as_slice()).unwrap().is_none());
    }

    #[test]
    fn a_cut_off_message_is_an_error() {
        let error = receive::<Command>(&mut br#"{"command":"kill"}"#.as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}

//! The library's own output: what a session printed outside protocol lines.

use std::fmt;

/// Output outside protocol lines, with the place in the stream from which each piece came.
///
/// It may hold canaries, so `Debug` shows its length only.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Captured {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    truncated: bool,
}

/// A run of bytes that were neighbours in the stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Piece {
    /// Where it begins in `bytes`.
    position: usize,
    /// Where it began in the stream.
    offset: u64,
}

impl Captured {
    /// Everything that was kept, in the order of arrival.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there was more than was kept. What is absent from truncated output may still have been printed.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Where a byte of [`Captured::bytes`] stood in the whole stream, protocol lines included.
    pub fn stream_offset(&self, position: usize) -> u64 {
        let after = self.pieces.partition_point(|piece| piece.position <= position);
        let Some(piece) = after.checked_sub(1).and_then(|index| self.pieces.get(index)) else {
            return u64::try_from(position).unwrap_or(u64::MAX);
        };
        piece.offset + u64::try_from(position - piece.position).unwrap_or(u64::MAX)
    }

    /// Keeps bytes that began at an offset of the stream.
    pub(super) fn keep(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let position = self.bytes.len();
        if self.pieces.is_empty() || self.stream_offset(position) != offset {
            self.pieces.push(Piece { position, offset });
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Keeps as many bytes as fit below a limit, and says whether all did.
    pub(super) fn keep_within(&mut self, limit: usize, offset: u64, bytes: &[u8]) -> bool {
        let room = limit.saturating_sub(self.bytes.len());
        self.keep(offset, &bytes[..bytes.len().min(room)]);
        self.truncated |= bytes.len() > room;
        bytes.len() <= room
    }

    /// Notes that what came later was not kept.
    pub(super) fn truncate(&mut self) {
        self.truncated = true;
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.truncated { ", truncated" } else { "" };
        write!(f, "Captured([{} bytes{more}])", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back_into_the_stream() {
        let mut captured = Captured::default();
        captured.keep(0, b"ab");
        captured.keep(2, b"cd");
        captured.keep(100, b"ef");
        assert_eq!(captured.bytes(), b"abcdef");
        let offsets: Vec<u64> = (0..6).map(|position| captured.stream_offset(position)).collect();
        assert_eq!(offsets, [0, 1, 2, 3, 100, 101]);
        assert_eq!(captured.pieces.len(), 2);
    }

    #[test]
    fn what_does_not_fit_is_noted() {
        let mut captured = Captured::default();
        assert!(captured.keep_within(4, 0, b"abcd"));
        assert!(!captured.is_truncated());
        assert!(!captured.keep_within(4, 4, b"e"));
        assert!(captured.is_truncated());
        assert_eq!(captured.bytes(), b"abcd");
    }

    #[test]
    fn debug_does_not_show_the_bytes() {
        let mut captured = Captured::default();
        captured.keep(0, b"hunter2");
        assert_eq!(format!("{captured:?}"), "Captured([7 bytes])");
    }
}

//! The search in bytes that arrive in pieces.

use std::collections::BTreeSet;

use super::{Hit, Needle, Scanner, Search};
use crate::observation::Encoding;

/// Finds canaries in a stream, wherever it is cut into pieces. Reports each needle once per encoding.
///
/// A piece is searched together with the end of what came before, so that a canary which no piece holds whole is found
/// as it arrives. A compressed stream may be longer than that end; it is found by [`finish`](Self::finish), which
/// searches the whole of a stream of at most [`RETAINED`](Self::RETAINED) bytes.
#[derive(Clone, Debug)]
pub struct StreamScanner {
    scanner: Scanner,
    seen: BTreeSet<(Needle, Encoding)>,
    /// The stream so far, as long as it is short enough to be searched whole; later its end only.
    kept: Vec<u8>,
    /// How many bytes came before `kept`.
    dropped: u64,
    exhausted: bool,
}

impl StreamScanner {
    /// The longest stream that is searched as a whole at its end.
    pub const RETAINED: usize = 4 * 1024 * 1024;

    /// A scanner at the beginning of a stream.
    pub fn new(scanner: Scanner) -> Self {
        Self { scanner, seen: BTreeSet::new(), kept: Vec::new(), dropped: 0, exhausted: false }
    }

    /// Takes the next piece; says what is new in it, with offsets in the stream.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Hit> {
        let window = self.kept.len().saturating_sub(TAIL);
        self.kept.extend_from_slice(piece);
        let search = self.scanner.search(&self.kept[window..]);
        let hits = self.note(search, window);
        if self.dropped > 0 || self.kept.len() > Self::RETAINED {
            let surplus = self.kept.len().saturating_sub(TAIL);
            self.kept.drain(..surplus);
            self.dropped += surplus as u64;
        }
        hits
    }

    /// Searches the stream as a whole; says what is new.
    pub fn finish(&mut self) -> Vec<Hit> {
        let search = self.scanner.search(&self.kept);
        self.note(search, 0)
    }

    /// How many bytes came.
    pub fn position(&self) -> u64 {
        self.dropped + self.kept.len() as u64
    }

    /// Whether something could not be searched: decoding came to its bound, or the stream is too long to be searched as
    /// a whole, where a compressed stream that spans pieces would be seen.
    pub fn exhausted(&self) -> bool {
        self.exhausted || self.dropped > 0
    }

    fn note(&mut self, search: Search, window: usize) -> Vec<Hit> {
        self.exhausted |= search.exhausted;
        let begin = self.dropped + window as u64;
        let new = search.hits.into_iter().filter(|hit| self.seen.insert((hit.needle.clone(), hit.encoding)));
        new.map(|hit| Hit { offset: hit.offset + begin, ..hit }).collect()
    }
}

/// How much of what came before is searched with the next piece: more than four times the longest form, which is JSON
/// escapes of every letter.
const TAIL: usize = 1024;

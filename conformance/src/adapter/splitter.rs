//! Tells protocol lines from the library's own output.

use crate::protocol::{MAX_LINE_BYTES, Tag};

/// Cuts a stream into protocol lines and the rest, whatever the chunks in which it arrives.
///
/// Output of the library's own is passed on as it comes and is never held back for its line to end; a protocol line is
/// held until it is complete, and never beyond [`MAX_LINE_BYTES`].
#[derive(Debug)]
pub(super) struct Splitter {
    /// What a protocol line begins with: the tag and a space.
    prefix: Vec<u8>,
    line: Vec<u8>,
    kind: Kind,
    /// How many bytes of the stream were taken.
    taken: u64,
}

/// What the line that is being read has turned out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Undecided,
    Protocol,
    Own,
}

/// A part of the stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// A protocol line, its tag included, its end removed.
    Line { offset: u64, bytes: Vec<u8> },
    /// Output of the library's own.
    Own { offset: u64, bytes: Vec<u8> },
    /// The beginning of a protocol line that is longer than any may be.
    TooLong { offset: u64, bytes: Vec<u8> },
    /// A protocol line that the end of the stream cut off.
    CutOff { offset: u64, bytes: Vec<u8> },
}

impl Splitter {
    pub(super) fn new(tag: &Tag) -> Self {
        let prefix = format!("{} ", tag.as_str()).into_bytes();
        Self { prefix, line: Vec::new(), kind: Kind::Undecided, taken: 0 }
    }

    /// Takes the next bytes of the stream.
    pub(super) fn push(&mut self, mut chunk: &[u8], take: &mut impl FnMut(Part)) {
        while !chunk.is_empty() {
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let (piece, rest) = chunk.split_at(end.map_or(chunk.len(), |end| end + 1));
            chunk = rest;
            self.push_piece(piece, take);
            if end.is_some() {
                self.end_line(take);
            }
        }
    }

    /// Takes the end of the stream.
    pub(super) fn finish(&mut self, take: &mut impl FnMut(Part)) {
        let (offset, bytes) = (self.line_offset(), std::mem::take(&mut self.line));
        match self.kind {
            Kind::Protocol => take(Part::CutOff { offset, bytes }),
            Kind::Undecided if !bytes.is_empty() => take(Part::Own { offset, bytes }),
            Kind::Undecided | Kind::Own => {}
        }
        self.kind = Kind::Undecided;
    }

    /// Takes bytes of one line.
    fn push_piece(&mut self, piece: &[u8], take: &mut impl FnMut(Part)) {
        if self.kind == Kind::Own {
            take(Part::Own { offset: self.taken, bytes: piece.to_vec() });
            self.taken += length(piece);
            return;
        }
        self.line.extend_from_slice(piece);
        self.taken += length(piece);
        if self.kind == Kind::Undecided {
            let known = self.line.len().min(self.prefix.len());
            if self.line[..known] != self.prefix[..known] {
                self.kind = Kind::Own;
                take(Part::Own { offset: self.line_offset(), bytes: std::mem::take(&mut self.line) });
                return;
            }
            if known == self.prefix.len() {
                self.kind = Kind::Protocol;
            }
        }
        if self.line.len() > MAX_LINE_BYTES {
            self.kind = Kind::Own;
            take(Part::TooLong { offset: self.line_offset(), bytes: std::mem::take(&mut self.line) });
        }
    }

    fn end_line(&mut self, take: &mut impl FnMut(Part)) {
        if self.kind == Kind::Protocol {
            let offset = self.line_offset();
            let mut bytes = std::mem::take(&mut self.line);
            bytes.pop();
            take(Part::Line { offset, bytes });
        }
        self.kind = Kind::Undecided;
    }

    /// Where the held line began.
    fn line_offset(&self) -> u64 {
        self.taken - length(&self.line)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("memory is smaller than 2^64 bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_with_the_tag_are_protocol_and_the_rest_is_the_librarys() {
        let stream = b"hello\ntag {}\ntagged\n\n tag x\ntag y\n";
        assert_eq!(
            split(&[stream]),
            [own(0, b"hello\n"), line(6, b"tag {}"), own(13, b"tagged\n\n tag x\n"), line(28, b"tag y")]
        );
    }

    #[test]
    fn the_end_of_the_stream_cuts_a_protocol_line_off() {
        assert_eq!(split(&[b"tag {"]), [Part::CutOff { offset: 0, bytes: b"tag {".to_vec() }]);
        assert_eq!(split(&[b"ta"]), [own(0, b"ta")]);
        assert_eq!(split(&[b"warn"]), [own(0, b"warn")]);
        assert_eq!(split(&[b""]), []);
    }

    #[test]
    fn a_protocol_line_of_the_greatest_length_is_taken_and_a_longer_one_is_not() {
        let mut longest = b"tag ".to_vec();
        longest.resize(MAX_LINE_BYTES - 1, b'x');
        let taken = split(&[&longest, b"\n"]);
        assert_eq!(taken, [line(0, &longest)]);

        longest.push(b'x');
        let mut parts = split(&[&longest, b"\ntag z\n"]).into_iter();
        assert!(matches!(parts.next(), Some(Part::TooLong { offset: 0, .. })));
        let offset = u64::try_from(MAX_LINE_BYTES).expect("small") + 1;
        assert_eq!(parts.collect::<Vec<_>>(), [line(offset, b"tag z")]);
    }

    proptest! {
        #[test]
        fn the_chunks_in_which_a_stream_arrives_make_no_difference(
            pieces in prop::collection::vec(piece(), 0..12),
            cuts in prop::collection::vec(1_usize..7, 1..64),
        ) {
            let stream = pieces.concat();
            let mut chunks = Vec::new();
            let mut rest = stream.as_slice();
            for size in cuts {
                let (chunk, after) = rest.split_at(size.min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            prop_assert_eq!(split(&chunks), split(&[&stream]));
        }

        #[test]
        fn nothing_of_a_stream_is_lost(pieces in prop::collection::vec(piece(), 0..12)) {
            let stream = pieces.concat();
            let mut rebuilt = vec![b'\n'; stream.len()];
            for part in split(&[&stream]) {
                let (Part::Line { offset, bytes }
                | Part::Own { offset, bytes }
                | Part::TooLong { offset, bytes }
                | Part::CutOff { offset, bytes }) = part;
                let begin = usize::try_from(offset).expect("small");
                rebuilt[begin..begin + bytes.len()].copy_from_slice(&bytes);
            }
            prop_assert_eq!(rebuilt, stream);
        }
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"tag ".to_vec()),
            Just(b"tag".to_vec()),
            Just(b"\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ]
    }

    /// The parts of a stream, neighbours of the library's own output joined.
    fn split(chunks: &[&[u8]]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut take = |part: Part| match (parts.last_mut(), part) {
            (Some(Part::Own { offset, bytes }), Part::Own { offset: next, bytes: more })
                if *offset + length(bytes) == next =>
            {
                bytes.extend(more);
            }
            (_, part) => parts.push(part),
        };
        let mut splitter = Splitter::new(&Tag::from_text("tag"));
        for chunk in chunks {
            splitter.push(chunk, &mut take);
        }
        splitter.finish(&mut take);
        parts
    }

    fn own(offset: u64, bytes: &[u8]) -> Part {
        Part::Own { offset, bytes: bytes.to_vec() }
    }

    fn line(offset: u64, bytes: &[u8]) -> Part {
        Part::Line { offset, bytes: bytes.to_vec() }
    }
}

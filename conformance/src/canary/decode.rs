//! Forms that must be decoded before a canary in them can be seen.
//!
//! The textual decoders are iterators over `(offset in the source, decoded byte)`, so the place of a hit is found by
//! walking them again and nothing need be remembered. Each yields at most as many bytes as it reads. What is not an
//! escape passes unchanged: data around a canary is junk, not an error.

use std::io::Read;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use flate2::bufread::{GzDecoder, ZlibDecoder};

use crate::observation::Encoding;

/// A way to write a byte as several, beginning with one that marks it.
pub(super) struct Escape {
    /// What hits in it are called.
    pub(super) encoding: Encoding,
    mark: u8,
    /// The character at the beginning of the bytes, and how many bytes it takes.
    read: fn(&[u8]) -> Option<(u32, usize)>,
}

/// `%41`.
pub(super) const PERCENT: Escape = Escape { encoding: Encoding::Percent, mark: b'%', read: read_percent };

/// `\u0041` and the like, and the `\x41` of other languages.
pub(super) const JSON: Escape = Escape { encoding: Encoding::JsonEscape, mark: b'\\', read: read_json };

impl Escape {
    /// The bytes, each escape in them replaced by what it stands for.
    ///
    /// A character above U+00FF cannot be part of a canary; it becomes `?`.
    pub(super) fn decode(&self, data: &[u8]) -> impl Iterator<Item = (usize, u8)> {
        let mut offset = 0;
        std::iter::from_fn(move || {
            let rest = data.get(offset..).filter(|rest| !rest.is_empty())?;
            let begin = offset;
            let escape = if rest[0] == self.mark { (self.read)(rest) } else { None };
            let (byte, length) = match escape {
                Some((character, length)) => (u8::try_from(character).unwrap_or(b'?'), length),
                None => (rest[0], 1),
            };
            offset += length;
            Some((begin, byte))
        })
    }

    /// The parts of the data that have an escape nearby, with their offsets: decoding changes nothing elsewhere.
    pub(super) fn neighbourhoods<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = (usize, &'a [u8])> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let first = self.next(data, from)?;
            let begin = first.saturating_sub(NEIGHBOURHOOD).max(from);
            let mut last = first;
            while let Some(next) = self.next(data, last + 1).filter(|next| next - last <= 2 * NEIGHBOURHOOD) {
                last = next;
            }
            from = data.len().min(last + NEIGHBOURHOOD);
            Some((begin, &data[begin..from]))
        })
    }

    /// The place of the first escape from an offset on.
    fn next(&self, data: &[u8], from: usize) -> Option<usize> {
        let rest = data.get(from..)?;
        let marks = rest.iter().enumerate().filter(|(_, byte)| **byte == self.mark);
        marks.map(|(index, _)| from + index).find(|index| (self.read)(&data[*index..]).is_some())
    }
}

fn read_percent(data: &[u8]) -> Option<(u32, usize)> {
    Some((hexadecimal(data.get(1..3)?)?, 3))
}

fn read_json(data: &[u8]) -> Option<(u32, usize)> {
    match data.get(1)? {
        b'u' => Some((hexadecimal(data.get(2..6)?)?, 6)),
        b'x' => Some((hexadecimal(data.get(2..4)?)?, 4)),
        b'n' => Some((u32::from(b'\n'), 2)),
        b'r' => Some((u32::from(b'\r'), 2)),
        b't' => Some((u32::from(b'\t'), 2)),
        escaped @ (b'"' | b'/' | b'\\') => Some((u32::from(*escaped), 2)),
        _ => None,
    }
}

/// The longest stretches of base64 characters and white space that could hold a canary, with their offsets.
///
/// Hexadecimal and plain letters are in the alphabet of base64 as well.
pub(super) fn stretches(data: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    pieces(data, |byte| is_base64(byte) || is_white_space(byte))
}

/// The bytes that are not white space.
pub(super) fn without_white_space(data: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    data.iter().copied().enumerate().filter(|(_, byte)| !is_white_space(*byte))
}

/// The longest runs of base64 characters of either alphabet that could hold a canary in some form, decoded.
pub(super) fn base64_runs(data: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    pieces(data, is_base64).map(|(offset, run)| (offset, decode_run(run)))
}

/// The longest pieces of bytes of a kind that are long enough to hold a canary, with their offsets.
fn pieces(data: &[u8], is_kind: impl Fn(u8) -> bool) -> impl Iterator<Item = (usize, &[u8])> {
    let mut begin = 0;
    data.split(move |byte| !is_kind(*byte)).filter_map(move |piece| {
        let offset = begin;
        begin += piece.len() + 1;
        (piece.len() >= SHORTEST_PIECE).then_some((offset, piece))
    })
}

/// A compressed stream that begins somewhere in the data.
pub(super) struct Container<'a> {
    /// Which format its header names.
    pub(super) encoding: Encoding,
    /// The data from its header on.
    data: &'a [u8],
}

/// What a compressed stream held.
pub(super) struct Inflated {
    /// Its content, up to the limit or to the first defect.
    pub(super) bytes: Vec<u8>,
    /// How many bytes of the source it took; `None` if it has a defect or was cut.
    pub(super) consumed: Option<usize>,
    /// Whether there was more than the limit allows.
    pub(super) cut: bool,
}

impl<'a> Container<'a> {
    /// The stream whose header is at the beginning of the data.
    ///
    /// A zlib header is two bytes (RFC 1950), and eight windows times four levels of them would make every hundredth
    /// pair of letters a header: only those of the usual window of 32 KiB are taken for one.
    pub(super) fn at(data: &'a [u8]) -> Option<Self> {
        let encoding = match data {
            [0x1f, 0x8b, 8, ..] => Encoding::Gzip,
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Encoding::Zlib,
            _ => return None,
        };
        Some(Self { encoding, data })
    }

    /// The content, at most `limit` bytes of it.
    ///
    /// A defect ends it: what was readable until then is searched all the same.
    pub(super) fn inflate(&self, limit: usize) -> Inflated {
        let mut rest = self.data;
        let (bytes, sound) = if self.encoding == Encoding::Gzip {
            read_some(GzDecoder::new(&mut rest), limit)
        } else {
            read_some(ZlibDecoder::new(&mut rest), limit)
        };
        let cut = bytes.len() > limit;
        let consumed = (sound && !cut).then(|| self.data.len() - rest.len());
        Inflated { bytes, consumed, cut }
    }
}

/// Reads to the end, to the first defect, or to one byte more than the limit; says whether there was no defect.
fn read_some(mut source: impl Read, limit: usize) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() <= limit {
        let wanted = chunk.len().min(limit + 1 - bytes.len());
        match source.read(&mut chunk[..wanted]) {
            Ok(0) => return (bytes, true),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(_) => return (bytes, false),
        }
    }
    (bytes, true)
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

fn decode_run(run: &[u8]) -> Vec<u8> {
    // One character beyond a group of four holds no whole byte.
    let whole = if run.len() % 4 == 1 { &run[..run.len() - 1] } else { run };
    let url_safe: Vec<u8> = whole
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    LENIENT.decode(url_safe).expect("the run has no character but the alphabet's and no lone last one")
}

fn is_base64(byte: u8) -> bool {
    BASE64[usize::from(byte)]
}

pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The characters of both alphabets.
const BASE64: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// 40 random characters of base62 have 238 bits: no code for them has fewer than 30 bytes, or 40 characters of base64.
const SHORTEST_PIECE: usize = 40;

/// How far around an escape what it belongs to is looked for: twice the longest form that has an escape in each line.
const NEIGHBOURHOOD: usize = 512;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(decoded: impl Iterator<Item = (usize, u8)>) -> Vec<u8> {
        decoded.map(|(_, byte)| byte).collect()
    }

    #[test]
    fn percent_decoding_leaves_what_is_no_escape() {
        assert_eq!(bytes(PERCENT.decode(b"%73%6A %zz %4")), b"sj %zz %4");
    }

    #[test]
    fn json_decoding_knows_the_escapes_of_other_languages() {
        assert_eq!(bytes(JSON.decode(br"\u0073\x63\n\q\u20ac\\")), b"sc\n\\q?\\");
    }

    #[test]
    fn a_decoded_byte_knows_where_it_came_from() {
        assert_eq!(PERCENT.decode(b"a%73c").collect::<Vec<_>>(), [(0, b'a'), (1, b's'), (4, b'c')]);
    }

    #[test]
    fn only_what_is_near_an_escape_is_decoded() {
        let far = "-".repeat(3 * NEIGHBOURHOOD);
        let data = format!("{far}%41{far}%zz{far}%42-%43");
        let parts: Vec<(usize, usize)> =
            PERCENT.neighbourhoods(data.as_bytes()).map(|(offset, part)| (offset, part.len())).collect();
        let second = 3 * far.len() + 6;
        assert_eq!(
            parts,
            [(2 * NEIGHBOURHOOD, 2 * NEIGHBOURHOOD), (second - NEIGHBOURHOOD, NEIGHBOURHOOD + 7)]
        );
    }

    #[test]
    fn runs_too_short_for_a_canary_are_not_decoded() {
        let run = "A".repeat(SHORTEST_PIECE);
        let data = format!("{}:{run}=", "A".repeat(SHORTEST_PIECE - 1));
        assert_eq!(
            base64_runs(data.as_bytes()).collect::<Vec<_>>(),
            [(SHORTEST_PIECE, vec![0; SHORTEST_PIECE * 3 / 4])]
        );
    }

    #[test]
    fn a_header_with_a_wrong_check_sum_begins_no_stream() {
        assert!(Container::at(&[0x78, 0x9c, 0]).is_some());
        assert!(Container::at(&[0x78, 0x9d, 0]).is_none());
        assert!(Container::at(&[0x1f, 0x8b, 7]).is_none());
    }
}

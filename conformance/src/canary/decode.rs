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

/// The bytes that are not white space.
pub(super) fn without_white_space(data: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    data.iter().copied().enumerate().filter(|(_, byte)| !is_white_space(*byte))
}

/// The bytes with `%41` decoded.
pub(super) fn percent(data: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    unescaped(data, |rest| {
        let digits = rest.strip_prefix(b"%")?.get(..2)?;
        Some((hexadecimal(digits)?, 3))
    })
}

/// The bytes with JSON's escapes decoded, and the `\x41` of other languages.
///
/// A character above U+00FF cannot be part of a canary; it becomes `?`.
pub(super) fn json_escapes(data: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    unescaped(data, |rest| {
        let rest = rest.strip_prefix(b"\\")?;
        match rest.first()? {
            b'u' => Some((hexadecimal(rest.get(1..5)?)?, 6)),
            b'x' => Some((hexadecimal(rest.get(1..3)?)?, 4)),
            b'n' => Some((u32::from(b'\n'), 2)),
            b'r' => Some((u32::from(b'\r'), 2)),
            b't' => Some((u32::from(b'\t'), 2)),
            escaped @ (b'"' | b'/' | b'\\') => Some((u32::from(*escaped), 2)),
            _ => None,
        }
    })
}

/// The longest runs of base64 characters of either alphabet that could hold a canary in some form, decoded.
pub(super) fn base64_runs(data: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let mut begin = 0;
    data.split(|byte| !is_base64(*byte)).filter_map(move |run| {
        let offset = begin;
        begin += run.len() + 1;
        (run.len() >= SHORTEST_RUN).then(|| (offset, decode_run(run)))
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
    /// How many bytes of the source it took; 0 if unknown because it has a defect.
    pub(super) consumed: usize,
    /// Whether there was more than the limit allows.
    pub(super) cut: bool,
}

impl<'a> Container<'a> {
    /// The stream whose header is at the beginning of the data.
    pub(super) fn at(data: &'a [u8]) -> Option<Self> {
        let encoding = match data {
            [0x1f, 0x8b, 8, ..] => Encoding::Gzip,
            // RFC 1950: method 8, a window of at most 32 KiB, no dictionary, and a check sum over both bytes.
            [method, flags, ..]
                if method & 0x8f == 8
                    && flags & 0x20 == 0
                    && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
            {
                Encoding::Zlib
            }
            _ => return None,
        };
        Some(Self { encoding, data })
    }

    /// The content, at most `limit` bytes of it.
    ///
    /// A defect ends it: what was readable until then is searched all the same.
    pub(super) fn inflate(&self, limit: usize) -> Inflated {
        let mut rest = self.data;
        let (bytes, sound) = match self.encoding {
            Encoding::Gzip => read_some(GzDecoder::new(&mut rest), limit),
            _ => read_some(ZlibDecoder::new(&mut rest), limit),
        };
        let cut = bytes.len() > limit;
        let consumed = if sound && !cut { self.data.len() - rest.len() } else { 0 };
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

/// Replaces what `escape` recognises at a place by the byte of its character, and passes everything else.
fn unescaped<'a>(
    data: &'a [u8],
    escape: impl Fn(&[u8]) -> Option<(u32, usize)> + 'a,
) -> impl Iterator<Item = (usize, u8)> + 'a {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = data.get(offset..).filter(|rest| !rest.is_empty())?;
        let begin = offset;
        let (byte, length) = match escape(rest) {
            Some((character, length)) => (u8::try_from(character).unwrap_or(b'?'), length),
            None => (rest[0], 1),
        };
        offset += length;
        Some((begin, byte))
    })
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
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

pub(super) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// 40 random characters of base62 have 238 bits: no code for them has fewer than 30 bytes, or 40 characters of base64.
const SHORTEST_RUN: usize = 40;

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
        assert_eq!(bytes(percent(b"%73%6A %zz %4")), b"sj %zz %4");
    }

    #[test]
    fn json_decoding_knows_the_escapes_of_other_languages() {
        assert_eq!(bytes(json_escapes(br"\u0073\x63\n\q\u20ac\\")), b"sc\n\\q?\\");
    }

    #[test]
    fn a_decoded_byte_knows_where_it_came_from() {
        assert_eq!(percent(b"a%73c").collect::<Vec<_>>(), [(0, b'a'), (1, b's'), (4, b'c')]);
    }

    #[test]
    fn runs_too_short_for_a_canary_are_not_decoded() {
        let run = "A".repeat(SHORTEST_RUN);
        let data = format!("{}:{run}=", "A".repeat(SHORTEST_RUN - 1));
        assert_eq!(
            base64_runs(data.as_bytes()).collect::<Vec<_>>(),
            [(SHORTEST_RUN, vec![0; SHORTEST_RUN * 3 / 4])]
        );
    }

    #[test]
    fn a_header_with_a_wrong_check_sum_begins_no_stream() {
        assert!(Container::at(&[0x78, 0x9c, 0]).is_some());
        assert!(Container::at(&[0x78, 0x9d, 0]).is_none());
        assert!(Container::at(&[0x1f, 0x8b, 7]).is_none());
    }
}

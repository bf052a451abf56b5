//! The forms of a canary that one pass over the bytes finds without decoding anything.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use crate::observation::Encoding;

/// How a form is recognised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// The bytes tell the encoding.
    Certain(Encoding),
    /// UTF-16 of one byte order or the other: the bytes around the form tell which.
    Utf16,
}

/// Every form of a canary, each with the bytes to search for.
pub(super) fn forms(canary: &str) -> Vec<(Form, Vec<u8>)> {
    let raw = canary.as_bytes();
    let mut forms = vec![
        (Form::Certain(Encoding::Raw), raw.to_vec()),
        (Form::Certain(Encoding::Reversed), raw.iter().rev().copied().collect()),
        (Form::Certain(Encoding::Hex), hexadecimal(raw, b"0123456789abcdef")),
        (Form::Certain(Encoding::Hex), hexadecimal(raw, b"0123456789ABCDEF")),
        (Form::Utf16, interleaved(raw)),
    ];
    forms.extend((0..3).map(|before| (Form::Certain(Encoding::Base64), base64_core(raw, before))));
    forms
}

/// The byte order of a UTF-16 form that begins at `start`, where the first letter is, and ends before `end`.
///
/// Inside ASCII text both neighbours are zero in either order; then the letter's offset decides, which is right where
/// text begins at an even one.
pub(super) fn byte_order(data: &[u8], start: usize, end: usize) -> Encoding {
    let zero_before = start.checked_sub(1).is_some_and(|index| data[index] == 0);
    let zero_after = data.get(end).is_some_and(|byte| *byte == 0);
    match (zero_before, zero_after) {
        (true, false) => Encoding::Utf16Be,
        (false, _) => Encoding::Utf16Le,
        (true, true) if start % 2 == 1 => Encoding::Utf16Be,
        (true, true) => Encoding::Utf16Le,
    }
}

fn hexadecimal(raw: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    raw.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

/// The letters with a zero between each two, which is what both byte orders of UTF-16 have in common.
fn interleaved(raw: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = raw.iter().flat_map(|byte| [*byte, 0]).collect();
    bytes.pop();
    bytes
}

/// The characters of base64 that the canary alone determines when `before` bytes precede it in its group of three.
///
/// Letters and digits never yield the two characters in which the standard and the URL alphabet differ: one form per
/// alignment serves both.
fn base64_core(raw: &[u8], before: usize) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(raw);
    let text = STANDARD_NO_PAD.encode(&bytes).into_bytes();
    // Character i holds bits 6i to 6i+5; it belongs to the canary alone if all of them lie within its bytes.
    let first = (8 * before).div_ceil(6);
    let last = 8 * bytes.len() / 6;
    text[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_cores_hold_what_every_neighbour_leaves_alone() {
        let canary = b"scAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAzz";
        for before in 0..3 {
            let core = base64_core(canary, before);
            for (left, right) in [(0x00, 0x00), (0xff, 0xff), (0x55, 0xaa)] {
                let mut bytes = vec![left; before];
                bytes.extend_from_slice(canary);
                bytes.extend([right; 3]);
                let text = STANDARD_NO_PAD.encode(bytes).into_bytes();
                assert!(text.windows(core.len()).any(|window| window == core), "{before} bytes before");
            }
        }
    }

    #[test]
    fn letters_and_digits_never_yield_the_characters_in_which_the_alphabets_differ() {
        let alphabet: Vec<u8> = (b'0'..=b'z').filter(u8::is_ascii_alphanumeric).collect();
        for first in &alphabet {
            for second in &alphabet {
                for third in &alphabet {
                    let text = STANDARD_NO_PAD.encode([*first, *second, *third]);
                    assert!(!text.contains(['+', '/']));
                }
            }
        }
    }

    #[test]
    fn the_neighbours_tell_the_byte_order() {
        assert_eq!(byte_order(b"s\0c\0", 0, 3), Encoding::Utf16Le);
        assert_eq!(byte_order(b"\0s\0c", 1, 4), Encoding::Utf16Be);
        assert_eq!(byte_order(b"\"\0s\0c\0\"\0", 2, 5), Encoding::Utf16Le);
        assert_eq!(byte_order(b"\0\"\0s\0c\0\"", 3, 6), Encoding::Utf16Be);
    }
}

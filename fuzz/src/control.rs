//! A property that does not hold: whoever searches for failures must find this one.

use crate::Seeds;

/// Panics on one word, which can only be found a letter at a time by who sees how far each attempt comes.
pub fn check(bytes: &[u8]) {
    let mut known = 0;
    for (letter, expected) in bytes.iter().zip(WORD) {
        if letter != expected {
            return;
        }
        known += 1;
    }
    assert!(known < WORD.len(), "the word was found, as it should be");
}

/// Nothing of the word.
pub fn seeds() -> Seeds {
    vec![b"....".to_vec()]
}

const WORD: &[u8] = b"seal";

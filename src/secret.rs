//! Bytes that must not be seen.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes: wiped when dropped, redacted in `Debug`, compared in constant time, never serialised.
///
/// There is no `Display`, no `Serialize` and no `AsRef`: whoever wants the bytes writes [`expose`](Self::expose),
/// which can be grepped.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
///
/// let secret = SecretBytes::from(b"refresh token".to_vec());
/// assert_eq!(format!("{secret:?}"), "SecretBytes([REDACTED; 13])");
/// assert_eq!(secret.expose(), b"refresh token");
/// assert_eq!(secret.len(), 13);
/// assert!(SecretBytes::default().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are; a length is not a secret here.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each part at once: `Vec` wipes byte by byte, which takes as long as reading a large cache from its file.
    fn wipe(&mut self) {
        self.0.spare_capacity_mut().zeroize();
        self.0.as_mut_slice().zeroize();
    }
}

impl Zeroize for SecretBytes {
    /// Wipes the spare capacity too, and leaves nothing.
    fn zeroize(&mut self) {
        self.wipe();
        self.0.clear();
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl ZeroizeOnDrop for SecretBytes {}

impl From<Vec<u8>> for SecretBytes {
    /// Takes the buffer over; its spare capacity is wiped with it.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Eq for SecretBytes {}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        // Byte by byte, comparing a large cache would take as long as putting it on the disk.
        let (blocks, rest) = self.0.as_chunks::<BLOCK>();
        let (other_blocks, other_rest) = other.0.as_chunks::<BLOCK>();
        let same = blocks
            .iter()
            .zip(other_blocks)
            .fold(rest.ct_eq(other_rest), |same, (block, other)| same & difference(block, other).ct_eq(&0));
        same.into()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes([REDACTED; {}])", self.0.len())
    }
}

/// The bits in which two blocks differ, of all their words together: none only if they are the same.
fn difference(block: &[u8; BLOCK], other: &[u8; BLOCK]) -> u64 {
    let (words, _) = block.as_chunks::<WORD>();
    let (other_words, _) = other.as_chunks::<WORD>();
    words.iter().zip(other_words).fold(0, |difference, (word, other)| {
        difference | (u64::from_ne_bytes(*word) ^ u64::from_ne_bytes(*other))
    })
}

/// The bytes that are compared together.
const BLOCK: usize = 64;

/// The bytes of a word.
const WORD: usize = 8;
const _: () = assert!(BLOCK.is_multiple_of(WORD), "no byte of a block is left out");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_length_and_nothing_else() {
        let secret = SecretBytes::from(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "SecretBytes([REDACTED; 7])");
    }

    #[test]
    fn what_is_wiped_holds_nothing() {
        let mut secret = SecretBytes::from(b"hunter2".to_vec());
        secret.wipe();
        assert_eq!(secret.expose(), [0; 7]);
        secret.zeroize();
        assert!(secret.is_empty());
    }

    #[test]
    fn equality_is_about_the_bytes() {
        assert_eq!(SecretBytes::from(vec![1, 2]), SecretBytes::from(vec![1, 2]));
        assert_ne!(SecretBytes::from(vec![1, 2]), SecretBytes::from(vec![1, 3]));
        assert_ne!(SecretBytes::from(vec![1, 2]), SecretBytes::from(vec![1, 2, 0]));
    }

    #[test]
    fn every_byte_of_every_length_counts() {
        for length in 0..3 * BLOCK as u8 + 2 {
            let bytes: Vec<u8> = (0..length).collect();
            assert_eq!(SecretBytes::from(bytes.clone()), SecretBytes::from(bytes.clone()));
            for index in 0..bytes.len() {
                let mut other = bytes.clone();
                other[index] ^= 0x10;
                assert_ne!(SecretBytes::from(bytes.clone()), SecretBytes::from(other), "{length} {index}");
            }
        }
    }

    #[test]
    fn two_differences_do_not_make_up_for_each_other() {
        let bytes = vec![0; 2 * BLOCK];
        for second in 1..bytes.len() {
            let mut other = bytes.clone();
            (other[0], other[second]) = (0x10, 0x10);
            assert_ne!(SecretBytes::from(bytes.clone()), SecretBytes::from(other), "{second}");
        }
    }
}

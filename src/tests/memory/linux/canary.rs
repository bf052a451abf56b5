//! A document that no other memory can look like, and that is kept nowhere as it is.

use token_cache::SecretBytes;

/// A random document of lower case letters; here it is masked, so that what remembers it is not what is found.
pub(crate) struct Canary {
    masked: Vec<u8>,
    /// Every piece of it, masked and in order.
    pieces: Vec<[u8; PIECE]>,
}

impl Canary {
    /// A new document of this size.
    pub(crate) fn new(size: usize) -> Self {
        let mut masked = vec![0; size];
        getrandom::fill(&mut masked).expect("the system has randomness");
        for byte in &mut masked {
            *byte = (b'a' + *byte % 26) ^ MASK;
        }
        let mut pieces: Vec<[u8; PIECE]> =
            masked.windows(PIECE).map(|piece| piece.try_into().expect("as long")).collect();
        pieces.sort_unstable();
        Self { masked, pieces }
    }

    /// The document itself, in memory that is made once.
    pub(crate) fn document(&self) -> Vec<u8> {
        self.masked.iter().map(|byte| byte ^ MASK).collect()
    }

    /// The same in the type that wipes it.
    pub(crate) fn secret(&self) -> SecretBytes {
        self.document().into()
    }

    /// Where a piece of the document begins in some memory, if one does.
    pub(crate) fn position_in(&self, memory: &[u8]) -> Option<usize> {
        // Most memory is no text, so most is passed over without a look at the pieces.
        let mut letters = 0;
        for (index, byte) in memory.iter().enumerate() {
            letters = if byte.is_ascii_lowercase() { letters + 1 } else { 0 };
            if letters < PIECE {
                continue;
            }
            let begin = index + 1 - PIECE;
            let same = |piece: &[u8; PIECE]| {
                let found = memory[begin..=index].iter().map(|byte| byte ^ MASK);
                piece.iter().copied().cmp(found)
            };
            if self.pieces.binary_search_by(same).is_ok() {
                return Some(begin);
            }
        }
        None
    }
}

/// Short enough that one block of a cipher, left on a stack, is found; long enough that no other text is taken for one.
pub(crate) const PIECE: usize = 12;

/// Makes no letter of a letter.
const MASK: u8 = 0x80;

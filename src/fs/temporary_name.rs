//! The names of files that will take the place of others.

use std::io;

/// A new name for a temporary of `target`.
pub(super) fn temporary_name(target: &str) -> io::Result<String> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    Ok(format!("{}{random:0RANDOM_DIGITS$x}", prefix(target)))
}

/// What the names of the temporaries of one file have in common.
pub(super) struct Leftovers(String);

impl Leftovers {
    /// Those of `target`.
    pub(super) fn of(target: &str) -> Self {
        Self(prefix(target))
    }

    /// Whether a name is the whole name of one; a cache may have a name that begins like one, and its files go on
    /// with a dot.
    pub(super) fn include(&self, name: &[u8]) -> bool {
        let random = name.strip_prefix(self.0.as_bytes());
        random.is_some_and(|random| random.len() == RANDOM_DIGITS && random.iter().all(u8::is_ascii_hexdigit))
    }
}

/// Says whose temporary it is without the target's name, which may be as long as a name can be.
fn prefix(target: &str) -> String {
    format!(".tmp-{:016x}-", short_hash(target))
}

/// Stands for a text in a file's name (FNV-1a); whoever wants to can find another text with the same one.
pub(crate) fn short_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

const RANDOM_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_is_a_leftover_of_its_own_target_only() {
        let name = temporary_name("a").expect("random");
        assert!(Leftovers::of("a").include(name.as_bytes()));
        assert!(!Leftovers::of("b").include(name.as_bytes()));
    }

    #[test]
    fn what_ends_otherwise_than_in_sixteen_digits_is_no_leftover() {
        for random in ["", "abc", "0123456789abcdef0", "0123456789abcdeg", "................"] {
            assert!(!Leftovers::of("a").include(format!("{}{random}", prefix("a")).as_bytes()), "{random}");
        }
    }

    #[test]
    fn a_text_has_the_hash_that_fnv_gives_it() {
        // From the authors' own test vectors, of 64 bits.
        for (text, hash) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(short_hash(text), hash, "{text}");
        }
    }

    #[test]
    fn a_cache_whose_name_begins_like_a_leftover_is_none() {
        let name = temporary_name("a").expect("random");
        assert!(!Leftovers::of("a").include(format!("{name}.nocae").as_bytes()));
    }
}

//! What decides everything that a run chooses by chance and a verdict could depend on.

use std::{fmt, str::FromStr};

use hkdf::Hkdf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::Error as _};
use sha2::Sha256;

/// The seed of a run: 128 bits that decide the order of its cases and every canary of its worlds.
///
/// It comes from the operating system unless it is given, so that no implementation can know a canary before it meets
/// it. A run with the same seed, of the same cases by the same version, has the same order and the same canaries: that
/// is what the reproducer of a failure is for. Whoever reads the seed knows the canaries; a session can read it on the
/// command line of its harness, so a first verdict is better taken without one.
///
/// What only has to be unique stays fresh whatever the seed: the names of folders, the tags of sessions, the keys of
/// the bus, the certificate of the authority.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Seed([u8; SEED_BYTES]);

impl Seed {
    /// A seed that nobody can foresee.
    pub fn fresh() -> Self {
        let mut bytes = [0; SEED_BYTES];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(bytes)
    }

    /// The seed of one world. Worlds of equal names are equal, so the name says everything that tells a world apart.
    pub fn world(&self, name: &[&str]) -> WorldSeed {
        WorldSeed(self.derive("world", name))
    }

    /// Where something stands in the order of a run. It does not depend on what else is run.
    pub fn place(&self, of: &str) -> impl Ord + Copy + use<> {
        self.derive("order", &[of])
    }

    fn derive(&self, purpose: &str, name: &[&str]) -> [u8; 32] {
        let mut derived = [0; 32];
        expand(&self.0, purpose, name, &mut derived);
        derived
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({self})")
    }
}

impl FromStr for Seed {
    type Err = SeedError;

    /// Fewer digits are taken as those of a small number: `1` is a seed that can be typed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A number's own parser also takes a sign.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SeedError::Digits);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_too_large| SeedError::Length)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Seed {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seed".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The seed of a run: what decides the order of its cases and every canary.",
            "type": "string",
            "pattern": "^[0-9a-fA-F]{1,32}$",
        })
    }
}

/// The seed of one world, from which its canaries come.
#[derive(Clone, Eq, PartialEq)]
pub struct WorldSeed([u8; 32]);

impl WorldSeed {
    /// The seed of a world that is like no other.
    pub fn fresh() -> Self {
        Seed::fresh().world(&[])
    }

    /// Bytes for a purpose, a block at a time.
    pub(super) fn block<const N: usize>(&self, purpose: &str, name: &str, number: u32) -> [u8; N] {
        let mut block = [0; N];
        expand(&self.0, purpose, &[name, &number.to_string()], &mut block);
        block
    }
}

impl fmt::Debug for WorldSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorldSeed(..)")
    }
}

/// Lengths go before the parts, so that no two lists of parts are the same bytes.
fn expand(key: &[u8], purpose: &str, name: &[&str], output: &mut [u8]) {
    let mut info = Vec::new();
    for part in [purpose].iter().chain(name) {
        info.extend((part.len() as u64).to_be_bytes());
        info.extend(part.as_bytes());
    }
    Hkdf::<Sha256>::new(Some(SALT), key)
        .expand(&info, output)
        .expect("what is asked for is shorter than 255 hashes");
}

/// Why a text is no seed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// Something else than digits.
    #[error("a seed is written in hexadecimal digits, such as 5eed")]
    Digits,
    /// More than fits.
    #[error("a seed has at most {} hexadecimal digits", 2 * SEED_BYTES)]
    Length,
}

const SEED_BYTES: usize = 16;
const SALT: &[u8] = b"sealcheck seed, version 1";

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(text: &str) -> Seed {
        text.parse().expect("seeds in tests are well formed")
    }

    #[test]
    fn a_seed_is_written_as_it_is_read() {
        assert_eq!(seed("5EED").to_string(), "00000000000000000000000000005eed");
        let fresh = Seed::fresh();
        assert_eq!(seed(&fresh.to_string()), fresh);
        assert_ne!(fresh, Seed::fresh());
    }

    #[test]
    fn what_is_no_number_of_128_bits_is_refused() {
        for text in ["", "+1", "-1", "0x1", "seed", " 1", "1 "] {
            assert_eq!(text.parse::<Seed>(), Err(SeedError::Digits), "{text:?}");
        }
        assert_eq!("1".repeat(33).parse::<Seed>(), Err(SeedError::Length));
        let error = "1".repeat(33).parse::<Seed>().expect_err("it is too long");
        assert_eq!(error.to_string(), "a seed has at most 32 hexadecimal digits");
    }

    #[test]
    fn worlds_of_other_names_or_seeds_are_others() {
        let world = seed("1").world(&["case", "naming/default-name"]);
        assert_eq!(world, seed("1").world(&["case", "naming/default-name"]));
        assert_ne!(world, seed("2").world(&["case", "naming/default-name"]));
        assert_ne!(world, seed("1").world(&["casenaming/default-name"]));
        assert_ne!(world, seed("1").world(&["case", "naming/default-name", ""]));
        assert_ne!(world, seed("1").world(&["twin", "naming/default-name"]));
    }

    #[test]
    fn an_order_is_that_of_the_seed_and_of_nothing_else() {
        let order = |seed: Seed, of: &[&'static str]| {
            let mut order = of.to_vec();
            order.sort_by_key(|name| seed.place(name));
            order
        };
        let names = ["a", "b", "c", "d", "e", "f"];
        let whole = order(seed("1"), &names);
        assert_eq!(order(seed("1"), &["f", "e", "d", "c", "b", "a"]), whole);
        let rest: Vec<_> = whole.iter().copied().filter(|name| *name != "c").collect();
        assert_eq!(order(seed("1"), &["a", "b", "d", "e", "f"]), rest);
        let orders = ["1", "2", "3", "4"].map(|text| order(seed(text), &names));
        assert!(orders.iter().any(|order| *order != whole), "{orders:?}");
    }

    #[test]
    fn the_derivation_is_hkdf_and_another_version_of_it_is_another_salt() {
        let block: [u8; 8] = seed("5eed").world(&["case", "naming/default-name"]).block("role", "token", 0);
        assert_eq!(block, KNOWN, "{block:02x?}");
    }

    /// Made by HKDF of another library, from the description of the parts.
    const KNOWN: [u8; 8] = [0x1d, 0xfd, 0x5c, 0x81, 0x2b, 0x1e, 0x4f, 0xba];
}

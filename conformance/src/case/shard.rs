//! One part of a selection that is spread over several machines.

use std::{fmt, num::NonZeroU16, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::Error as _};
use sha2::{Digest as _, Sha256};

use super::CaseId;

/// One of n parts of a selection: the cases whose ids have a hash that falls to it. Written `hash:1/4`.
///
/// The hash is of the id and of nothing else, so a case is in the same part on every machine, in every version and
/// beside whatever other cases. A case is never parted: its checks share a world.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Shard {
    number: NonZeroU16,
    count: NonZeroU16,
}

impl Shard {
    /// The part with a number, from 1, of so many; `None` for a number that is none of theirs.
    pub fn new(number: u16, count: u16) -> Option<Self> {
        let (number, count) = (NonZeroU16::new(number)?, NonZeroU16::new(count)?);
        (number <= count).then_some(Self { number, count })
    }

    /// Which part it is, from 1.
    pub fn number(self) -> u16 {
        self.number.get()
    }

    /// How many parts there are.
    pub fn count(self) -> u16 {
        self.count.get()
    }

    /// Whether a case belongs to it. Every case belongs to exactly one of the parts.
    pub fn owns(self, case: &CaseId) -> bool {
        let hash = Sha256::digest(case.as_str());
        let leading = u64::from_be_bytes(*hash.first_chunk().expect("a hash of SHA-256 has 32 bytes"));
        // The hash as a fraction of its range, times the count.
        let part = (u128::from(leading) * u128::from(self.count.get())) >> 64;
        part + 1 == u128::from(self.number.get())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hash:{}/{}", self.number, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.strip_prefix("hash:").and_then(|parts| parts.split_once('/'));
        let (number, count) = parts.ok_or(ShardError::Shape)?;
        let parse = |digits: &str| digits.parse().map_err(|_no_number| ShardError::Shape);
        let (number, count) = (parse(number)?, parse(count)?);
        Self::new(number, count).ok_or(ShardError::Range { number, count })
    }
}

impl Serialize for Shard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Shard {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Shard".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "One of n parts of a selection, by a hash of the ids of cases.",
            "type": "string",
            "pattern": "^hash:[1-9][0-9]*/[1-9][0-9]*$",
        })
    }
}

/// Why a text is no shard.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// Not of the form.
    #[error("a shard is written hash:NUMBER/COUNT, such as hash:1/4")]
    Shape,
    /// Not one of the parts.
    #[error("there is no shard {number} of {count}: they are counted from 1")]
    Range {
        /// The number.
        number: u16,
        /// How many there are.
        count: u16,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalogue;

    fn shard(text: &str) -> Shard {
        text.parse().expect("shards in tests are well formed")
    }

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        assert_eq!(shard("hash:2/7"), Shard::new(2, 7).expect("there are seven"));
        assert_eq!(shard("hash:2/7").to_string(), "hash:2/7");
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1/4", "hash:1", "hash:a/4", "hash:1/-4", "hash:1/4/2", "slice:1/4", "hash:1/65536"]
        {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Shape), "{text:?}");
        }
        for (text, number, count) in [("hash:0/4", 0, 4), ("hash:5/4", 5, 4), ("hash:1/0", 1, 0)] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Range { number, count }));
        }
    }

    #[test]
    fn every_case_belongs_to_exactly_one_shard() {
        for count in 1..=9 {
            for case in catalogue::all().cases() {
                let owners = (1..=count).filter_map(|number| Shard::new(number, count));
                assert_eq!(owners.filter(|shard| shard.owns(&case.id)).count(), 1, "{} of {count}", case.id);
            }
        }
    }

    /// Computed by another program: the leading 64 bits of SHA-256, big-endian, times the count, without the lowest 64.
    #[test]
    fn cases_belong_to_the_same_shards_for_ever() {
        for (case, owners) in KNOWN {
            let case: CaseId = case.parse().expect("ids in tests are well formed");
            for (count, number) in [2, 3, 4, 7].into_iter().zip(owners) {
                let owner = Shard::new(number, count).expect("there is such a shard");
                assert!(owner.owns(&case), "{case} is not in {owner}");
            }
        }
    }

    const KNOWN: [(&str, [u16; 4]); 3] = [
        ("fail-closed/no-bus", [1, 1, 2, 3]),
        ("input/empty-name", [1, 2, 2, 4]),
        ("naming/default-name", [2, 3, 4, 7]),
    ];
}

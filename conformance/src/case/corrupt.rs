//! Files that are no cache, to be planted as one: those of `fixtures/corrupt/`, embedded.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::Error as _};

/// The name of a file of `fixtures/corrupt/`; one that is not there cannot be named.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(with = "String")]
#[serde(transparent)]
pub struct CorruptFile(&'static str);

impl CorruptFile {
    /// The file with a name.
    pub fn find(name: &str) -> Option<Self> {
        FILES.iter().find(|(known, _)| *known == name).map(|(known, _)| Self(known))
    }

    /// Its bytes.
    pub fn content(self) -> &'static [u8] {
        let file = FILES.iter().find(|(known, _)| *known == self.0);
        file.map(|(_, content)| *content).expect("the name was found among the files")
    }
}

impl fmt::Display for CorruptFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'de> Deserialize<'de> for CorruptFile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::find(&name).ok_or_else(|| {
            D::Error::custom(format!("fixtures/corrupt has no file {name:?}; its index.json names them all"))
        })
    }
}

include!(concat!(env!("OUT_DIR"), "/corrupt.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_can_be_named_and_another_cannot() {
        let found: CorruptFile = serde_json::from_str("\"one-byte.json\"").expect("the file is there");
        assert_eq!((found.to_string().as_str(), found.content()), ("one-byte.json", b"{".as_slice()));
        let error = serde_json::from_str::<CorruptFile>("\"gone.bin\"").expect_err("there is no such file");
        assert!(error.to_string().contains("has no file \"gone.bin\""), "{error}");
    }
}

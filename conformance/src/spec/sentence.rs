//! The sentences of the specification, and why some are judged by no check.

use std::{fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize, de::Error as _};

use super::embedded;
use crate::case::{Catalogue, RequirementLevel};

/// The sentences that are embedded in this binary.
pub fn sentences() -> &'static Sentences {
    static SENTENCES: LazyLock<Sentences> = LazyLock::new(|| {
        Sentences::parse(embedded::file(FILE)).expect("a test parses the embedded sentences")
    });
    &SENTENCES
}

/// `S1` to `S17`. Ids never change and are never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SentenceId(u32);

/// A sentence of the specification, verbatim.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// Its id.
    pub id: SentenceId,
    /// The sentence.
    pub text: String,
    /// Why no check, or no check of all of it, judges it.
    #[serde(default)]
    pub exclusion: Option<Exclusion>,
}

/// Why a sentence is not judged.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// How much of the sentence is left out.
    pub extent: Extent,
    /// Why, for people.
    pub reason: String,
}

/// How much of a sentence an exclusion leaves out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it: no check may cite it.
    Whole,
    /// A part: some check must cite it all the same.
    Part,
}

/// All sentences, in order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Sentences {
    /// Where the text is from.
    pub source: String,
    #[serde(rename = "sentence")]
    sentences: Vec<Sentence>,
}

impl Sentences {
    /// Sentences from the text of their file.
    ///
    /// # Errors
    ///
    /// [`SpecError::Syntax`] for what is not TOML of the right shape, [`SpecError::Order`] where ids do not ascend.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let read = toml::from_str::<Self>(text).map_err(|error| SpecError::Syntax(error.to_string()))?;
        match read.sentences.windows(2).find(|pair| pair[0].id >= pair[1].id) {
            Some(pair) => Err(SpecError::Order(pair[1].id)),
            None => Ok(read),
        }
    }

    /// Every sentence.
    pub fn iter(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter()
    }

    /// The sentence with an id.
    pub fn find(&self, id: SentenceId) -> Option<&Sentence> {
        self.sentences.iter().find(|sentence| sentence.id == id)
    }

    /// Whether every sentence is judged by a `must` check or excluded with a reason.
    ///
    /// # Errors
    ///
    /// [`CoverageError`] with the sentences that are neither.
    pub fn covered_by(&self, catalogue: &Catalogue) -> Result<(), CoverageError> {
        let judged = |id: SentenceId| {
            let mut musts = catalogue.level(RequirementLevel::Must);
            musts.any(|check| check.requirement.sentences.iter().any(|cited| *cited == id.to_string()))
        };
        let open = self.iter().filter(|sentence| !sentence.is_excluded() && !judged(sentence.id));
        let open = open.map(|sentence| sentence.id).collect::<Vec<_>>();
        if open.is_empty() { Ok(()) } else { Err(CoverageError { open }) }
    }
}

impl Sentence {
    /// Whether all of it is left out.
    pub fn is_excluded(&self) -> bool {
        self.exclusion.as_ref().is_some_and(|exclusion| exclusion.extent == Extent::Whole)
    }
}

impl fmt::Display for SentenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("S{}", self.0))
    }
}

impl FromStr for SentenceId {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix('S').filter(|digits| !digits.starts_with(['0', '+']));
        let number = number.and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or_else(|| SpecError::Id(text.into()))
    }
}

impl<'de> Deserialize<'de> for SentenceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Why a file of sentences was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Not an id.
    #[error("{0:?} is no id of a sentence; ids are S1, S2 and so on")]
    Id(String),
    /// Ids do not ascend.
    #[error("spec/{FILE}: {0} does not come after the sentence before it")]
    Order(SentenceId),
    /// Not TOML of the right shape.
    #[error("spec/{FILE}: {0}")]
    Syntax(String),
}

/// Sentences that nothing judges and nothing excludes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no `must` check cites {open:?}; write one, or an exclusion with a reason")]
pub struct CoverageError {
    /// Their ids.
    pub open: Vec<SentenceId>,
}

const FILE: &str = "sentences.toml";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalogue;

    #[test]
    fn the_embedded_sentences_are_the_seventeen_of_the_specification() {
        let parsed = Sentences::parse(embedded::file(FILE)).unwrap_or_else(|error| panic!("{error}"));
        let ids = parsed.iter().map(|sentence| sentence.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids, (1..=17).map(|number| format!("S{number}")).collect::<Vec<_>>());
    }

    #[test]
    fn every_sentence_is_judged_or_excluded_with_a_reason() {
        assert_eq!(sentences().covered_by(catalogue::all()), Ok(()));
        for sentence in sentences().iter() {
            let reason = sentence.exclusion.as_ref().map(|exclusion| exclusion.reason.trim());
            assert_ne!(reason, Some(""), "{} is excluded without a reason", sentence.id);
        }
    }

    #[test]
    fn a_sentence_that_is_neither_is_named() {
        let text = "source = \"x\"\n[[sentence]]\nid = \"S99\"\ntext = \"x\"\n";
        let parsed = Sentences::parse(text).expect("the shape is right");
        assert_eq!(
            parsed.covered_by(catalogue::all()),
            Err(CoverageError { open: vec!["S99".parse().expect("an id")] })
        );
    }

    #[test]
    fn ids_ascend_and_unknown_keys_are_refused() {
        let twice = "source = \"x\"\n[[sentence]]\nid = \"S2\"\ntext = \"x\"\n[[sentence]]\nid = \"S2\"\ntext = \"x\"\n";
        assert_eq!(Sentences::parse(twice), Err(SpecError::Order("S2".parse().expect("an id"))));
        let unknown = "source = \"x\"\n[[sentence]]\nid = \"S2\"\ntext = \"x\"\nwhy = \"x\"\n";
        assert!(matches!(Sentences::parse(unknown), Err(SpecError::Syntax(_))));
    }

    #[test]
    fn only_s_and_a_number_is_an_id() {
        for text in ["S", "s1", "1", "S01", "S+1", "S1 ", "S-1"] {
            assert_eq!(text.parse::<SentenceId>(), Err(SpecError::Id(text.into())));
        }
    }
}

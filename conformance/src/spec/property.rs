//! The catalogue of properties, and why some are covered by no case.

use std::{fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize, de::Error as _};

use super::embedded;
use crate::case::{Area, Platform};

/// The properties that are embedded in this binary.
pub fn properties() -> &'static Properties {
    static PROPERTIES: LazyLock<Properties> = LazyLock::new(|| {
        Properties::parse(embedded::file(FILE)).expect("a test parses the embedded properties")
    });
    &PROPERTIES
}

/// `NAM-01` and its like: an area and a number. Ids never change and are never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PropertyId {
    area: Area,
    number: u8,
}

/// Something that a token cache can be held to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Its id.
    pub id: PropertyId,
    /// Whether the catalogue must answer for it.
    pub tier: Tier,
    /// Where it can be broken at all.
    pub platforms: Vec<Platform>,
    /// What is asked, in one sentence.
    pub text: String,
    /// CWE numbers, the closest one first.
    pub cwe: Vec<u32>,
    /// The closest requirements of OWASP ASVS 5.0.
    pub asvs: Vec<String>,
    /// Why no case covers it.
    #[serde(default)]
    pub exclusion: Option<String>,
}

/// How much depends on a property.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Tier {
    /// A secret or the only copy of one can be lost: covered by a case, or excluded with a reason.
    T1,
    /// Needs a further mistake, or hurts few.
    T2,
    /// Worth knowing.
    T3,
}

/// All properties, in the order of areas.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Properties {
    #[serde(rename = "property")]
    properties: Vec<Property>,
}

impl Properties {
    /// Properties from the text of their file.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Syntax`] for what is not TOML of the right shape, [`PropertyError::Order`] where ids do not ascend,
    /// [`PropertyError::Blank`] where a text, a list of platforms or the reason of an exclusion is empty.
    pub fn parse(text: &str) -> Result<Self, PropertyError> {
        let read = toml::from_str::<Self>(text).map_err(|error| PropertyError::Syntax(error.to_string()))?;
        if let Some(pair) = read.properties.windows(2).find(|pair| pair[0].id >= pair[1].id) {
            return Err(PropertyError::Order(pair[1].id));
        }
        let blank = read.properties.iter().find_map(|property| Some((property.id, property.blank()?)));
        match blank {
            Some((id, key)) => Err(PropertyError::Blank { id, key }),
            None => Ok(read),
        }
    }

    /// Every property.
    pub fn iter(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter()
    }

    /// The property with an id.
    pub fn find(&self, id: PropertyId) -> Option<&Property> {
        self.properties.iter().find(|property| property.id == id)
    }
}

impl Property {
    /// The first key that says nothing.
    fn blank(&self) -> Option<&'static str> {
        let exclusion = self.exclusion.as_deref();
        [
            ("text", self.text.trim().is_empty()),
            ("platforms", self.platforms.is_empty()),
            ("exclusion", exclusion.is_some_and(|reason| reason.trim().is_empty())),
        ]
        .into_iter()
        .find_map(|(key, is_blank)| is_blank.then_some(key))
    }
}

impl PropertyId {
    /// The area that it belongs to.
    pub fn area(self) -> Area {
        self.area
    }
}

/// The letters that an area has in ids of properties.
fn letters(area: Area) -> &'static str {
    match area {
        Area::Naming => "NAM",
        Area::Isolation => "ISO",
        Area::Encryption => "ENC",
        Area::FailClosed => "CLO",
        Area::Fallback => "FBK",
        Area::FileHygiene => "FIL",
        Area::Durability => "CON",
        Area::Leakage => "LEK",
        Area::Availability => "AVL",
        Area::Input => "INP",
        Area::Lifecycle => "LIF",
    }
}

impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}-{:02}", letters(self.area), self.number))
    }
}

impl FromStr for PropertyId {
    type Err = PropertyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || PropertyError::Id(text.into());
        let (prefix, digits) = text.split_once('-').ok_or_else(malformed)?;
        let area = Area::ALL.into_iter().find(|area| letters(*area) == prefix).ok_or_else(malformed)?;
        let number = digits.parse().map_err(|_malformed| malformed())?;
        let id = Self { area, number };
        if id.to_string() == text { Ok(id) } else { Err(malformed()) }
    }
}

impl<'de> Deserialize<'de> for PropertyId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for PropertyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a file of properties was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyError {
    /// Not an id.
    #[error("{0:?} is no id of a property; ids are three letters of an area and two digits, such as NAM-01")]
    Id(String),
    /// Ids do not ascend.
    #[error("spec/{FILE}: {0} does not come after the property before it")]
    Order(PropertyId),
    /// A key says nothing.
    #[error("spec/{FILE}: `{key}` of {id} is empty; fill it in or leave it out")]
    Blank {
        /// The property.
        id: PropertyId,
        /// The key.
        key: &'static str,
    },
    /// Not TOML of the right shape.
    #[error("spec/{FILE}: {0}")]
    Syntax(String),
}

const FILE: &str = "properties.toml";

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PropertyId {
        text.parse().expect("ids in tests are well formed")
    }

    fn property(id: &str, more: &str) -> String {
        format!(
            "[[property]]\nid = \"{id}\"\ntier = \"T1\"\nplatforms = [\"linux\"]\ntext = \"x\"\ncwe = []\nasvs = []\n{more}\n"
        )
    }

    #[test]
    fn the_embedded_catalogue_parses_and_has_its_sixty_nine_properties_of_the_first_tier() {
        let parsed = Properties::parse(embedded::file(FILE)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(parsed.iter().filter(|property| property.tier == Tier::T1).count(), 69);
        assert_eq!(parsed.iter().count(), 134);
    }

    #[test]
    fn every_id_of_the_embedded_catalogue_is_its_own_text() {
        for property in properties().iter() {
            assert_eq!(id(&property.id.to_string()), property.id);
        }
    }

    #[test]
    fn ids_ascend_by_area_and_number() {
        for (first, second) in [("NAM-02", "NAM-02"), ("NAM-02", "NAM-01"), ("ISO-01", "NAM-01")] {
            let text = property(first, "") + &property(second, "");
            assert_eq!(Properties::parse(&text), Err(PropertyError::Order(id(second))));
        }
        assert!(Properties::parse(&(property("NAM-09", "") + &property("ISO-01", ""))).is_ok());
    }

    #[test]
    fn an_exclusion_without_a_reason_is_refused() {
        assert_eq!(
            Properties::parse(&property("NAM-01", "exclusion = \" \"")),
            Err(PropertyError::Blank { id: id("NAM-01"), key: "exclusion" })
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(matches!(
            Properties::parse(&property("NAM-01", "why = \"x\"")),
            Err(PropertyError::Syntax(_))
        ));
    }

    #[test]
    fn only_the_letters_of_an_area_and_two_digits_are_an_id() {
        for text in ["", "NAM", "NAM-1", "NAM-001", "nam-01", "XYZ-01", "NAM-+1", "NAM-01 ", "NAM01"] {
            assert_eq!(text.parse::<PropertyId>(), Err(PropertyError::Id(text.into())));
        }
    }
}

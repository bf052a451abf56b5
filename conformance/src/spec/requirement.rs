//! Frozen sets of checks.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::embedded::REQUIREMENTS;
use crate::case::{Catalogue, CheckId};

/// The requirement sets that are embedded in this binary, the oldest first.
///
/// # Errors
///
/// [`RequirementSetError::Syntax`] for the first file that is none.
pub fn requirement_sets() -> Result<Vec<RequirementSet>, RequirementSetError> {
    REQUIREMENTS.iter().map(|(path, text)| RequirementSet::parse(path, text)).collect()
}

/// A frozen, versioned list of checks: an implementation is *conformant* only to a whole one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RequirementSet {
    /// Its version, which is also its file's name, such as `2026.1`.
    pub set: String,
    /// What it is for, in one line.
    pub title: String,
    /// The checks, each with the revision of its case that was frozen.
    pub checks: Vec<Required>,
}

/// One check of a set.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The check.
    pub check: CheckId,
    /// The revision of its case.
    pub rev: u32,
}

impl RequirementSet {
    /// A set from the text of its file.
    ///
    /// # Errors
    ///
    /// [`RequirementSetError::Syntax`], [`RequirementSetError::Name`] where file and version differ, and
    /// [`RequirementSetError::Twice`].
    pub fn parse(path: &str, text: &str) -> Result<Self, RequirementSetError> {
        let file = format!("requirements/{path}");
        let read = toml::from_str::<Self>(text)
            .map_err(|error| RequirementSetError::Syntax { file: file.clone(), cause: error.to_string() })?;
        if path.strip_suffix(".toml") != Some(&read.set) {
            return Err(RequirementSetError::Name { file, set: read.set });
        }
        let mut seen = BTreeSet::new();
        match read.checks.iter().find(|required| !seen.insert(&required.check)) {
            Some(twice) => Err(RequirementSetError::Twice { file, check: twice.check.clone() }),
            None => Ok(read),
        }
    }

    /// Whether every check of the set is in the catalogue, in the revision that was frozen.
    ///
    /// # Errors
    ///
    /// [`RequirementSetError::Missing`] or [`RequirementSetError::Revised`] for the first that is not.
    pub fn held_by(&self, catalogue: &Catalogue) -> Result<(), RequirementSetError> {
        for Required { check, rev } in &self.checks {
            let set = || self.set.clone();
            let Some((case, _)) = catalogue.check(check) else {
                return Err(RequirementSetError::Missing { set: set(), check: check.clone() });
            };
            if case.rev != *rev {
                return Err(RequirementSetError::Revised {
                    set: set(),
                    check: check.clone(),
                    frozen: *rev,
                    found: case.rev,
                });
            }
        }
        Ok(())
    }
}

/// Why a requirement set was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequirementSetError {
    /// Not TOML of the right shape.
    #[error("{file}: {cause}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says.
        cause: String,
    },
    /// File and version differ.
    #[error("{file} holds the set {set:?}; file and set must have one name")]
    Name {
        /// The file.
        file: String,
        /// The version that it holds.
        set: String,
    },
    /// A check is listed twice.
    #[error("{file} lists {check} twice")]
    Twice {
        /// The file.
        file: String,
        /// The check.
        check: CheckId,
    },
    /// A check does not exist.
    #[error("requirement set {set}: there is no check {check}; checks of a frozen set stay")]
    Missing {
        /// The set.
        set: String,
        /// The check.
        check: CheckId,
    },
    /// A case has another revision than the one that was frozen.
    #[error("requirement set {set}: {check} was frozen at rev {frozen} and its case is at rev {found}")]
    Revised {
        /// The set.
        set: String,
        /// The check.
        check: CheckId,
        /// The revision that was frozen.
        frozen: u32,
        /// The revision that was found.
        found: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{RequirementLevel, catalogue};

    #[test]
    fn the_newest_set_holds_every_must_check() {
        let sets = requirement_sets().unwrap_or_else(|error| panic!("{error}"));
        let newest = sets.last().expect("there is a set");
        assert_eq!(newest.held_by(catalogue::all()), Ok(()));
        let frozen = newest.checks.iter().map(|required| &required.check).collect::<BTreeSet<_>>();
        let musts = catalogue::all().level(RequirementLevel::Must).map(|check| &check.id).collect();
        assert_eq!(frozen, musts);
    }

    #[test]
    fn a_set_whose_name_is_not_its_files_is_refused() {
        assert_eq!(
            RequirementSet::parse("2026.1.toml", "set = \"2026.2\"\ntitle = \"x\"\nchecks = []"),
            Err(RequirementSetError::Name { file: "requirements/2026.1.toml".into(), set: "2026.2".into() })
        );
    }

    #[test]
    fn a_check_that_does_not_exist_or_was_revised_is_named() {
        let set = |check: &str, rev: u32| {
            let text =
                format!("set = \"1\"\ntitle = \"x\"\nchecks = [{{ check = \"{check}\", rev = {rev} }}]");
            RequirementSet::parse("1.toml", &text).expect("the shape is right")
        };
        assert!(matches!(
            set("naming/default-name#gone", 1).held_by(catalogue::all()),
            Err(RequirementSetError::Missing { .. })
        ));
        assert!(matches!(
            set("naming/default-name#reached-by-its-name", 99).held_by(catalogue::all()),
            Err(RequirementSetError::Revised { frozen: 99, .. })
        ));
    }
}

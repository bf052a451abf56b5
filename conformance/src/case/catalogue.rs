//! Every case in this binary, and selection.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use sha2::{Digest as _, Sha256};

use super::{Case, CaseError, CaseId, Check, CheckId, Pattern, RequirementLevel, load};

/// The cases that are embedded in this binary.
pub fn all() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::load(CASES).expect("a test loads every embedded case"));
    &CATALOGUE
}

/// What is embedded in this binary as one number: SHA-256 of every file, in hexadecimal.
///
/// Results of equal digests are of the same cases, whatever became of their revs.
pub fn digest() -> &'static str {
    static DIGEST: LazyLock<String> = LazyLock::new(|| digest_of(CASES));
    &DIGEST
}

fn digest_of(files: &[(&str, &str)]) -> String {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut hash = Sha256::new();
    for (path, text) in files {
        // A checkout may have changed the ends of lines.
        for part in [path, &text.replace("\r\n", "\n")] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Cases in the order of areas, then of ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    cases: Vec<Case>,
}

/// What of a case was selected.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its checks that were selected, in its own order.
    pub checks: Vec<&'a Check>,
}

impl Catalogue {
    /// A catalogue of files: path below the folder of cases, and text.
    ///
    /// # Errors
    ///
    /// The [`CaseError`] of the first file that is no case, and [`CaseError::Duplicate`] for a path that comes twice.
    pub fn load(files: &[(&str, &str)]) -> Result<Self, CaseError> {
        let mut seen = BTreeSet::new();
        let mut cases = Vec::with_capacity(files.len());
        for (path, text) in files {
            let case = load(path, text)?;
            if !seen.insert(case.id.clone()) {
                return Err(CaseError::Duplicate { file: format!("cases/{path}") });
            }
            cases.push(case);
        }
        cases.sort_by(|one, other| (one.id.area(), &one.id).cmp(&(other.id.area(), &other.id)));
        Ok(Self { cases })
    }

    /// A catalogue of cases that are made by hand, contradictions included.
    #[cfg(test)]
    pub(crate) fn of(cases: Vec<Case>) -> Self {
        Self { cases }
    }

    /// The cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The checks of all cases.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.cases.iter().flat_map(|case| &case.checks)
    }

    /// The case with an id.
    pub fn case(&self, id: &CaseId) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == *id)
    }

    /// The check with an id, and its case.
    pub fn check(&self, id: &CheckId) -> Option<(&Case, &Check)> {
        let case = self.case(&id.case())?;
        Some((case, case.check(id)?))
    }

    /// The checks of a level.
    pub fn level(&self, level: RequirementLevel) -> impl Iterator<Item = &Check> {
        self.checks().filter(move |check| check.requirement.level == level)
    }

    /// The cases and checks that patterns stand for, in the order of the catalogue; no pattern stands for everything.
    ///
    /// # Errors
    ///
    /// [`SelectionError`] for the first pattern that stands for nothing.
    pub fn select<P: AsRef<str>>(&self, patterns: &[P]) -> Result<Vec<Selection<'_>>, SelectionError> {
        let patterns = patterns.iter().map(|pattern| Pattern::new(pattern.as_ref())).collect::<Vec<_>>();
        if let Some(lost) = patterns.iter().find(|pattern| !pattern.matches_any(self.checks())) {
            return Err(SelectionError { pattern: lost.to_string(), near: self.near(lost.as_str()) });
        }
        let wanted =
            |check: &&Check| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&check.id));
        let selections = self.cases.iter().map(|case| {
            let checks = case.checks.iter().filter(wanted).collect::<Vec<_>>();
            Selection { case, checks }
        });
        Ok(selections.filter(|selection| !selection.checks.is_empty()).collect())
    }

    /// Ids that look like a text.
    fn near(&self, text: &str) -> Vec<String> {
        let ids: Vec<&str> = if text.contains('#') {
            self.checks().map(|check| check.id.as_str()).collect()
        } else {
            self.cases.iter().map(|case| case.id.as_str()).collect()
        };
        let mut near = ids
            .into_iter()
            .map(|id| (distance(text, id), id))
            .filter(|(distance, id)| *distance <= id.len() / 3)
            .collect::<Vec<_>>();
        near.sort_unstable();
        near.into_iter().take(NEAR).map(|(_, id)| id.to_owned()).collect()
    }
}

/// A pattern that stands for no case.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{pattern:?} stands for no case{}; `sealcheck list` names them all", suggestion(.near))]
pub struct SelectionError {
    /// The pattern.
    pub pattern: String,
    /// Ids that look like it.
    pub near: Vec<String>,
}

fn suggestion(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(" (near it: {})", near.join(", ")) }
}

/// How many characters must be inserted, removed or replaced to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other = other.chars().collect::<Vec<_>>();
    let mut row = (0..=other.len()).collect::<Vec<_>>();
    for (line, from) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// How many near ids an error names.
const NEAR: usize = 3;

include!(concat!(env!("OUT_DIR"), "/cases.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_case_loads() {
        let catalogue = Catalogue::load(CASES).unwrap_or_else(|error| panic!("{error}"));
        assert!(catalogue.checks().count() >= 24);
    }

    #[test]
    fn the_digest_depends_on_every_path_and_text_and_on_nothing_else() {
        let of = digest_of(&[("a", "x\ny"), ("b", "z")]);
        assert_eq!(of, digest_of(&[("b", "z"), ("a", "x\r\ny")]));
        for other in [&[("a", "x\ny")][..], &[("a", "x\ny"), ("c", "z")], &[("a", "x\ny"), ("b", "w")]] {
            assert_ne!(of, digest_of(other), "{other:?}");
        }
        assert_ne!(digest_of(&[("ab", "c")]), digest_of(&[("a", "bc")]));
    }

    #[test]
    fn a_case_that_comes_twice_is_an_error() {
        let file = CASES[0];
        assert_eq!(
            Catalogue::load(&[file, file]),
            Err(CaseError::Duplicate { file: format!("cases/{}", file.0) })
        );
    }

    #[test]
    fn a_pattern_selects_cases_and_checks_in_the_order_of_the_catalogue() {
        let selected = all().select(&["naming/*"]).expect("there are cases of naming");
        assert!(selected.iter().all(|selection| selection.case.id.as_str().starts_with("naming/")));
        assert!(selected.iter().all(|selection| selection.checks.len() == selection.case.checks.len()));

        let one = all().select(&["fail-closed/no-bus#refuses"]).expect("the check exists");
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].checks.len(), 1);
    }

    #[test]
    fn no_pattern_selects_everything() {
        let selected = all().select::<&str>(&[]).expect("nothing is unmatched");
        assert_eq!(selected.len(), all().cases().len());
    }

    #[test]
    fn an_unmatched_pattern_is_an_error_that_names_near_ids() {
        let error = all().select(&["fail-closed/nobus"]).expect_err("there is no such case");
        assert_eq!(error.pattern, "fail-closed/nobus");
        assert_eq!(error.near.first().map(String::as_str), Some("fail-closed/no-bus"));
        assert!(error.to_string().contains("near it: fail-closed/no-bus"), "{error}");
    }

    #[test]
    fn one_unmatched_pattern_among_good_ones_is_an_error() {
        let error = all().select(&["naming/*", "zzz"]).expect_err("the second stands for nothing");
        assert_eq!(error, SelectionError { pattern: "zzz".into(), near: Vec::new() });
    }

    #[test]
    fn distance_counts_single_edits() {
        assert_eq!(distance("nobus", "no-bus"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abd"), 1);
        assert_eq!(distance("abc", "abc"), 0);
    }
}

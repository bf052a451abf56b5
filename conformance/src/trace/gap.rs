//! Links that are missing, and links that contradict each other.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use super::{
    CheckLine, Counts, Material, PropertyLine, SentenceLine, Trace, counts::Counted, essence::essence,
};
use crate::{
    case::{CheckId, RequirementLevel},
    spec::{Extent, PropertyId, Tier},
};

/// Why a catalogue proves less than it says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "gap", rename_all = "snake_case")]
pub enum Gap {
    /// No `must` check judges a sentence, and no exclusion of all of it says why.
    SentenceOpen {
        /// The sentence.
        sentence: String,
    },
    /// A sentence is excluded as a whole, and a check cites it.
    SentenceExcludedAndJudged {
        /// The sentence.
        sentence: String,
        /// The check.
        check: CheckId,
    },
    /// No case covers a property of the first tier, and no exclusion says why.
    PropertyOpen {
        /// The property.
        property: PropertyId,
        /// What it asks.
        text: String,
    },
    /// A property is excluded, and a case covers it.
    PropertyExcludedAndCovered {
        /// The property.
        property: PropertyId,
        /// A check of the case.
        check: CheckId,
    },
    /// No mutant names a check: it has never been seen to fail.
    CheckWithoutMutant {
        /// The check.
        check: CheckId,
    },
    /// Nothing could witness a check.
    CheckWithoutEvidence {
        /// The check.
        check: CheckId,
    },
    /// Two checks have the same predicate, script and world.
    ChecksAlike {
        /// The first of them.
        first: CheckId,
        /// The second.
        second: CheckId,
    },
    /// A mutant names a check that does not exist.
    NoSuchKiller {
        /// The mutant.
        mutant: &'static str,
        /// What it names.
        check: &'static str,
    },
    /// There is less of something than there must be.
    TooFew {
        /// Of what.
        what: Counted,
        /// How many there are.
        found: usize,
        /// How many there must be.
        wanted: usize,
    },
}

/// Every gap, in the order of the trace.
pub(super) fn all(trace: &Trace, material: &Material<'_>) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    gaps.extend(trace.sentences.iter().filter_map(|line| of_sentence(line, trace)));
    gaps.extend(trace.properties.iter().filter_map(of_property));
    gaps.extend(trace.checks.iter().flat_map(of_check));
    gaps.extend(alike(material));
    gaps.extend(lost_killers(trace, material));
    gaps.extend(too_few(trace.counts, material.minimum));
    gaps
}

fn of_sentence(line: &SentenceLine, trace: &Trace) -> Option<Gap> {
    let sentence = line.sentence.clone();
    let is_must =
        |check: &&CheckId| trace.check(check).is_some_and(|line| line.level == RequirementLevel::Must);
    match line.exclusion.as_ref().map(|exclusion| exclusion.extent) {
        Some(Extent::Whole) => {
            line.checks.first().map(|check| Gap::SentenceExcludedAndJudged { sentence, check: check.clone() })
        }
        Some(Extent::Part) | None => {
            line.checks.iter().find(is_must).is_none().then_some(Gap::SentenceOpen { sentence })
        }
    }
}

fn of_property(line: &PropertyLine) -> Option<Gap> {
    let property = line.property.id;
    match (&line.property.exclusion, line.checks.first(), line.property.tier) {
        (Some(_), Some(check), Tier::T1 | Tier::T2 | Tier::T3) => {
            Some(Gap::PropertyExcludedAndCovered { property, check: check.clone() })
        }
        (None, None, Tier::T1) => Some(Gap::PropertyOpen { property, text: line.property.text.clone() }),
        (None, None, Tier::T2 | Tier::T3) | (Some(_), None, _) | (None, Some(_), _) => None,
    }
}

fn of_check(line: &CheckLine) -> impl Iterator<Item = Gap> {
    let check = || line.check.clone();
    let unproved = line.mutants.is_empty().then(|| Gap::CheckWithoutMutant { check: check() });
    let unwitnessed = line.evidence.is_empty().then(|| Gap::CheckWithoutEvidence { check: check() });
    unproved.into_iter().chain(unwitnessed)
}

fn alike(material: &Material<'_>) -> Vec<Gap> {
    let mut known: Vec<(serde_json::Value, &CheckId)> = Vec::new();
    let mut gaps = Vec::new();
    for case in material.catalogue.cases() {
        for check in &case.checks {
            let judged = essence(case, check);
            match known.iter().find(|(other, _)| *other == judged) {
                Some((_, first)) => {
                    gaps.push(Gap::ChecksAlike { first: (*first).clone(), second: check.id.clone() });
                }
                None => known.push((judged, &check.id)),
            }
        }
    }
    gaps
}

fn lost_killers(trace: &Trace, material: &Material<'_>) -> Vec<Gap> {
    let known: BTreeSet<&str> = trace.checks.iter().map(|line| line.check.as_str()).collect();
    let named =
        material.mutants.iter().flat_map(|mutant| mutant.killers.iter().map(|check| (mutant.name, *check)));
    let lost = named.filter(|(_, check)| !known.contains(check));
    lost.map(|(mutant, check)| Gap::NoSuchKiller { mutant, check }).collect()
}

fn too_few(found: Counts, wanted: Counts) -> impl Iterator<Item = Gap> {
    let pairs = found.each().into_iter().zip(wanted.each());
    pairs.filter(|((_, found), (_, wanted))| found < wanted).map(|((what, found), (_, wanted))| Gap::TooFew {
        what,
        found,
        wanted,
    })
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SentenceOpen { sentence } => {
                write!(
                    f,
                    "{sentence} is judged by no `must` check; write one, or an exclusion in spec/sentences.toml"
                )
            }
            Self::SentenceExcludedAndJudged { sentence, check } => {
                write!(f, "{sentence} is excluded, and {check} cites it; take one of them back")
            }
            Self::PropertyOpen { property, text } => write!(
                f,
                "{property} is covered by no case; write one, or an exclusion in spec/properties.toml: {text}"
            ),
            Self::PropertyExcludedAndCovered { property, check } => {
                write!(f, "{property} is excluded, and the case of {check} covers it; take one of them back")
            }
            Self::CheckWithoutMutant { check } => {
                write!(
                    f,
                    "{check} is named by no mutant; a check that has never been seen to fail proves nothing"
                )
            }
            Self::CheckWithoutEvidence { check } => write!(f, "{check} can be witnessed by nothing"),
            Self::ChecksAlike { first, second } => {
                write!(f, "{first} and {second} have the same predicate, script and world; keep one")
            }
            Self::NoSuchKiller { mutant, check } => {
                write!(f, "the mutant {mutant} names {check}, which does not exist")
            }
            Self::TooFew { what, found, wanted } => {
                write!(f, "there are {found} {what}, and {wanted} are the least")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{CanaryRole, Predicate},
        trace::stage::{CASE, Stage, case, mutant},
    };

    fn check(id: &str) -> CheckId {
        id.parse().expect("ids in tests are well formed")
    }

    fn property(id: &str) -> PropertyId {
        id.parse().expect("ids in tests are well formed")
    }

    #[test]
    fn a_whole_catalogue_has_no_gap() {
        assert_eq!(Stage::complete().trace().gaps, []);
    }

    #[test]
    fn a_sentence_without_a_check_is_open() {
        let mut stage = Stage::complete();
        stage.sentences += "[[sentence]]\nid = \"S5\"\ntext = \"x\"\n";
        assert_eq!(stage.trace().gaps, [Gap::SentenceOpen { sentence: "S5".into() }]);
    }

    #[test]
    fn a_sentence_of_which_a_part_is_excluded_is_open_without_a_check() {
        let mut stage = Stage::complete();
        stage.sentences += "[[sentence]]\nid = \"S5\"\ntext = \"x\"\n[sentence.exclusion]\nextent = \"part\"\nreason = \"x\"\n";
        assert_eq!(stage.trace().gaps, [Gap::SentenceOpen { sentence: "S5".into() }]);
    }

    #[test]
    fn a_sentence_that_only_hardening_cites_is_open() {
        let mut stage = Stage::complete();
        stage.cases[0].checks[0].requirement.level = RequirementLevel::Should;
        assert_eq!(stage.trace().gaps, [Gap::SentenceOpen { sentence: "S4".into() }]);
    }

    #[test]
    fn a_sentence_that_is_excluded_and_cited_contradicts_itself() {
        let mut stage = Stage::complete();
        stage.cases[0].checks[0].requirement.sentences.push("S1".into());
        assert_eq!(
            stage.trace().gaps,
            [Gap::SentenceExcludedAndJudged { sentence: "S1".into(), check: check("naming/example#kept") }]
        );
    }

    #[test]
    fn a_property_of_the_first_tier_without_a_case_is_open_and_others_are_not() {
        let mut stage = Stage::complete();
        stage.cases[0].properties.clear();
        assert_eq!(
            stage.trace().gaps,
            [Gap::PropertyOpen {
                property: property("NAM-01"),
                text: "Caches with different names have nothing in common.".into()
            }]
        );
    }

    #[test]
    fn a_property_that_is_excluded_and_covered_contradicts_itself() {
        let mut stage = Stage::complete();
        stage.cases[0].properties.push("ISO-04".into());
        assert_eq!(
            stage.trace().gaps,
            [Gap::PropertyExcludedAndCovered {
                property: property("ISO-04"),
                check: check("naming/example#kept")
            }]
        );
    }

    #[test]
    fn a_check_that_no_mutant_names_is_unproved() {
        let mut stage = Stage::complete();
        stage.mutants = vec![mutant("forgets", &[])];
        assert_eq!(stage.trace().gaps, [Gap::CheckWithoutMutant { check: check("naming/example#kept") }]);
    }

    #[test]
    fn a_check_that_looks_at_nothing_has_no_evidence() {
        let mut stage = Stage::complete();
        stage.cases[0].checks[0].predicate =
            Predicate::CanaryAbsent { canary: CanaryRole("token".into()), scopes: Vec::new() };
        assert_eq!(stage.trace().gaps, [Gap::CheckWithoutEvidence { check: check("naming/example#kept") }]);
    }

    #[test]
    fn two_checks_that_differ_in_words_only_are_alike() {
        let mut stage = Stage::complete();
        let copy = CASE.replace("title = \"x\"", "title = \"y\"").replace("\"token\"", "\"secret\"");
        stage.cases.push(case("naming/other.toml", &copy));
        stage.mutants = vec![mutant("forgets", &["naming/example#kept", "naming/other#kept"])];
        assert_eq!(
            stage.trace().gaps,
            [Gap::ChecksAlike { first: check("naming/example#kept"), second: check("naming/other#kept") }]
        );
    }

    #[test]
    fn a_mutant_that_names_no_check_that_exists_is_told() {
        let mut stage = Stage::complete();
        stage.mutants.push(mutant("other", &["naming/example#gone"]));
        assert_eq!(stage.trace().gaps, [Gap::NoSuchKiller { mutant: "other", check: "naming/example#gone" }]);
    }

    #[test]
    fn fewer_than_there_must_be_are_too_few() {
        let mut stage = Stage::complete();
        stage.minimum = Counts { checks: 2, mutants: 1, honest_variants: 3 };
        assert_eq!(
            stage.trace().gaps,
            [
                Gap::TooFew { what: Counted::Checks, found: 1, wanted: 2 },
                Gap::TooFew { what: Counted::HonestVariants, found: 1, wanted: 3 }
            ]
        );
    }
}

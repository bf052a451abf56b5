//! Every sentence, property and check with what it leads to.

use serde::Serialize;

use super::{Counts, Gap, gap};
use crate::{
    case::{Case, Catalogue, Check, CheckId, RequirementLevel},
    judge,
    mutants::{Mutant, Variant},
    observation::Observer,
    spec::{Exclusion, Properties, Property, Sentence, Sentences, Tier},
};

/// What is traced.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The sentences of the specification.
    pub sentences: &'a Sentences,
    /// The properties.
    pub properties: &'a Properties,
    /// The cases.
    pub catalogue: &'a Catalogue,
    /// The wrong implementations.
    pub mutants: &'a [Mutant],
    /// The legally different ones.
    pub honest: &'a [Variant],
    /// The least that there must be of each.
    pub minimum: Counts,
}

/// Sentences, properties and checks, linked, and the links that are missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// How much there is.
    pub counts: Counts,
    /// Every sentence of the specification.
    pub sentences: Vec<SentenceLine>,
    /// Every property of the catalogue.
    pub properties: Vec<PropertyLine>,
    /// Every check.
    pub checks: Vec<CheckLine>,
    /// What is missing or contradicts itself; none in a catalogue that is whole.
    pub gaps: Vec<Gap>,
}

/// A sentence and the checks that cite it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentenceLine {
    /// The sentence's id.
    pub sentence: String,
    /// Its text.
    pub text: String,
    /// Why it, or a part of it, is judged by no check.
    pub exclusion: Option<Exclusion>,
    /// The checks that cite it.
    pub checks: Vec<CheckId>,
}

/// A property and the checks of the cases that cover it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PropertyLine {
    /// The property.
    #[serde(flatten)]
    pub property: Property,
    /// The checks of the cases that name it.
    pub checks: Vec<CheckId>,
}

/// A check, the mutants that name it, and what witnesses it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckLine {
    /// The check.
    pub check: CheckId,
    /// How binding it is.
    pub level: RequirementLevel,
    /// The mutants that must die by it.
    pub mutants: Vec<&'static str>,
    /// The kinds of evidence that its witness needs.
    pub evidence: Vec<String>,
    /// The observers that record them.
    pub observers: Vec<Observer>,
}

impl Trace {
    /// Follows every link.
    pub fn of(material: &Material<'_>) -> Self {
        let Material { sentences, properties, catalogue, mutants, honest, minimum: _ } = material;
        let mut trace = Self {
            counts: Counts {
                checks: catalogue.checks().count(),
                mutants: mutants.len(),
                honest_variants: honest.len(),
            },
            sentences: sentences.iter().map(|sentence| judged(sentence, catalogue)).collect(),
            properties: properties.iter().map(|property| covered(property, catalogue)).collect(),
            checks: catalogue.checks().map(|check| proved(check, mutants)).collect(),
            gaps: Vec::new(),
        };
        trace.gaps = gap::all(&trace, material);
        trace
    }

    /// The line of a check.
    pub fn check(&self, id: &CheckId) -> Option<&CheckLine> {
        self.checks.iter().find(|line| line.check == *id)
    }

    /// The checks that cite no sentence: hardening.
    pub fn hardening(&self) -> impl Iterator<Item = &CheckLine> {
        let cited =
            |line: &&CheckLine| self.sentences.iter().any(|sentence| sentence.checks.contains(&line.check));
        self.checks.iter().filter(move |line| !cited(line))
    }

    /// The properties that the catalogue must answer for.
    pub fn first_tier(&self) -> impl Iterator<Item = &PropertyLine> {
        self.properties.iter().filter(|line| line.property.tier == Tier::T1)
    }
}

fn judged(sentence: &Sentence, catalogue: &Catalogue) -> SentenceLine {
    let id = sentence.id.to_string();
    let cites = |check: &&Check| check.requirement.sentences.contains(&id);
    SentenceLine {
        text: sentence.text.clone(),
        exclusion: sentence.exclusion.clone(),
        checks: catalogue.checks().filter(cites).map(|check| check.id.clone()).collect(),
        sentence: id,
    }
}

fn covered(property: &Property, catalogue: &Catalogue) -> PropertyLine {
    let id = property.id.to_string();
    let cases = catalogue.cases().iter().filter(|case: &&Case| case.properties.contains(&id));
    let checks = cases.flat_map(|case| &case.checks).map(|check| check.id.clone()).collect();
    PropertyLine { property: property.clone(), checks }
}

fn proved(check: &Check, mutants: &[Mutant]) -> CheckLine {
    let killed = mutants.iter().filter(|mutant| mutant.killers.contains(&check.id.as_str()));
    CheckLine {
        check: check.id.clone(),
        level: check.requirement.level,
        mutants: killed.map(|mutant| mutant.name).collect(),
        evidence: judge::evidence_kinds(&check.predicate).iter().map(ToString::to_string).collect(),
        observers: judge::witnesses(&check.predicate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::stage::Stage;

    #[test]
    fn a_sentence_leads_to_its_checks_and_those_to_mutants_and_evidence() {
        let trace = Stage::complete().trace();
        let sentence = trace.sentences.last().expect("there are two sentences");
        assert_eq!(sentence.sentence, "S4");
        let [check] = sentence.checks.as_slice() else { panic!("one check cites it: {sentence:?}") };
        let line = trace.check(check).expect("every check has a line");
        assert_eq!(line.check.as_str(), "naming/example#kept");
        assert_eq!(line.mutants, ["forgets"]);
        assert_eq!(line.evidence, ["replies", "token requests"]);
        assert_eq!(line.observers, [Observer::Harness, Observer::Network]);
    }

    #[test]
    fn a_property_leads_to_the_checks_of_every_case_that_names_it() {
        let trace = Stage::complete().trace();
        let covered: Vec<_> = trace.properties.iter().map(|line| line.checks.len()).collect();
        assert_eq!(covered, [1, 0, 0]);
        assert_eq!(trace.first_tier().count(), 2);
    }

    #[test]
    fn a_check_that_cites_no_sentence_is_hardening() {
        let mut stage = Stage::complete();
        assert_eq!(stage.trace().hardening().count(), 0);
        stage.cases[0].checks[0].requirement.sentences.clear();
        assert_eq!(stage.trace().hardening().count(), 1);
    }
}

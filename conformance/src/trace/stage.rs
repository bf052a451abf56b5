//! A small catalogue without gaps, for tests to break.

use token_cache::seams::Seams;

use super::{Counts, Material, Trace};
use crate::{
    case::{Case, Catalogue, load},
    mutants::{Mutant, Part, Variant},
    spec::{Properties, Sentences},
};

/// Everything that is traced, in the test's hands.
pub(super) struct Stage {
    pub(super) sentences: String,
    pub(super) properties: String,
    pub(super) cases: Vec<Case>,
    pub(super) mutants: Vec<Mutant>,
    pub(super) honest: Vec<Variant>,
    pub(super) minimum: Counts,
}

impl Stage {
    /// Two sentences, two properties, one case with one check, its mutant, and a variant.
    pub(super) fn complete() -> Self {
        Self {
            sentences: SENTENCES.into(),
            properties: PROPERTIES.into(),
            cases: vec![case("naming/example.toml", CASE)],
            mutants: vec![mutant("forgets", &["naming/example#kept"])],
            honest: vec![Variant { name: "says-it-otherwise", difference: "x", seams: Seams::real }],
            minimum: Counts { checks: 1, mutants: 1, honest_variants: 1 },
        }
    }

    /// Its trace.
    pub(super) fn trace(&self) -> Trace {
        let sentences = Sentences::parse(&self.sentences).unwrap_or_else(|error| panic!("{error}"));
        let properties = Properties::parse(&self.properties).unwrap_or_else(|error| panic!("{error}"));
        Trace::of(&Material {
            sentences: &sentences,
            properties: &properties,
            catalogue: &Catalogue::of(self.cases.clone()),
            mutants: &self.mutants,
            honest: &self.honest,
            minimum: self.minimum,
        })
    }
}

pub(super) fn case(path: &str, text: &str) -> Case {
    load(path, text).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn mutant(name: &'static str, killers: &'static [&'static str]) -> Mutant {
    Mutant { name, part: Part::Store, defect: "x", killers, seams: Seams::real }
}

const SENTENCES: &str = r#"
source = "x"
[[sentence]]
id = "S1"
text = "A title."
[sentence.exclusion]
extent = "whole"
reason = "It promises nothing."
[[sentence]]
id = "S4"
text = "To isolate a credential's data, specify a name."
"#;

const PROPERTIES: &str = r#"
[[property]]
id = "NAM-01"
tier = "T1"
platforms = ["linux"]
text = "Caches with different names have nothing in common."
cwe = [694]
asvs = ["14.2.4"]
[[property]]
id = "ISO-04"
tier = "T1"
platforms = ["linux"]
text = "Another user can do nothing."
cwe = [732]
asvs = ["13.3.2"]
exclusion = "It takes a second user."
[[property]]
id = "INP-02"
tier = "T2"
platforms = ["linux"]
text = "The size is bounded."
cwe = []
asvs = []
"#;

/// A case with one check.
pub(super) const CASE: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["NAM-01"]
cwe = [694]
severity = "low"
twin = { round_trip = "read" }

[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "put", store = "cache", canary = "token" },
]

[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]

[[check]]
id = "kept"
sentence = "x"
requirement = { level = "must", sentences = ["S4"] }
judge = { predicate = "value_equals", step = "read", canary = "token" }
"#;

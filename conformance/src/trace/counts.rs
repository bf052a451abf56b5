//! How much there is of what, and the least that there must be.

use std::fmt;

use serde::Serialize;

/// How many checks, mutants and honest variants there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Checks.
    pub checks: usize,
    /// Wrong implementations.
    pub mutants: usize,
    /// Legally different implementations.
    pub honest_variants: usize,
}

impl Counts {
    /// The least that the embedded catalogue must have: what it has. It only ever grows.
    pub const MINIMUM: Self = Self { checks: 160, mutants: 92, honest_variants: 10 };

    /// Each count with what is counted.
    pub(super) fn each(self) -> [(Counted, usize); 3] {
        [
            (Counted::Checks, self.checks),
            (Counted::Mutants, self.mutants),
            (Counted::HonestVariants, self.honest_variants),
        ]
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Checks.
    Checks,
    /// Wrong implementations.
    Mutants,
    /// Legally different implementations.
    HonestVariants,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Checks => "checks",
            Self::Mutants => "mutants",
            Self::HonestVariants => "honest variants",
        })
    }
}

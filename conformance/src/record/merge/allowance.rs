//! What may be left out of a merge.

use std::collections::BTreeSet;

use super::{MergeError, NamedResults};
use crate::case::{CheckId, Pattern};

/// Patterns of checks that need not have run.
///
/// As strict as a baseline: a pattern that stands for no check of the files is an error, and one that allows nothing,
/// because all that it stands for ran, has to go.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    patterns: Vec<Pattern>,
    used: BTreeSet<usize>,
}

impl Allowance {
    /// The allowance of patterns.
    ///
    /// # Errors
    ///
    /// [`MergeError::Allowance`] for the first pattern that stands for no check of the files.
    pub(super) fn new(allowed: &[String], files: &[NamedResults]) -> Result<Self, MergeError> {
        let patterns: Vec<Pattern> = allowed.iter().map(Pattern::new).collect();
        let is_known = |pattern: &Pattern| {
            let mut checks = files.iter().flat_map(|file| &file.results.checks);
            checks.any(|result| pattern.matches(&result.check))
        };
        match patterns.iter().find(|pattern| !is_known(pattern)) {
            Some(unknown) => Err(MergeError::Allowance { pattern: unknown.to_string() }),
            None => Ok(Self { patterns, used: BTreeSet::new() }),
        }
    }

    /// Whether a check that was not run may be left out; whoever allows that is no longer idle.
    pub(super) fn covers(&mut self, check: &CheckId) -> bool {
        let covering = (0..).zip(&self.patterns).filter(|(_, pattern)| pattern.matches(check));
        let covering: Vec<usize> = covering.map(|(at, _)| at).collect();
        self.used.extend(&covering);
        !covering.is_empty()
    }

    /// The patterns that allowed nothing.
    pub(super) fn idle(&self) -> Vec<String> {
        let all = self.patterns.iter().enumerate();
        all.filter(|(at, _)| !self.used.contains(at)).map(|(_, pattern)| pattern.to_string()).collect()
    }
}

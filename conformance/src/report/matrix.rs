//! Which mutant died by which check.

use std::collections::{BTreeMap, BTreeSet};

use super::palette::{self, paint};
use crate::case::CheckId;

/// What the suite proves about itself: every mutant dies by a check that it names, every check kills something, and
/// nothing that is legal fails.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KillMatrix {
    /// Wrong implementations.
    pub mutants: Vec<MutantRow>,
    /// Legally different implementations.
    pub honest: Vec<HonestRow>,
    /// Every check that must be somebody's named killer.
    pub checks: BTreeSet<CheckId>,
}

/// A wrong implementation and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MutantRow {
    /// Its name.
    pub name: String,
    /// The checks that must kill it.
    pub named: BTreeSet<CheckId>,
    /// The checks that failed by evidence.
    pub killed_by: BTreeSet<CheckId>,
}

/// A legally different implementation and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HonestRow {
    /// Its name.
    pub name: String,
    /// Checks that failed although they must not.
    pub failed: BTreeSet<CheckId>,
    /// How many checks passed; a variant for which none did proves nothing.
    pub passed: usize,
}

impl MutantRow {
    /// Whether every check that it names has killed it.
    pub fn is_killed(&self) -> bool {
        !self.named.is_empty() && self.named.is_subset(&self.killed_by)
    }
}

impl HonestRow {
    /// Whether it was judged and nothing failed.
    pub fn is_unharmed(&self) -> bool {
        self.failed.is_empty() && self.passed > 0
    }
}

impl KillMatrix {
    /// Checks that no mutant names and that killed it.
    pub fn unproved(&self) -> BTreeSet<&CheckId> {
        let proved: BTreeSet<_> =
            self.mutants.iter().flat_map(|mutant| mutant.named.intersection(&mutant.killed_by)).collect();
        self.checks.iter().filter(|check| !proved.contains(check)).collect()
    }

    /// Whether what was played of the suite has proved itself. Without a mutant and a variant nothing has.
    pub fn is_proved(&self) -> bool {
        !(self.mutants.is_empty() && self.honest.is_empty())
            && self.mutants.iter().all(MutantRow::is_killed)
            && self.honest.iter().all(HonestRow::is_unharmed)
            && self.unproved().is_empty()
    }

    /// One line for each mutant and variant, what lives and what is unproved, and a tally.
    pub fn table(&self) -> String {
        let width = self.names().map(|name| name.chars().count()).max().unwrap_or_default();
        let mut table = String::new();
        for mutant in &self.mutants {
            let (style, word) = if mutant.is_killed() {
                (palette::GOOD, "✓ killed ")
            } else {
                (palette::BAD, "✗ LIVES  ")
            };
            let checks: Vec<_> = mutant.named.iter().map(|check| self.named(check, mutant)).collect();
            table.push_str(&format!("{}{:<width$}  {}\n", paint(style, word), mutant.name, checks.join(" ")));
        }
        for honest in &self.honest {
            let (style, word) = if honest.is_unharmed() {
                (palette::GOOD, "✓ honest ")
            } else {
                (palette::BAD, "✗ HARMED ")
            };
            let failed: Vec<_> = honest.failed.iter().map(CheckId::as_str).collect();
            let note = if failed.is_empty() { format!("{} passed", honest.passed) } else { failed.join(" ") };
            table.push_str(&format!("{}{:<width$}  {note}\n", paint(style, word), honest.name));
        }
        for check in self.unproved() {
            table.push_str(&format!(
                "{}{check} is no mutant's named killer\n",
                paint(palette::BAD, "✗ UNPROVED ")
            ));
        }
        table.push_str(&self.tally());
        table
    }

    /// The full matrix: mutants across, checks down, `●` where a named check killed, `○` where another did.
    pub fn grid(&self) -> String {
        let mut grid = String::new();
        for (index, mutant) in self.mutants.iter().enumerate() {
            grid.push_str(&format!("{:>3}  {}\n", index + 1, mutant.name));
        }
        let rows: BTreeMap<&CheckId, String> =
            self.checks.iter().map(|check| (check, self.row(check))).collect();
        let width = self.checks.iter().map(|check| check.as_str().chars().count()).max().unwrap_or_default();
        let heading: String = (1..=self.mutants.len()).map(|number| format!("{number:>3}")).collect();
        grid.push_str(&format!("\n{:width$} {heading}\n", ""));
        for (check, row) in rows {
            grid.push_str(&format!("{check:<width$} {row}\n"));
        }
        grid
    }

    fn row(&self, check: &CheckId) -> String {
        let cells = self.mutants.iter().map(|mutant| {
            match (mutant.named.contains(check), mutant.killed_by.contains(check)) {
                (true, true) => "  ●",
                (true, false) => "  ✗",
                (false, true) => "  ○",
                (false, false) => "  ·",
            }
        });
        cells.collect()
    }

    fn named(&self, check: &CheckId, mutant: &MutantRow) -> String {
        if mutant.killed_by.contains(check) {
            check.to_string()
        } else {
            paint(palette::BAD, format_args!("{check} (did not)"))
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let mutants = self.mutants.iter().map(|mutant| mutant.name.as_str());
        mutants.chain(self.honest.iter().map(|honest| honest.name.as_str()))
    }

    fn tally(&self) -> String {
        let killed = self.mutants.iter().filter(|mutant| mutant.is_killed()).count();
        let unharmed = self.honest.iter().filter(|honest| honest.is_unharmed()).count();
        let unproved = self.unproved().len();
        let line = format!(
            "sealcheck: {killed} of {} mutants killed, {unharmed} of {} honest variants unharmed, {unproved} checks \
             unproved",
            self.mutants.len(),
            self.honest.len(),
        );
        let style = if self.is_proved() { palette::GOOD } else { palette::BAD };
        format!("{}\n", paint(style, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(ids: &[&str]) -> BTreeSet<CheckId> {
        ids.iter().map(|id| id.parse().expect("ids in tests are well formed")).collect()
    }

    fn matrix() -> KillMatrix {
        KillMatrix {
            mutants: vec![
                MutantRow {
                    name: "writes-plaintext".into(),
                    named: checks(&["encryption/at-rest#files"]),
                    killed_by: checks(&["encryption/at-rest#files", "naming/default-name#item"]),
                },
                MutantRow {
                    name: "ignores-name".into(),
                    named: checks(&["naming/default-name#item"]),
                    killed_by: checks(&["naming/default-name#item"]),
                },
            ],
            honest: vec![HonestRow { name: "larger-padding".into(), failed: BTreeSet::new(), passed: 2 }],
            checks: checks(&["encryption/at-rest#files", "naming/default-name#item"]),
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_matrix_whose_mutants_all_die_by_name_is_proved() {
        assert!(matrix().is_proved());
        insta::assert_snapshot!(plain(&format!("{}\n{}", matrix().table(), matrix().grid())));
    }

    #[test]
    fn a_mutant_that_dies_by_another_check_than_it_names_lives() {
        let mut matrix = matrix();
        matrix.mutants[0].killed_by = checks(&["naming/default-name#item"]);
        assert!(!matrix.is_proved());
        insta::assert_snapshot!(plain(&matrix.table()));
    }

    #[test]
    fn an_honest_variant_that_fails_or_was_not_judged_spoils_the_proof() {
        let mut failing = matrix();
        failing.honest[0].failed = checks(&["encryption/at-rest#files"]);
        assert!(!failing.is_proved());
        let mut unjudged = matrix();
        unjudged.honest[0].passed = 0;
        assert!(!unjudged.is_proved());
        let mut alone = KillMatrix { honest: matrix().honest, ..KillMatrix::default() };
        assert!(alone.is_proved());
        alone.honest[0].passed = 0;
        assert!(!alone.is_proved());
    }

    #[test]
    fn a_check_that_kills_nothing_and_an_empty_matrix_are_no_proof() {
        let mut matrix = matrix();
        matrix.checks = checks(&["leakage/errors#message"]);
        assert_eq!(matrix.unproved().len(), 1);
        assert!(!matrix.is_proved());
        assert!(!KillMatrix::default().is_proved());
    }
}

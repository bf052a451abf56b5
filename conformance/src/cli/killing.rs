//! The kill matrix: every mutant meets the checks that must kill it, every honest variant meets all of them.

use std::{collections::BTreeSet, sync::Arc};

use super::{Failure, MutantsArguments, RunEvent, RunStart, judging};
use crate::{
    adapter,
    canary::Seed,
    case::{Case, CheckId, Pattern, catalogue},
    judge::{Outcome, OutcomeKind, judge},
    mutants::{self, Mutant, Variant},
    protocol::Level,
    report::{HonestRow, KillMatrix, MutantRow},
    run::{Observations, Progress, RunOptions, run_cases},
    world::{BrokerKind, ProviderKind},
};

/// Runs mutants on their named killers and the smoke case (on everything for a whole matrix), variants on everything.
///
/// # Errors
///
/// Usage for a pattern that names nobody, a missing sandbox, and the error of `tell`.
pub(super) fn matrix(
    arguments: &MutantsArguments,
    tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
) -> Result<KillMatrix, Failure> {
    let mutants: Vec<&Mutant> =
        mutants::all().iter().filter(|mutant| is_selected(arguments, mutant.name)).collect();
    let variants: Vec<&Variant> =
        mutants::honest().iter().filter(|variant| is_selected(arguments, variant.name)).collect();
    if mutants.is_empty() && variants.is_empty() && !arguments.select.is_empty() {
        return Err(Failure::usage("no mutant and no honest variant has such a name")
            .next("`sealcheck mutants` names all of them"));
    }
    judging::need_witness("mutants")?;
    let everything: Vec<&Case> = catalogue::all().cases().iter().collect();
    let total = mutants.len() + variants.len();
    let mut matrix = KillMatrix { checks: proved_by(arguments, &mutants), ..KillMatrix::default() };
    for (done, mutant) in mutants.iter().enumerate() {
        let named = named(mutant)?;
        let cases = if arguments.matrix { everything.clone() } else { met_by(&named) };
        let failed = outcomes(arguments, mutant.name, (done, total), &cases, tell)?;
        let killed_by =
            failed.into_iter().filter(|(_, kind)| *kind == OutcomeKind::Fail).map(|(check, _)| check);
        matrix.mutants.push(MutantRow { name: mutant.name.into(), named, killed_by: killed_by.collect() });
    }
    for (done, variant) in variants.iter().enumerate() {
        let done = mutants.len() + done;
        let judged = outcomes(arguments, variant.name, (done, total), &everything, tell)?;
        let of = |wanted: OutcomeKind| judged.iter().filter(move |(_, kind)| *kind == wanted);
        matrix.honest.push(HonestRow {
            name: variant.name.into(),
            failed: judged
                .iter()
                .filter(|(_, kind)| kind.is_trouble())
                .map(|(check, _)| check.clone())
                .collect(),
            passed: of(OutcomeKind::Pass).count(),
        });
    }
    Ok(matrix)
}

/// The checks that must be somebody's named killer: all, unless only some mutants are asked for.
fn proved_by(arguments: &MutantsArguments, mutants: &[&Mutant]) -> BTreeSet<CheckId> {
    let checks = catalogue::all().checks().map(|check| check.id.clone());
    checks
        .filter(|check| {
            arguments.select.is_empty()
                || mutants.iter().any(|mutant| mutant.killers.contains(&check.as_str()))
        })
        .collect()
}

fn named(mutant: &Mutant) -> Result<BTreeSet<CheckId>, Failure> {
    let known = |killer: &&'static str| {
        let id: CheckId = killer.parse().map_err(Failure::harness)?;
        match catalogue::all().check(&id) {
            Some(_) => Ok(id),
            None => {
                Err(Failure::harness(format!("the mutant {} names {id}, which is no check", mutant.name)))
            }
        }
    };
    mutant.killers.iter().map(known).collect()
}

/// The cases of the named killers.
fn met_by(named: &BTreeSet<CheckId>) -> Vec<&'static Case> {
    let wanted: BTreeSet<_> = named.iter().map(CheckId::case).collect();
    catalogue::all()
        .cases()
        .iter()
        .filter(|case| wanted.contains(&case.id) || case.id.as_str() == SMOKE)
        .collect()
}

/// What became of every check of the cases.
fn outcomes(
    arguments: &MutantsArguments,
    name: &str,
    (done, total): (usize, usize),
    cases: &[&Case],
    tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
) -> Result<Vec<(CheckId, OutcomeKind)>, Failure> {
    let options = options(arguments, name)?;
    let mut judged = Vec::new();
    run_cases(cases, &options, &mut |progress| match progress {
        Progress::Running { case, .. } => {
            tell(RunEvent::Running(RunStart { done, total, case, mutant: Some(name.to_owned()) }))
        }
        Progress::Ran(run) => {
            let case = cases[run.index];
            judged.extend(case.checks.iter().map(|check| {
                let outcome = match &run.outcome {
                    Ok(Observations { case: seen, twin }) => judge(case, check, seen, twin),
                    Err(detail) => Outcome::HarnessError { detail: detail.clone() },
                };
                (check.id.clone(), outcome.kind())
            }));
            Ok(())
        }
    })?;
    Ok(judged)
}

fn options(arguments: &MutantsArguments, name: &str) -> Result<Arc<RunOptions>, Failure> {
    let adapters = adapter::Catalogue::embedded().map_err(Failure::harness)?;
    let name_of_reference = match mutants::level(name) {
        Level::Store => "reference",
        Level::Credential => "reference-credential",
    };
    let reference = adapters.find(name_of_reference).map_err(Failure::harness)?;
    let mut command = adapter::resolve(reference, None).map_err(Failure::harness)?;
    command.arguments.extend(["--mutant".into(), name.into()]);
    judging::options(
        command,
        BrokerKind::default(),
        ProviderKind::default(),
        &[],
        Seed::fresh(),
        arguments.jobs,
    )
}

fn is_selected(arguments: &MutantsArguments, name: &str) -> bool {
    arguments.select.is_empty()
        || arguments.select.iter().any(|pattern| Pattern::new(pattern.as_str()).matches_text(name))
}

/// What even a mutant must usually get right: a value persists under the default name.
const SMOKE: &str = "naming/default-name";

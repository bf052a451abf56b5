//! Parts for tests: one case, and a run with every outcome.

use std::{process::ExitCode, sync::LazyLock};

use clap::Parser as _;

use super::{
    Ability, Arguments, Exit, Failure, MutantsArguments, Parts, RunArguments, RunEvent, SelectionArguments,
    SetupArguments, dispatch::dispatch, output::Output,
};
use crate::{
    case::{Case, CheckId, Selection},
    report::{KillMatrix, Width, sample},
};

/// Parts that do nothing but what tests need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stub {
    /// Whether a run fails after its last result.
    pub(super) breaks_off: bool,
}

/// Carries out a command line; gives its exit and its report without colours.
pub(super) fn command(stub: &Stub, line: &[&str]) -> Result<(Exit, String), Failure> {
    let arguments = Arguments::try_parse_from(line).expect("command lines in tests are right");
    let mut report = Vec::new();
    let exit = dispatch(&arguments, stub, &mut Output::new(&mut report, Width::new(100)))?;
    let report = String::from_utf8(report).expect("a report is text");
    Ok((exit, anstream::adapter::strip_str(&report).to_string()))
}

static CASE: LazyLock<Case> = LazyLock::new(sample::case);

impl Parts for Stub {
    fn cases(&self) -> Result<Vec<&Case>, Failure> {
        Ok(vec![&CASE])
    }

    fn select(&self, _selection: &SelectionArguments) -> Result<Vec<Selection<'_>>, Failure> {
        Ok(vec![Selection { case: &CASE, checks: CASE.checks.iter().collect() }])
    }

    fn sentence(&self, id: &str) -> Option<String> {
        Some(format!("sentence {id}"))
    }

    fn killed_by(&self, check: &CheckId) -> Vec<String> {
        vec![format!("mutant-of-{}", check.word())]
    }

    fn run(
        &self,
        _arguments: &RunArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let results = sample::results();
        tell(RunEvent::Began(Box::new(results.header)))?;
        for result in results.checks {
            tell(RunEvent::Judged(Box::new(result)))?;
        }
        if self.breaks_off { Err(Failure::sandbox_unavailable("the broker is gone")) } else { Ok(()) }
    }

    fn abilities(&self) -> Vec<Ability> {
        Vec::new()
    }

    fn setup(&self, arguments: &SetupArguments) -> Result<String, Failure> {
        Ok(format!("{} is ready", arguments.adapter))
    }

    fn mutants(
        &self,
        _arguments: &MutantsArguments,
        _tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<KillMatrix, Failure> {
        Ok(KillMatrix::default())
    }

    fn supervise(&self) -> ExitCode {
        ExitCode::SUCCESS
    }

    fn beacon(&self) -> ExitCode {
        ExitCode::SUCCESS
    }

    fn adapter_reference(&self, _mutant: Option<&str>) -> Result<ExitCode, Failure> {
        Ok(ExitCode::SUCCESS)
    }
}

//! Parts for tests: one case, and a run with every outcome.

use std::{process::ExitCode, sync::LazyLock};

use clap::Parser as _;

use super::{
    Ability, AdapterCheckArguments, AdapterListArguments, Arguments, Exit, Failure, ListedAdapter,
    MutantsArguments, Parts, ReplayArguments, Replayed, RunArguments, RunEvent, SelectionArguments,
    SetupArguments, SweepArguments, WorldArguments, dispatch::dispatch, output::Output,
};
use crate::{
    case::{Case, CheckId, Selection},
    checkup::Checkup,
    protocol::Level,
    record::{Recording, Timing},
    report::{KillMatrix, Width, sample},
    run::Observations,
    sweep::{Series, Swept},
    trace::{Counts, Gap, Trace},
};

/// Parts that do nothing but what tests need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stub {
    /// Whether a run fails after its last result.
    pub(super) breaks_off: bool,
    /// Whether its catalogue has no gap.
    pub(super) is_whole: bool,
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

    fn trace(&self) -> Trace {
        let gap = Gap::SentenceOpen { sentence: "S99".into() };
        Trace {
            counts: Counts { checks: 0, mutants: 0, honest_variants: 0 },
            sentences: Vec::new(),
            properties: Vec::new(),
            checks: Vec::new(),
            gaps: if self.is_whole { Vec::new() } else { vec![gap] },
        }
    }

    fn run(
        &self,
        _arguments: &RunArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<Timing, Failure> {
        let results = sample::results();
        tell(RunEvent::Began(Box::new(results.header)))?;
        for result in results.checks {
            tell(RunEvent::Judged(Box::new(result)))?;
        }
        if self.breaks_off {
            Err(Failure::sandbox_unavailable("the broker is gone"))
        } else {
            Ok(sample::timing())
        }
    }

    fn replay(&self, _arguments: &ReplayArguments, recording: &Recording) -> Result<Replayed, Failure> {
        let observed = Observations { case: recording.run().clone(), twin: recording.twin().clone() };
        Ok(Replayed { adapter: recording.file().adapter.clone(), observed })
    }

    fn abilities(&self) -> Vec<Ability> {
        Vec::new()
    }

    fn setup(&self, arguments: &SetupArguments) -> Result<String, Failure> {
        Ok(format!("{} is ready", arguments.adapter.as_deref().unwrap_or("it")))
    }

    fn check_adapter(&self, arguments: &AdapterCheckArguments) -> Result<Checkup, Failure> {
        Ok(Checkup {
            adapter: arguments.adapter.clone(),
            implementation: None,
            findings: Vec::new(),
            cannot_run_here: true,
        })
    }

    fn adapters(&self, _arguments: &AdapterListArguments) -> Result<Vec<ListedAdapter>, Failure> {
        Ok(Vec::new())
    }

    fn mutants(
        &self,
        _arguments: &MutantsArguments,
        _tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<KillMatrix, Failure> {
        Ok(KillMatrix::default())
    }

    fn world(&self, _arguments: &WorldArguments) -> Result<ExitCode, Failure> {
        Ok(ExitCode::SUCCESS)
    }

    fn sweep(
        &self,
        _arguments: &SweepArguments,
        _tell: &(dyn Fn(&Series, usize) + Sync),
    ) -> Result<Vec<(Series, Swept)>, Failure> {
        Ok(Vec::new())
    }

    fn supervise(&self) -> ExitCode {
        ExitCode::SUCCESS
    }

    fn beacon(&self) -> ExitCode {
        ExitCode::SUCCESS
    }

    fn adapter_reference(&self, _level: Level, _mutant: Option<&str>) -> Result<ExitCode, Failure> {
        Ok(ExitCode::SUCCESS)
    }
}

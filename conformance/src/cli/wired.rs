//! The real parts.

use std::{io, process::ExitCode};

use super::{
    Ability, Exit, Failure, MutantsArguments, Parts, RunArguments, RunEvent, SelectionArguments,
    SetupArguments, abilities,
    judging::{self, Judging},
    killing, selecting,
};
use crate::{
    adapter::{self, reference},
    case::{Case, CheckId, Selection, catalogue},
    mutants,
    observe::beacon,
    protocol::Tag,
    report::KillMatrix,
    spec, supervisor,
};

/// The harness itself.
#[derive(Clone, Copy, Debug)]
pub struct Wired;

impl Parts for Wired {
    fn cases(&self) -> Result<Vec<&Case>, Failure> {
        Ok(catalogue::all().cases().iter().collect())
    }

    fn select(&self, selection: &SelectionArguments) -> Result<Vec<Selection<'_>>, Failure> {
        selecting::select(selection)
    }

    fn sentence(&self, id: &str) -> Option<String> {
        let id = id.parse().ok()?;
        spec::sentences().find(id).map(|sentence| sentence.text.clone())
    }

    fn killed_by(&self, check: &CheckId) -> Vec<String> {
        mutants::killed_by(check).map(|mutant| mutant.name.to_owned()).collect()
    }

    fn run(
        &self,
        arguments: &RunArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        Judging::prepare(arguments)?.run(tell)
    }

    fn abilities(&self) -> Vec<Ability> {
        abilities::all()
    }

    fn setup(&self, arguments: &SetupArguments) -> Result<String, Failure> {
        let adapters = adapter::Catalogue::embedded().map_err(Failure::harness)?;
        let adapter = adapters.find(&arguments.adapter).map_err(Failure::usage)?;
        let state = judging::state_folder(arguments.state.as_ref())?;
        let ready = adapter::setup(adapter, &state, &mut |line| tracing::info!("{line}"))
            .map_err(Failure::harness)?;
        let what = if ready.changed { "is set up" } else { "was set up already" };
        Ok(format!("{} {what}: {}", adapter.name(), ready.command.program.display()))
    }

    fn mutants(
        &self,
        arguments: &MutantsArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<KillMatrix, Failure> {
        killing::matrix(arguments, tell)
    }

    fn supervise(&self) -> ExitCode {
        supervisor::main()
    }

    fn beacon(&self) -> ExitCode {
        beacon::main()
    }

    fn adapter_reference(&self, mutant: Option<&str>) -> Result<ExitCode, Failure> {
        let seams = mutants::seams(mutant).map_err(Failure::usage)?;
        let tag = std::env::var("SEALCHECK_TAG").map_err(|_missing| {
            Failure::usage("SEALCHECK_TAG is not set: the harness starts adapters, people do not")
        })?;
        match reference::serve(io::stdin().lock(), io::stdout().lock(), &Tag::from_text(tag), seams) {
            Ok(()) => Ok(Exit::Success.into()),
            Err(error) => Err(Failure::harness(error)),
        }
    }
}

//! The real parts.

use std::process::ExitCode;

use super::{
    Ability, Chosen, Exit, Failure, MutantsArguments, Parts, RunArguments, RunEvent, SelectionArguments,
    SetupArguments,
};
use crate::{
    case::{Case, CheckId},
    report::KillMatrix,
};

/// The harness itself.
#[derive(Clone, Copy, Debug)]
pub struct Wired;

/// A part that this build does not have yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this build of sealcheck lacks {0}")]
pub struct NotWired(&'static str);

impl Parts for Wired {
    fn cases(&self) -> Result<Vec<&Case>, Failure> {
        Err(Failure::harness(NotWired("the catalogue of cases")))
    }

    fn select(&self, _selection: &SelectionArguments) -> Result<Vec<Chosen<'_>>, Failure> {
        Err(Failure::harness(NotWired("the catalogue of cases")))
    }

    fn sentence(&self, _id: &str) -> Option<String> {
        None
    }

    fn killed_by(&self, _check: &CheckId) -> Vec<String> {
        Vec::new()
    }

    fn run(
        &self,
        _arguments: &RunArguments,
        _tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        Err(Failure::harness(NotWired("the runner")))
    }

    fn abilities(&self) -> Vec<Ability> {
        let lacks = |name: &str| Ability {
            group: "world",
            name: name.into(),
            state: Err(NotWired("the supervisor").to_string()),
            is_needed: true,
        };
        vec![lacks("system call witness")]
    }

    fn setup(&self, _arguments: &SetupArguments) -> Result<String, Failure> {
        Err(Failure::harness(NotWired("the setup of adapters")))
    }

    fn mutants(
        &self,
        _arguments: &MutantsArguments,
        _tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<KillMatrix, Failure> {
        Err(Failure::harness(NotWired("the mutants")))
    }

    fn supervise(&self) -> ExitCode {
        Exit::HarnessError.into()
    }

    fn beacon(&self) -> ExitCode {
        Exit::HarnessError.into()
    }

    fn adapter_reference(&self, _mutant: Option<&str>) -> Result<ExitCode, Failure> {
        Err(Failure::harness(NotWired("the adapter of the reference")))
    }
}

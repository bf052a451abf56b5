//! Finds an adapter by name or folder, and has it examined.

use std::path::PathBuf;

use super::{AdapterCheckArguments, AdapterListArguments, Failure, ListedAdapter, judging};
use crate::{
    adapter::{self, Adapter},
    canary::Seed,
    checkup::{self, Checkup},
    run::StageError,
    world::ProviderKind,
};

/// Examines one adapter.
///
/// # Errors
///
/// Usage for one that is unknown or not set up, bad input for a folder that is none, and a world that cannot be made.
pub(super) fn check(arguments: &AdapterCheckArguments) -> Result<Checkup, Failure> {
    let adapter = find(arguments.adapter_dir.as_ref(), &arguments.adapter)?;
    let state = arguments.state.clone().or_else(adapter::state_folder);
    let command = adapter::resolve(&adapter, state.as_deref()).map_err(Failure::usage)?;
    let options =
        judging::options(command, arguments.broker, ProviderKind::default(), &[], Seed::fresh(), None)?;
    let checkup = checkup::examine(&options).map_err(trouble)?;
    options.interruption.check()?;
    Ok(checkup)
}

/// Every adapter in this binary, and whether it can run here.
///
/// # Errors
///
/// Those of the harness: what is built in cannot be read.
pub(super) fn list(arguments: &AdapterListArguments) -> Result<Vec<ListedAdapter>, Failure> {
    let catalogue = adapter::Catalogue::embedded().map_err(Failure::harness)?;
    let state = arguments.state.clone().or_else(adapter::state_folder);
    let listed = catalogue.iter().map(|adapter| {
        let (name, summary) = (adapter.name().to_owned(), adapter.summary().to_owned());
        match adapter::resolve(adapter, state.as_deref()) {
            Ok(command) => {
                ListedAdapter { name, summary, ready: true, detail: command.program.display().to_string() }
            }
            Err(missing) => ListedAdapter { name, summary, ready: false, detail: missing.to_string() },
        }
    });
    Ok(listed.collect())
}

/// An adapter by its folder, else by its name.
///
/// # Errors
///
/// Bad input for a folder that holds none, usage for an unknown name.
pub(super) fn find(folder: Option<&PathBuf>, name: &str) -> Result<Adapter, Failure> {
    let mut adapters = adapter::Catalogue::embedded().map_err(Failure::harness)?;
    match folder {
        Some(folder) => adapters.add_folder(folder).map_err(Failure::bad_input).cloned(),
        None => adapters.find(name).map_err(Failure::usage).cloned(),
    }
}

/// A world that cannot be made is the machine's trouble; one that does not do what it should is ours.
pub(super) fn trouble(error: StageError) -> Failure {
    match error {
        StageError::Interrupted(interrupt) => Failure::interrupted(interrupt),
        StageError::Premises(_) | StageError::Authority(_) => Failure::sandbox_unavailable(error),
        StageError::Beacon(_)
        | StageError::Relocation(_)
        | StageError::Plant(_)
        | StageError::ForeignItem(_)
        | StageError::NoForeignCanary
        | StageError::ConditionNotMet { .. }
        | StageError::Spawn(_)
        | StageError::Threads(_) => Failure::harness(error),
    }
}

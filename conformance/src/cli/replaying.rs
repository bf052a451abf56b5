//! Playing a recorded case again with the adapter that is here.

use std::str::FromStr as _;

use super::{Failure, ReplayArguments, judging, recorder::recorded_adapter, replay::Replayed};
use crate::{
    adapter::{self, UnknownAdapter},
    canary::Seed,
    case::Platform,
    record::{AdapterSource, Recording},
    run::{Progress, run_cases},
    world::{BrokerKind, ProviderKind},
};

/// Plays the recorded case and its twin, each in a fresh world like the recorded one.
///
/// # Errors
///
/// Usage for an adapter that is not here or not set up, bad input for a world that this build does not know, and a missing
/// sandbox; each with its next step.
pub(super) fn replay(arguments: &ReplayArguments, recording: &Recording) -> Result<Replayed, Failure> {
    let (case, recorded) = (recording.case(), recording.file());
    let mut adapters = adapter::Catalogue::embedded().map_err(Failure::harness)?;
    let adapter = match &arguments.adapter_dir {
        Some(folder) => adapters.add_folder(folder).map_err(Failure::bad_input)?,
        None => adapters.find(&recorded.adapter.name).map_err(|unknown| elsewhere(unknown, recording))?,
    };
    if !case.world.platforms.contains(&Platform::CURRENT) {
        let cause = format!("{} cannot be played on {}", case.id, Platform::CURRENT);
        return Err(Failure::sandbox_unavailable(cause).next("`sealcheck rejudge` judges it anywhere"));
    }
    let broker = BrokerKind::from_str(&recorded.options.broker).map_err(unknown_world)?;
    let provider = ProviderKind::from_str(&recorded.options.provider).map_err(unknown_world)?;
    let state = arguments.state.clone().or_else(adapter::state_folder);
    let command = adapter::resolve(adapter, state.as_deref()).map_err(Failure::usage)?;
    let seed = recorded.options.seed.unwrap_or_else(Seed::fresh);
    let options =
        judging::options(command, broker, provider, &recorded.options.without_observers, seed, Some(1))?;
    let mut observed = None;
    run_cases(&[case], &options, &mut |progress| {
        if let Progress::Ran(run) = progress {
            observed = Some(run.outcome.map_err(Failure::harness)?);
        }
        Ok::<(), Failure>(())
    })?;
    let observed = observed.expect("a case that is run has run when all have");
    Ok(Replayed { adapter: recorded_adapter(adapter), observed })
}

fn elsewhere(unknown: UnknownAdapter, recording: &Recording) -> Failure {
    let failure = Failure::usage(unknown);
    match recording.file().adapter.source {
        AdapterSource::Folder => {
            failure.next("the recorded adapter was in a folder of its own: name it with --adapter-dir")
        }
        AdapterSource::BuiltIn | AdapterSource::Embedded => {
            failure.next("play it with the sealcheck that recorded it, or name a folder with --adapter-dir")
        }
    }
}

fn unknown_world(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::bad_input(cause)
        .next("play it with the sealcheck that recorded it; `sealcheck rejudge` judges it here")
}

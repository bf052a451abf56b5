//! The real parts.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use super::{
    Ability, AdapterCheckArguments, AdapterListArguments, Exit, Failure, ListedAdapter, MutantsArguments,
    Parts, ReplayArguments, Replayed, RunArguments, RunEvent, SelectionArguments, SetupArguments,
    SweepArguments, WorldArguments, abilities, examining,
    judging::{self, Judging},
    killing, replaying, selecting, sweeping, world,
};
use crate::{
    adapter::{self, reference},
    case::{Case, CheckId, Selection, catalogue},
    checkup::Checkup,
    mutants::{self, Parts as ReferenceParts},
    observe::beacon,
    protocol::{Level, Tag},
    record::{Recording, Timing},
    report::KillMatrix,
    spec,
    sweep::{Series, Swept},
    trace::{Counts, Material, Trace},
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

    fn trace(&self) -> Trace {
        Trace::of(&Material {
            sentences: spec::sentences(),
            properties: spec::properties(),
            catalogue: catalogue::all(),
            mutants: mutants::all(),
            honest: mutants::honest(),
            minimum: Counts::MINIMUM,
        })
    }

    fn run(
        &self,
        arguments: &RunArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<Timing, Failure> {
        Judging::prepare(arguments)?.run(tell)
    }

    fn replay(&self, arguments: &ReplayArguments, recording: &Recording) -> Result<Replayed, Failure> {
        replaying::replay(arguments, recording)
    }

    fn abilities(&self) -> Vec<Ability> {
        abilities::all()
    }

    fn setup(&self, arguments: &SetupArguments) -> Result<String, Failure> {
        let name = arguments.adapter.as_deref().unwrap_or_default();
        let adapter = examining::find(arguments.adapter_dir.as_ref(), name)?;
        let state = judging::state_folder(arguments.state.as_ref())?;
        let mut errors = io::stderr();
        // Progress that cannot be shown keeps nothing from being set up.
        let mut progress = |line: &str| drop(writeln!(errors, "{}: {line}", adapter.name()));
        let ready = adapter::setup(&adapter, &state, &mut progress).map_err(Failure::harness)?;
        let what = if ready.changed { "is set up" } else { "was set up already" };
        Ok(format!("{} {what}: {}", adapter.name(), ready.command.program.display()))
    }

    fn check_adapter(&self, arguments: &AdapterCheckArguments) -> Result<Checkup, Failure> {
        examining::check(arguments)
    }

    fn adapters(&self, arguments: &AdapterListArguments) -> Result<Vec<ListedAdapter>, Failure> {
        examining::list(arguments)
    }

    fn mutants(
        &self,
        arguments: &MutantsArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<KillMatrix, Failure> {
        killing::matrix(arguments, tell)
    }

    fn world(&self, arguments: &WorldArguments) -> Result<ExitCode, Failure> {
        world::world(arguments)
    }

    fn sweep(
        &self,
        arguments: &SweepArguments,
        tell: &(dyn Fn(&Series, usize) + Sync),
    ) -> Result<Vec<(Series, Swept)>, Failure> {
        sweeping::sweep(arguments, tell)
    }

    fn supervise(&self) -> ExitCode {
        world::supervise()
    }

    fn beacon(&self) -> ExitCode {
        beacon::main()
    }

    fn adapter_reference(&self, level: Level, mutant: Option<&str>) -> Result<ExitCode, Failure> {
        let ReferenceParts { seams, habits } = mutants::parts(mutant).map_err(Failure::usage)?;
        let session = match level {
            Level::Store => reference::Session::new(seams),
            Level::Credential => reference::Session::of_credentials(seams, habits),
        };
        let tag = std::env::var("SEALCHECK_TAG").map_err(|_missing| {
            Failure::usage("SEALCHECK_TAG is not set: the harness starts adapters, people do not")
        })?;
        match reference::serve(io::stdin().lock(), io::stdout().lock(), &Tag::from_text(tag), session) {
            Ok(()) => Ok(Exit::Success.into()),
            Err(error) => Err(Failure::harness(error)),
        }
    }
}

//! What the command line needs from the rest of the harness.

use std::process::ExitCode;

use super::{
    AdapterCheckArguments, AdapterListArguments, Failure, ListedAdapter, MutantsArguments, ReplayArguments,
    Replayed, RunArguments, SelectionArguments, SetupArguments, SweepArguments, WorldArguments,
};
use crate::{
    case::{Case, CaseId, CheckId, Selection},
    checkup::Checkup,
    protocol::Level,
    record::{CheckResult, Header, Recording, Timing},
    report::KillMatrix,
    sweep::{Series, Swept},
    trace::Trace,
};

/// The rest of the harness, as the command line sees it.
///
/// The command line parses, prints and counts; it judges nothing and opens no world. One real implementation is
/// [`Wired`](super::Wired); tests bring their own.
pub trait Parts {
    /// Every case, in the order of reports.
    ///
    /// # Errors
    ///
    /// Bad input if a case that is built in cannot be read.
    fn cases(&self) -> Result<Vec<&Case>, Failure>;

    /// What a selection stands for, in the order of reports.
    ///
    /// # Errors
    ///
    /// Usage if a pattern or a requirement set stands for nothing.
    fn select(&self, selection: &SelectionArguments) -> Result<Vec<Selection<'_>>, Failure>;

    /// The text of a sentence of the specification, by its id.
    fn sentence(&self, id: &str) -> Option<String>;

    /// The mutants that the check kills by name.
    fn killed_by(&self, check: &CheckId) -> Vec<String>;

    /// Runs what was selected and tells how it goes.
    ///
    /// The first event is the header. Each selected check has exactly one result, those that could not run included. An
    /// error that `tell` returns ends the run and is returned. What is given back is how long all of it took.
    ///
    /// # Errors
    ///
    /// Whatever keeps the run as a whole from taking place. What goes wrong in one world is that case's outcome.
    fn run(
        &self,
        arguments: &RunArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<Timing, Failure>;

    /// Plays a recorded case and its twin again.
    ///
    /// # Errors
    ///
    /// As [`Parts::run`]; harness where the worlds could not be made as recorded.
    fn replay(&self, arguments: &ReplayArguments, recording: &Recording) -> Result<Replayed, Failure>;

    /// Every link of the catalogue: sentence or property, check, mutant, evidence.
    fn trace(&self) -> Trace;

    /// What this machine can do.
    fn abilities(&self) -> Vec<Ability>;

    /// Installs what an adapter needs; gives one line about what was done.
    ///
    /// # Errors
    ///
    /// Usage for an adapter that does not exist or needs nothing; harness where the installation fails.
    fn setup(&self, arguments: &SetupArguments) -> Result<String, Failure>;

    /// Examines an adapter.
    ///
    /// # Errors
    ///
    /// Usage for an adapter that does not exist or is not set up; whatever keeps its world from being made.
    fn check_adapter(&self, arguments: &AdapterCheckArguments) -> Result<Checkup, Failure>;

    /// The adapters that can be named.
    ///
    /// # Errors
    ///
    /// Harness where one that is built in cannot be read.
    fn adapters(&self, arguments: &AdapterListArguments) -> Result<Vec<ListedAdapter>, Failure>;

    /// Runs mutants and honest variants.
    ///
    /// # Errors
    ///
    /// As [`Parts::run`].
    fn mutants(
        &self,
        arguments: &MutantsArguments,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<KillMatrix, Failure>;

    /// Runs a command of a person's in a world; gives its own exit status.
    ///
    /// # Errors
    ///
    /// Usage, and a world that cannot be made or watched.
    fn world(&self, arguments: &WorldArguments) -> Result<ExitCode, Failure>;

    /// Disturbs sessions at every call; `tell` hears of each point that was played.
    ///
    /// # Errors
    ///
    /// As [`Parts::run`].
    fn sweep(
        &self,
        arguments: &SweepArguments,
        tell: &(dyn Fn(&Series, usize) + Sync),
    ) -> Result<Vec<(Series, Swept)>, Failure>;

    /// Starts a session under the witness of system calls.
    fn supervise(&self) -> ExitCode;

    /// Plants a leak for each observer.
    fn beacon(&self) -> ExitCode;

    /// Is the adapter of the reference implementation, or of a mutant of it.
    ///
    /// # Errors
    ///
    /// Usage for a mutant that does not exist.
    fn adapter_reference(&self, level: Level, mutant: Option<&str>) -> Result<ExitCode, Failure>;
}

/// How a run goes.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// It began.
    Began(Box<Header>),
    /// A case, or a mutant, is about to run.
    Running(RunStart),
    /// A check was judged.
    Judged(Box<CheckResult>),
}

/// A case that is about to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunStart {
    /// How many are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
    /// The case.
    pub case: CaseId,
    /// The mutant; absent in an ordinary run.
    pub mutant: Option<String>,
}

/// Something that this machine can or cannot do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ability {
    /// The heading it stands under, such as `observers`.
    pub group: &'static str,
    /// Its name.
    pub name: String,
    /// How it was found, or what is missing and what to do.
    pub state: Result<String, String>,
    /// Whether no world can be made without it.
    pub is_needed: bool,
}

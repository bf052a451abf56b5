//! The command line: one file per subcommand.
//!
//! | file | holds |
//! |---|---|
//! | `arguments` | [`Arguments`]: what can be said |
//! | `parts` | [`Parts`]: what the command line needs from the rest of the harness |
//! | `wired` | [`Wired`]: the real parts |
//! | `selecting` | what a selection stands for |
//! | `judging` | a run: cases are played, judged, compared with the baseline |
//! | `examining` | finds an adapter and has it examined |
//! | `recorder` | recordings of a run |
//! | `recorded` | a recording that was named on the command line |
//! | `replaying` | a recorded case is played again |
//! | `killing` | the kill matrix |
//! | `sweeping` | faults at every call |
//! | `abilities` | what this machine can do |
//! | `dispatch` | [`main`]: from arguments to an exit code |
//! | `reproducer` | the commands that repeat one check, or play its recording |
//! | `failure` | [`Failure`]: an error with its exit code and the next step |
//! | `files` | files of results and reports |
//! | `output` | standard output that knows its width and survives a closed pipe |
//! | `no_world` | `world` where a person's command cannot be run in one |
//! | `run` `report` `merge` `list` `explain` `rejudge` `replay` `doctor` `setup` `adapter` `world` `mutants` `sweep` `trace` `schema` | a subcommand each |

mod abilities;
mod adapter;
mod arguments;
mod dispatch;
mod doctor;
mod examining;
mod explain;
mod failure;
mod files;
mod judging;
mod killing;
mod list;
mod merge;
mod mutants;
mod output;
mod parts;
mod recorded;
mod recorder;
mod rejudge;
mod replay;
mod replaying;
mod report;
mod reproducer;
mod run;
mod schema;
mod selecting;
mod setup;
#[cfg(test)]
mod stub;
mod sweep;
mod sweeping;
mod trace;
mod wired;
#[cfg(target_os = "linux")]
mod world;
#[cfg(not(target_os = "linux"))]
#[path = "no_world.rs"]
mod world;

pub use adapter::ListedAdapter;
pub use arguments::{
    AdapterCheckArguments, AdapterCommand, AdapterListArguments, Arguments, Color, Command, DoctorArguments,
    ExplainArguments, Format, ListArguments, MergeArguments, MutantsArguments, RejudgeArguments,
    ReplayArguments, ReportArguments, RunArguments, SchemaArguments, SelectionArguments, SetupArguments,
    SweepArguments, TraceArguments, TraceFormat, WorldArguments,
};
pub use dispatch::main;
pub use failure::Failure;
pub use files::{ReportTarget, TargetError};
pub use parts::{Ability, Parts, RunEvent, RunStart};
pub use replay::Replayed;
pub use wired::Wired;

pub use crate::judge::Exit;

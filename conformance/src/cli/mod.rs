//! The command line: one file per subcommand.
//!
//! | file | holds |
//! |---|---|
//! | `arguments` | [`Arguments`]: what can be said |
//! | `parts` | [`Parts`]: what the command line needs from the rest of the harness |
//! | `wired` | [`Wired`]: the real parts |
//! | `selecting` | what a selection stands for |
//! | `judging` | a run: cases are played, judged, compared with the baseline |
//! | `killing` | the kill matrix |
//! | `abilities` | what this machine can do |
//! | `dispatch` | [`main`]: from arguments to an exit code |
//! | `reproducer` | the command that repeats one check |
//! | `failure` | [`Failure`]: an error with its exit code and the next step |
//! | `output` | standard output that knows its width and survives a closed pipe |
//! | `run` `list` `explain` `doctor` `setup` `mutants` `schema` | a subcommand each |

mod abilities;
mod arguments;
mod dispatch;
mod doctor;
mod explain;
mod failure;
mod judging;
mod killing;
mod list;
mod mutants;
mod output;
mod parts;
mod reproducer;
mod run;
mod schema;
mod selecting;
mod setup;
#[cfg(test)]
mod stub;
mod wired;

pub use arguments::{
    Arguments, Broker, Color, Command, DoctorArguments, ExplainArguments, Format, ListArguments,
    MutantsArguments, ProviderChoice, RunArguments, SchemaArguments, SelectionArguments, SetupArguments,
};
pub use dispatch::main;
pub use failure::Failure;
pub use parts::{Ability, Parts, RunEvent, RunStart};
pub use wired::Wired;

pub use crate::judge::Exit;

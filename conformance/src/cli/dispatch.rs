//! From arguments to an exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser as _;

use super::{
    AdapterCommand, Arguments, Command, Exit, Failure, Parts, Wired, adapter, doctor, explain, list, merge,
    mutants, output::Output, rejudge, replay, report, run, schema, setup, sweep, trace,
};
use crate::interruption::Interruption;

/// The program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return said(&error).into(),
    };
    let parts = Wired;
    let ended = match &arguments.command {
        Command::Supervise => Ok(parts.supervise()),
        Command::Beacon { .. } => Ok(parts.beacon()),
        Command::AdapterReference { level, mutant } => {
            parts.adapter_reference((*level).into(), mutant.as_deref())
        }
        Command::World(world) => {
            log_to_stderr(arguments.verbose);
            parts.world(world)
        }
        Command::Run(_)
        | Command::Report(_)
        | Command::Merge(_)
        | Command::List(_)
        | Command::Explain(_)
        | Command::Rejudge(_)
        | Command::Replay(_)
        | Command::Doctor(_)
        | Command::Setup(_)
        | Command::Adapter(_)
        | Command::Mutants(_)
        | Command::Sweep(_)
        | Command::Trace(_)
        | Command::Schema(_) => {
            log_to_stderr(arguments.verbose);
            heed_interrupts(&arguments.command)
                .and_then(|()| dispatch(&arguments, &parts, &mut Output::stdout(arguments.color.into())))
                .map(ExitCode::from)
        }
    };
    ended.unwrap_or_else(|failure| {
        failure.report(io::stderr());
        failure.exit().into()
    })
}

/// Carries out a command that a person gave.
pub(super) fn dispatch<W: Write>(
    arguments: &Arguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Run(arguments) => run::run(arguments, parts, output),
        Command::Report(arguments) => report::report(arguments, output),
        Command::Merge(arguments) => merge::merge(arguments, output),
        Command::List(arguments) => list::list(arguments, parts, output),
        Command::Explain(arguments) => explain::explain(arguments, parts, output),
        Command::Rejudge(arguments) => rejudge::rejudge(arguments, parts, output),
        Command::Replay(arguments) => replay::replay(arguments, parts, output),
        Command::Doctor(arguments) => doctor::doctor(arguments, parts, output),
        Command::Setup(arguments) => setup::setup(arguments, parts, output),
        Command::Adapter(command) => adapter::adapter(command, parts, output),
        Command::Mutants(arguments) => mutants::mutants(arguments, parts, output),
        Command::Sweep(arguments) => sweep::sweep(arguments, parts, output),
        Command::Trace(arguments) => trace::trace(arguments, parts, output),
        Command::Schema(arguments) => schema::schema(arguments, output),
        Command::World(_)
        | Command::Supervise
        | Command::Beacon { .. }
        | Command::AdapterReference { .. } => {
            Err(Failure::usage("the output of this subcommand is not a report"))
        }
    }
}

/// Has a command that makes worlds remove them where it is interrupted; others just end.
fn heed_interrupts(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Run(_)
        | Command::Replay(_)
        | Command::Mutants(_)
        | Command::Sweep(_)
        | Command::Adapter(AdapterCommand::Check(_)) => Interruption::heed().map_err(Failure::harness),
        // A person's command in a world gets the signals itself.
        Command::World(_) => Ok(()),
        Command::Report(_)
        | Command::Merge(_)
        | Command::List(_)
        | Command::Explain(_)
        | Command::Rejudge(_)
        | Command::Doctor(_)
        | Command::Setup(_)
        | Command::Adapter(AdapterCommand::List(_))
        | Command::Trace(_)
        | Command::Schema(_)
        | Command::Supervise
        | Command::Beacon { .. }
        | Command::AdapterReference { .. } => Ok(()),
    }
}

/// Says what clap has to say: help and version are answers, everything else is a usage error.
fn said(error: &clap::Error) -> Exit {
    // Where nobody reads the answer, there is nobody to tell.
    let _closed = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Success }
}

fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _more => tracing::Level::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(false).init();
}

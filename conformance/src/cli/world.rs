//! `world`: a command of a person's in a world.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{Failure, WorldArguments};
use crate::{
    report,
    run::{Visit, VisitEnd, VisitError, Watch, visit},
    supervisor,
};

/// Runs the command; gives its own exit status.
///
/// # Errors
///
/// Usage, and a world that cannot be made or watched here. That there is no such program is an exit status, as a shell
/// would give.
pub(super) fn world(arguments: &WorldArguments) -> Result<ExitCode, Failure> {
    let visited = match visit(&prepare(arguments)?) {
        Ok(visited) => visited,
        Err(error) => {
            let (code, failure) = refused(error);
            let Some(code) = code else { return Err(failure) };
            failure.report(io::stderr());
            return Ok(ExitCode::from(code));
        }
    };
    let said = report::visit(&visited, arguments.watch);
    // Where standard error is closed, nobody wants to know.
    let _closed = io::Write::write_all(&mut io::stderr(), said.as_bytes());
    Ok(ExitCode::from(match visited.end {
        // The kernel keeps the lowest eight bits of what a program exits with.
        VisitEnd::Exited(code) => u8::try_from(code & 0xff).expect("eight bits are a byte"),
        VisitEnd::Signalled(signal) => u8::try_from(SIGNALLED + signal).unwrap_or(u8::MAX),
    }))
}

/// Is the supervisor of a session.
pub(super) fn supervise() -> ExitCode {
    supervisor::main()
}

fn prepare(arguments: &WorldArguments) -> Result<Visit, Failure> {
    let writable = arguments.writable.iter().map(|given| folder(given)).collect::<Result<_, _>>()?;
    let watch = arguments.watch.then(|| {
        supervisor::probe().map_err(Failure::sandbox_unavailable)?;
        let harness = env::current_exe().map_err(Failure::harness)?;
        Ok::<_, Failure>(Watch { harness, writable })
    });
    let (program, rest) = arguments.command.split_first().expect("the parser wants a command");
    Ok(Visit {
        broker: arguments.broker,
        provider: arguments.provider,
        condition: arguments.condition,
        umask: arguments.umask,
        environment: environment(&arguments.env)?,
        program: program.clone(),
        arguments: rest.to_vec(),
        watch: watch.transpose()?,
        keeps_folder: arguments.keep,
    })
}

/// A folder as the supervisor finds it, which does not begin where the caller is.
fn folder(given: &Path) -> Result<PathBuf, Failure> {
    let found = given.canonicalize().ok().filter(|folder| folder.is_dir());
    found.ok_or_else(|| Failure::usage(format!("--writable {}: there is no such folder", given.display())))
}

/// What comes from outside the world: how to find programs, what the terminal is, and what was asked for.
fn environment(asked: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let inherited = INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)));
    let mut variables: Vec<_> = inherited.collect();
    for asked in asked {
        let (name, value) = match asked.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (asked.as_str(), None),
        };
        if name.is_empty() || belongs_to_world(name) {
            return Err(Failure::usage(format!("--env {asked}: {name:?} belongs to the world"))
                .next("leave it out; a world has a home, folders and a bus of its own"));
        }
        let value = match value {
            Some(value) => value,
            None => env::var(name).map_err(|error| {
                Failure::usage(format!("--env {name}: {error}")).next(format!("give --env {name}=VALUE"))
            })?,
        };
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

fn belongs_to_world(name: &str) -> bool {
    ["HOME", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY"].contains(&name)
        || ["XDG_", "DBUS_"].iter().any(|prefix| name.starts_with(prefix))
}

/// The exit status of a shell in the same case, where there is one, and what to say.
fn refused(error: VisitError) -> (Option<u8>, Failure) {
    match error {
        VisitError::NotInPath { .. } | VisitError::NoFile { .. } => (Some(NOT_FOUND), Failure::usage(error)),
        VisitError::NotExecutable { .. } | VisitError::Start { .. } => {
            (Some(NOT_EXECUTABLE), Failure::usage(error))
        }
        VisitError::Premises(_) => (None, Failure::sandbox_unavailable(error)),
        VisitError::NotStarted { .. }
        | VisitError::Spawn(_)
        | VisitError::ConditionNotMet { .. }
        | VisitError::Directory(_)
        | VisitError::Signals(_)
        | VisitError::Wait(_) => (None, Failure::harness(error)),
    }
}

const INHERITED: [&str; 3] = ["PATH", "TERM", "COLORTERM"];
/// What shells exit with, which those who call a command know.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;
const SIGNALLED: i32 = 128;

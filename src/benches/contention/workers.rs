//! Worker processes: started together, listened to, and held against what the cache holds in the end.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::load::{self, Load};
use super::waits::Waits;

/// Who carries the load.
pub(crate) enum Program {
    /// This library.
    This,
    /// The SDK's persistence, below this interpreter.
    Python(PathBuf),
}

/// What became of a load.
pub(crate) struct Outcome {
    /// Updates that were acknowledged and are not in the cache.
    pub(crate) lost: usize,
    /// What the other updates failed with.
    pub(crate) errors: Vec<String>,
    pub(crate) elapsed: Duration,
    pub(crate) waits: Waits,
}

/// Carries the load in a fresh folder.
pub(crate) fn run(program: &Program, load: &Load) -> Outcome {
    let home = tempfile::tempdir().expect("a folder");
    let mut children: Vec<Child> = (0..load.processes)
        .map(|process| {
            command(program)
                .arg(home.path())
                .args([process, load.threads, load.updates].map(|number| number.to_string()))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("the worker starts")
        })
        .collect();
    let mut told: Vec<_> = children
        .iter_mut()
        .map(|child| BufReader::new(child.stdout.take().expect("the output is a pipe")))
        .collect();
    for output in &mut told {
        let mut line = String::new();
        output.read_line(&mut line).expect("the worker talks");
        assert_eq!(line, "ready\n", "the worker could not begin");
    }
    let begun = Instant::now();
    for child in &mut children {
        child.stdin.take().expect("the input is a pipe").write_all(b"go\n").expect("the worker listens");
    }
    let lines: Vec<String> =
        told.into_iter().flat_map(|output| output.lines().map(|line| line.expect("text"))).collect();
    let elapsed = begun.elapsed();
    for mut child in children {
        assert!(child.wait().expect("our own child").success(), "a worker failed");
    }
    assert_eq!(lines.len(), load.total(), "every update is told of");

    let stored = load::open(home.path()).read().expect("read").unwrap_or_default();
    judge(&lines, std::str::from_utf8(stored.expose()).expect("text"), elapsed)
}

fn command(program: &Program) -> Command {
    match program {
        Program::This => {
            let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
            command.arg(load::WORKER);
            command
        }
        Program::Python(python) => {
            let mut command = Command::new(python);
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/benches/contention/persistence.py");
            command.args(["-B", script]);
            command
        }
    }
}

fn judge(lines: &[String], stored: &str, elapsed: Duration) -> Outcome {
    let stored: HashSet<&str> = stored.lines().collect();
    let (mut lost, mut errors, mut waits) = (0, Vec::new(), Vec::new());
    for line in lines {
        match line.split_once(' ') {
            Some(("done", told)) => {
                let (wait, mark) = told.split_once(' ').expect("a wait and a mark");
                waits.push(Duration::from_micros(wait.parse().expect("microseconds")));
                lost += usize::from(!stored.contains(mark));
            }
            Some(("error", error)) => errors.push(error.to_owned()),
            _ => panic!("the worker said {line:?}"),
        }
    }
    Outcome { lost, errors, elapsed, waits: Waits::of(waits) }
}

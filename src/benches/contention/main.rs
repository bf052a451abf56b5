//! Many writers of one cache at the same time: how many updates are lost or fail, and how long each waits.
//!
//! ```text
//! cargo bench --bench contention                        16 processes, then 16 threads of one handle, 200 updates each
//! cargo bench --bench contention -- --python PYTHON     the same load on the SDK's persistence, beside it
//! cargo bench --bench contention -- --workers 4 --updates 50
//! ```
//!
//! The cache is plaintext in a temporary folder, where a lock costs most beside the work: no keyring hides it. Every
//! update reads the cache, adds a line and stores it durably. PYTHON is an interpreter that has msal-extensions.
//!
//! The program fails when one update of the library is lost or is an error. What the SDK does is printed only; it does
//! not put what it writes on the disk, and its waits are those of the updates that did not fail after five seconds.
//!
//! # Figures
//!
//! Of virtual machines with two processors that were left alone, in November 2026; waits in milliseconds. On the first
//! one an fsync took 0.07 ms, on the second one 0.12 ms. The SDK's writers have the lock in long runs: most waits are none,
//! one is all.
//!
//! | 16 x 200 updates | lost | errors | seconds | p50 | p90 | p99 | longest |
//! |---|---|---|---|---|---|---|---|
//! | token-cache, processes | 0, 0 | 0, 0 | 1.1, 3.0 | 4.0, 9.3 | 10, 30 | 19, 58 | 34, 98 |
//! | token-cache, threads | 0, 0 | 0, 0 | 1.0, 2.8 | 3.5, 8.8 | 9.5, 29 | 18, 60 | 31, 117 |
//! | msal-extensions 1.3, processes | 0, 0 | 0, 0 | 3.8, 3.8 | 0.01, 0.05 | 0.01, 0.08 | 0.03, 0.13 | 3,753, 3,254 |
//! | msal-extensions 1.3, threads | 0, 0 | 0, 0 | 3.8, 3.8 | 0.01, 0.06 | 0.01, 0.08 | 0.04, 0.14 | 3,753, 3,755 |
//!
//! On a machine that others kept busy, the SDK's writers gave up after five seconds 6 and 12 times.
//!
//! | file | holds |
//! |---|---|
//! | `load.rs` | the load as this library carries it, in a worker process |
//! | `workers.rs` | starting worker processes together, and what they tell |
//! | `waits.rs` | the distribution of waits |
//! | `persistence.py` | the load as the SDK's persistence carries it |

#![expect(clippy::print_stdout, reason = "what was measured is printed")]

mod load;
mod waits;
mod workers;

use std::path::PathBuf;
use std::process::ExitCode;

use load::Load;
use waits::Waits;
use workers::{Outcome, Program, run};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == load::WORKER) {
        load::work(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    // Cargo says which kind of target it runs.
    arguments.retain(|argument| argument != "--bench");
    let asked = Asked::parse(&arguments);
    let mut programs = vec![("token-cache", Program::This)];
    programs.extend(asked.python.map(|python| ("msal-extensions", Program::Python(python))));

    let heads = ["lost", "errors", "seconds", "updates/s"];
    println!("{:34} {:>5} {:>7} {:>8} {:>10}   {}", "", heads[0], heads[1], heads[2], heads[3], Waits::HEAD);
    let mut sound = true;
    for (name, program) in &programs {
        for (shape, load) in asked.load.shapes() {
            let outcome = run(program, &load);
            print(&format!("{name}, {shape}"), &outcome);
            let is_ours = matches!(program, Program::This);
            sound &= !is_ours || (outcome.lost == 0 && outcome.errors.is_empty());
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(name: &str, outcome: &Outcome) {
    let Outcome { lost, errors, elapsed, waits } = outcome;
    let seconds = elapsed.as_secs_f64();
    let rate = waits.count() as f64 / seconds;
    println!("{name:34} {lost:>5} {:>7} {seconds:>8.2} {rate:>10.0}   {waits}", errors.len());
    let mut told = errors.clone();
    told.sort();
    told.dedup();
    for error in told.iter().take(5) {
        println!("    {error}");
    }
}

/// What was asked for on the command line.
struct Asked {
    load: Load,
    python: Option<PathBuf>,
}

impl Asked {
    fn parse(arguments: &[String]) -> Self {
        let mut asked = Self { load: Load { processes: 16, threads: 1, updates: 200 }, python: None };
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            let value = rest.next().unwrap_or_else(|| panic!("{option} needs a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("{option} needs a number"));
            match option.as_str() {
                "--workers" => asked.load.processes = number(),
                "--updates" => asked.load.updates = number(),
                "--python" => asked.python = Some(value.into()),
                other => panic!("{other} is no option: there are --workers, --updates and --python"),
            }
        }
        asked
    }
}

//! What a second job is worth, and what the harness costs beside the life of the sessions.
//!
//! `cargo bench -p sealcheck --bench jobs [-- ADAPTER [PATTERN...]]` judges an adapter with one job and with two, in turn,
//! and prints ratios within this one run. Times of two machines, or of one machine on two days, are not compared, and
//! nothing fails by being slow.

use std::{
    fs,
    process::{Command, ExitCode, Stdio},
};

use sealcheck::record::{Timing, read_results};

fn main() -> ExitCode {
    // What cargo says to a bench is not for this one.
    let said: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let (adapter, select) = said.split_first().map_or(("reference", &[][..]), |(first, rest)| (first, rest));
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (jobs, timings) in (1..).zip(&mut rounds) {
            match judged(adapter, select, jobs) {
                Ok(timing) => timings.push(timing),
                Err(complaint) => {
                    report(&complaint);
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    let [one, two] = rounds.map(median);
    report(&format!("{adapter}: {} sessions, medians of {ROUNDS} rounds", one.sessions));
    for timing in [&one, &two] {
        let overhead = timing.overhead().map_or_else(|| "none".into(), |overhead| format!("{overhead:.2}"));
        report(&format!(
            "--jobs {}: {:.1} s; sessions lived {:.1} s in all; overhead {overhead}",
            timing.jobs,
            timing.wall_ms as f64 / 1_000.0,
            timing.lived_ms as f64 / 1_000.0,
        ));
    }
    report(&format!("--jobs 2 over --jobs 1: {:.2}", two.wall_ms as f64 / one.wall_ms as f64));
    ExitCode::SUCCESS
}

/// How long one run took.
fn judged(adapter: &str, select: &[String], jobs: u16) -> Result<Timing, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("run.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command
        .args(["run", "--adapter", adapter, "--seed", "1", "--jobs", &jobs.to_string(), "--results"])
        .arg(&file);
    if !select.is_empty() {
        command.arg("--select").args(select);
    }
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let complaint = || String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = fs::read(&file).map_err(|_missing| complaint())?;
    let results =
        read_results(lines.as_slice(), "run.jsonl").map_err(|error| format!("{error}\n{}", complaint()))?;
    results.footer.timing.ok_or_else(|| "the run has no timing".to_owned())
}

fn median(mut timings: Vec<Timing>) -> Timing {
    timings.sort_by_key(|timing| timing.wall_ms);
    timings.swap_remove(timings.len() / 2)
}

#[expect(clippy::print_stdout, reason = "a bench is there to print")]
fn report(line: &str) {
    println!("{line}");
}

const ROUNDS: usize = 3;

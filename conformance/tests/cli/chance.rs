//! What a seed and a number of jobs decide.

use std::collections::BTreeSet;

use sealcheck::{
    case::{CaseId, catalogue},
    record::read_results,
};

use crate::{
    program::{Test, assert_exit, sealcheck, tests, text},
    telling,
};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        the_order_of_the_cases_is_that_of_the_seed,
        the_canaries_are_those_of_the_seed_and_of_the_world,
        the_seed_of_a_run_is_printed_recorded_and_part_of_its_reproducers,
        as_many_worlds_as_jobs_are_played_at_a_time,
    ]
    .into()
}

fn the_order_of_the_cases_is_that_of_the_seed() {
    let order = |seed: &str| begun(&log(&["--seed", seed, "--jobs", "1"]));
    let first = order("1");
    let all = catalogue::all().select(SELECT).expect("there are such cases").into_iter();
    let all: BTreeSet<CaseId> = all.map(|selection| selection.case.id.clone()).collect();
    assert_eq!(first.iter().cloned().collect::<BTreeSet<_>>(), all);
    assert_eq!(order("1"), first);
    assert_ne!(order("2"), first);
}

fn the_canaries_are_those_of_the_seed_and_of_the_world() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let adapter = telling::folder(folder.path()).to_string_lossy().into_owned();
    let file = folder.path().join("run.jsonl").to_string_lossy().into_owned();
    let digests = |arguments: &[&str]| -> Vec<String> {
        let select = ["naming/default-name#item", "naming/partition-suffix"];
        let run = ["run", "--adapter-dir", &adapter, "--results", &file, "--select"];
        let output = sealcheck(&[&run[..], &select, arguments].concat());
        assert_exit(&output, 3);
        let lines = std::fs::read_to_string(&file).expect("the file is there");
        let results = read_results(lines.as_bytes(), "run.jsonl").expect("the file is whole");
        let told: Vec<_> = results.checks.iter().filter_map(|check| digest(&check.explanation)).collect();
        assert_eq!(told.len(), results.checks.len(), "{lines}");
        told
    };
    let first = digests(&["--seed", "1", "--jobs", "1"]);
    assert_eq!(digests(&["--seed", "1", "--jobs", "2"]), first);
    assert_ne!(first.first(), first.last(), "cases share no canary");
    for other in [digests(&["--seed", "2"]), digests(&[]), digests(&[])] {
        assert!(other.iter().all(|digest| !first.contains(digest)), "{other:?} and {first:?}");
    }
}

fn the_seed_of_a_run_is_printed_recorded_and_part_of_its_reproducers() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("run.jsonl").to_string_lossy().into_owned();
    let run = |seed: &[&str]| {
        let select = ["run", "--select", "naming/default-name#item", "--results", &file];
        let output = sealcheck(&[&select[..], seed].concat());
        assert_exit(&output, 0);
        let lines = std::fs::read_to_string(&file).expect("the file is there");
        let results = read_results(lines.as_bytes(), "run.jsonl").expect("the file is whole");
        let seed = results.header.seed.expect("a run has a seed").to_string();
        assert!(text(&output.stdout).contains(&format!("\nseed {seed}\n")), "{}", text(&output.stdout));
        for check in &results.checks {
            assert!(check.reproducer.contains(&format!("--seed {seed} ")), "{}", check.reproducer);
        }
        seed
    };
    assert_eq!(run(&["--seed", "5EED"]), "00000000000000000000000000005eed");
    assert_ne!(run(&[]), run(&[]), "a seed that is not given is fresh");
}

fn as_many_worlds_as_jobs_are_played_at_a_time() {
    let most = |jobs: &str| {
        let mut playing = 0_usize;
        let playing = events(&log(&["--jobs", jobs])).into_iter().map(|(_, begins)| {
            playing = if begins { playing + 1 } else { playing - 1 };
            playing
        });
        playing.max().expect("something is played")
    };
    assert_eq!(most("1"), 1);
    assert_eq!(most("2"), 2);
}

/// What a run says on standard error when it is asked to.
fn log(arguments: &[&str]) -> String {
    let run = ["-v", "run", "--select"];
    let output = sealcheck(&[&run[..], SELECT, arguments].concat());
    assert_exit(&output, 0);
    text(&output.stderr)
}

/// The cases of a log in the order in which they began.
fn begun(log: &str) -> Vec<CaseId> {
    events(log).into_iter().filter(|(_, begins)| *begins).map(|(case, _)| case).collect()
}

/// Which cases begin and end, in the order of a log.
fn events(log: &str) -> Vec<(CaseId, bool)> {
    let event = |line: &str| {
        let mut words = line.rsplit(' ');
        let (last, case) = (words.next()?, words.next()?.parse().ok()?);
        match last {
            "begins" => Some((case, true)),
            "ended" => Some((case, false)),
            _ => None,
        }
    };
    log.lines().filter_map(event).collect()
}

/// The SHA-256 in a text, in hexadecimal digits.
fn digest(text: &str) -> Option<String> {
    let words = text.split(|character: char| !character.is_ascii_hexdigit());
    words.filter(|word| word.len() == 64).map(str::to_owned).next()
}

const SELECT: &[&str] = &["naming/*", "isolation/*"];

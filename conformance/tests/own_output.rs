//! The harness's own output never holds a canary, whatever it ran.

use std::{fs, path::Path, process::Command};

use sealcheck::mutants;

#[test]
fn a_run_of_the_reference_says_no_canary() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let said = run(folder.path(), &[]);
    assert_eq!(said.code, Some(0), "{}\n{}", said.output, said.error);
    assert_silent("the reference", &said);
}

#[test]
fn a_run_of_a_leaking_mutant_says_no_canary() {
    let leaking = mutants::all()
        .iter()
        .filter(|mutant| mutant.killers.iter().any(|killer| killer.starts_with("leakage/")));
    let leaking: Vec<_> = leaking.take(2).collect();
    assert_eq!(leaking.len(), 2, "too few mutants leak");
    for mutant in leaking {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let adapter = folder.path().join("mutant");
        fs::create_dir(&adapter).expect("there is room");
        let manifest = format!(
            "name = \"mutant\"\nlanguage = \"Rust\"\nlibrary = \"token-cache\"\nsummary = \"a mutant\"\nprogram = {:?}\narguments = [\"adapter-reference\", \
             \"--mutant\", {:?}]\nplatforms = [\"linux\"]\n",
            env!("CARGO_BIN_EXE_sealcheck"),
            mutant.name
        );
        fs::write(adapter.join("adapter.toml"), manifest).expect("there is room");
        let adapter = adapter.to_str().expect("the path is text");
        let mut arguments = vec!["--adapter-dir", adapter];
        arguments.extend(mutant.killers.iter().flat_map(|killer| ["--select", killer]));
        let said = run(folder.path(), &arguments);
        assert!(leaks(&said.results), "{} leaks nothing:\n{}", mutant.name, said.output);
        assert_silent(mutant.name, &said);
    }
}

#[test]
fn a_canary_would_be_found() {
    let canary = format!("sc{}", "aB3dE".repeat(8));
    for text in [canary.clone(), format!("\"{canary}\""), format!("xsc{canary}"), format!("é{canary}zz")] {
        assert_eq!(canaries(&text), 1, "{text}");
    }
    assert_eq!(canaries(&format!("sc{}", "a".repeat(39))), 0);
    assert_eq!(canaries("sealcheck: schema of a screen"), 0);
    assert_eq!(canaries(&format!("sc{} {}", "a".repeat(20), "a".repeat(40))), 0);
}

/// Whether a failure of the results says where a secret was seen: then a leak of ours was possible.
fn leaks(results: &str) -> bool {
    results.lines().any(|line| line.contains("\"outcome\":\"fail\"") && line.contains(" was seen "))
}

/// Everything that a run said.
struct Said {
    code: Option<i32>,
    output: String,
    error: String,
    results: String,
    junit: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Said {
    let file = folder.join("results.jsonl");
    let report = folder.join("report.xml");
    let ran = Command::new(env!("CARGO_BIN_EXE_sealcheck"))
        .args(["-v", "run", "--no-baseline", "--results"])
        .arg(&file)
        .arg("--report")
        .arg(format!("junit={}", report.display()))
        .args(arguments)
        .output()
        .expect("the binary runs");
    let error = String::from_utf8_lossy(&ran.stderr).into_owned();
    let results = fs::read_to_string(&file).unwrap_or_else(|missing| panic!("{missing}: {error}"));
    assert!(results.contains("\"line\":\"footer\""), "the run broke off: {error}");
    let output = String::from_utf8_lossy(&ran.stdout).into_owned();
    let junit = fs::read_to_string(&report).expect("a run that ended wrote its report");
    Said { code: ran.status.code(), output, error, results, junit }
}

fn assert_silent(who: &str, said: &Said) {
    assert!(!said.output.is_empty());
    assert!(said.junit.contains("<testcase "), "{}", said.junit);
    for (place, text) in [
        ("standard output", &said.output),
        ("standard error", &said.error),
        ("the results", &said.results),
        ("the report", &said.junit),
    ] {
        assert_eq!(canaries(text), 0, "a canary is in {place} of a run of {who}");
    }
}

/// How many texts of the form of a canary there are: `sc` and forty letters and digits.
fn canaries(text: &str) -> usize {
    let mut found = 0;
    let mut rest = text.as_bytes();
    while let Some(at) = rest.windows(LENGTH).position(is_canary) {
        found += 1;
        rest = &rest[at + LENGTH..];
    }
    found
}

fn is_canary(window: &[u8]) -> bool {
    window.starts_with(b"sc") && window[2..].iter().all(u8::is_ascii_alphanumeric)
}

const LENGTH: usize = 42;

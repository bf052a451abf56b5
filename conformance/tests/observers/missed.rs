//! What can no longer be said when an observer does not watch, through the program itself.

use std::{
    env, fs,
    io::BufReader,
    path::Path,
    process::{Command, Stdio},
};

use sealcheck::{
    judge::OutcomeKind,
    observation::Observer,
    record::{Results, read_results},
};

/// Which checks depend on an observer, of those that are run: by an implementation of each level.
fn dependent(observer: Observer) -> (&'static [&'static str], &'static [&'static str]) {
    match observer {
        Observer::Files => (
            &[
                "encryption/first-by-default#not-in-files",
                "fail-closed/no-bus#nothing-created",
                "fail-closed/no-bus#refuses",
            ],
            &["encryption/first-by-default#not-in-files"],
        ),
        Observer::SystemCalls => (
            &[
                "encryption/first-by-default#never-written",
                "encryption/protector-tried-first#asked",
                "fail-closed/no-bus#nothing-created",
                "fail-closed/no-bus#refuses",
            ],
            &["encryption/first-by-default#never-written"],
        ),
        Observer::Processes => (&["leakage/texts#processes"], &[]),
        Observer::Output => (&["leakage/texts#errors", "leakage/texts#output"], &[]),
        Observer::Bus => (&["encryption/protector-tried-first#asked"], &[]),
        Observer::Keyring => (
            &[
                "encryption/first-by-default#in-the-protector",
                "fail-closed/no-bus#refuses",
                "leakage/texts#labels",
            ],
            &["encryption/first-by-default#in-the-protector"],
        ),
        // Only a credential asks the authority, and only the network tells a cached token from a new one.
        Observer::Network => (
            &[],
            &[
                "encryption/first-by-default#in-the-protector",
                "encryption/first-by-default#never-written",
                "encryption/first-by-default#not-in-files",
                "isolation/names-keyring#not-overwritten",
                "isolation/names-keyring#not-read",
            ],
        ),
        Observer::Relocation => (&["encryption/relocation#not-returned"], &[]),
        Observer::Harness => unreachable!("it cannot be disabled"),
    }
}

/// The dependent checks are inconclusive and name the observer; all others pass as they do with it.
pub(crate) fn without(observer: Observer) {
    let (of_store, of_credential) = dependent(observer);
    assert!(!of_store.is_empty() || !of_credential.is_empty(), "nothing depends on {observer}");
    for (implementation, expected) in
        [(Implementation::Reference, of_store), (Implementation::Credential, of_credential)]
    {
        let results = run(implementation, &["--without-observer", observer.as_str()]);
        assert_eq!(results.header.without_observers, [observer]);
        let named: Vec<(&str, bool)> = inconclusive(&results)
            .map(|(check, why)| (check, why.contains(&format!("the observer {observer} "))))
            .collect();
        assert_eq!(named, expected.iter().map(|check| (*check, true)).collect::<Vec<_>>());
        assert_eq!(results.footer.exit_code, if expected.is_empty() { 0 } else { 2 });
    }
}

/// Nothing in the table depends on anything but its observer.
pub(crate) fn with_all() {
    for implementation in [Implementation::Reference, Implementation::Credential] {
        let results = run(implementation, &[]);
        assert_eq!(inconclusive(&results).collect::<Vec<_>>(), []);
        assert_eq!(results.footer.exit_code, 0);
    }
}

#[derive(Clone, Copy)]
enum Implementation {
    Reference,
    Credential,
}

/// The checks that are inconclusive, in order, with their reasons; every other one passes.
fn inconclusive(results: &Results) -> impl Iterator<Item = (&str, &str)> {
    let mut checks: Vec<_> = results.checks.iter().collect();
    checks.sort_by_key(|result| result.check.to_string());
    assert_ne!(checks.len(), 0);
    checks.into_iter().filter_map(|result| {
        if result.outcome == OutcomeKind::Inconclusive {
            return Some((result.check.as_str(), result.explanation.as_str()));
        }
        assert_eq!(result.outcome, OutcomeKind::Pass, "{}: {}", result.check, result.explanation);
        None
    })
}

fn run(implementation: Implementation, arguments: &[&str]) -> Results {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command.args(["run", "--jobs", "1", "--results"]).arg(&file).args(arguments);
    match implementation {
        Implementation::Reference => command.args(["--select", "encryption/first-by-default"]).args([
            "encryption/protector-tried-first",
            "encryption/relocation",
            "fail-closed/no-bus",
            "leakage/texts",
        ]),
        Implementation::Credential => command
            .arg("--adapter-dir")
            .arg(credential_adapter(folder.path()))
            .args(["--select", "encryption/first-by-default", "isolation/names-keyring#not-*"]),
    };
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "");
    let results = read_results(BufReader::new(fs::File::open(&file).unwrap()), "results.jsonl").unwrap();
    assert_eq!(output.status.code(), Some(results.footer.exit_code.into()));
    results
}

/// A folder whose adapter is this program.
fn credential_adapter(parent: &Path) -> std::path::PathBuf {
    let folder = parent.join("test-credential");
    fs::create_dir(&folder).unwrap();
    let manifest = format!(
        "name = \"test-credential\"\nlanguage = \"Rust\"\nlibrary = \"test\"\nsummary = \"A test's\"\n\
         platforms = [\"linux\"]\nprogram = {:?}\narguments = [\"credential\"]\n",
        env::current_exe().unwrap()
    );
    fs::write(folder.join("adapter.toml"), manifest).unwrap();
    folder
}

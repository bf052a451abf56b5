//! A failure of a real library, recorded, played again, and judged again where that library cannot run.
//!
//! The machine without Python is a mount namespace in which an empty folder lies over every library folder of Python and
//! over where adapters are set up, and `/dev/null` over every program of that name.

use std::{path::Path, process::Command};

use sealcheck::adapter::{Catalogue, resolve, state_folder};

use crate::program::{FAILING, Test, assert_exit, golden, output, sealcheck, tally, text};

pub(crate) fn tests() -> Vec<Test> {
    let (namespace, python) = (lacks_namespace(), lacks_python());
    vec![
        Test {
            name: "a_recorded_failure_is_judged_again_where_python_is_masked",
            lacks: namespace.clone(),
            run: a_recorded_failure_is_judged_again_where_python_is_masked,
        },
        Test {
            name: "a_failure_of_azure_identity_is_played_again_and_judged_again_where_python_is_masked",
            lacks: python.or(namespace),
            run: a_failure_of_azure_identity_is_played_again_and_judged_again_where_python_is_masked,
        },
    ]
}

fn a_recorded_failure_is_judged_again_where_python_is_masked() {
    judged_again(&golden(FAILING));
}

fn a_failure_of_azure_identity_is_played_again_and_judged_again_where_python_is_masked() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let records = folder.path().display().to_string();
    let case = "file-hygiene/symlink";
    let run = ["run", "-a", "python-azure-identity", "--select", case, "--no-baseline", "--record", &records];
    assert_exit(&sealcheck(&run), 1);
    let path = folder.path().join("python-azure-identity--file-hygiene--symlink.rec.json");
    let replayed = sealcheck(&["replay", &path.display().to_string()]);
    assert_exit(&replayed, 0);
    assert!(text(&replayed.stdout).contains("= reproduced: failed #not-followed"));
    judged_again(&path);
}

/// Judges a recording where Python is masked; the controls are that neither Python nor the adapter run there.
fn judged_again(recording: &Path) {
    let program = env!("CARGO_BIN_EXE_sealcheck");
    let python = masked("python3 -c 'print(6 * 7)'", &[]);
    assert!(!python.status.success() && python.stdout.is_empty(), "Python runs: {}", text(&python.stdout));
    let python = output(Command::new("sh").args(["-c", "command -v python3 || true"]));
    let adapter = masked("exec \"$@\"", &[program, "replay", &recording.display().to_string()]);
    assert!(!adapter.status.success(), "the adapter runs although {} is masked", text(&python.stdout));

    let judged = masked("exec \"$@\"", &[program, "rejudge", &recording.display().to_string()]);
    assert_exit(&judged, 0);
    assert_eq!(tally(&judged), "sealcheck: 1 of 1 verdicts are as recorded");
    assert!(text(&judged.stdout).contains("= failed #"), "{}", text(&judged.stdout));
}

/// Runs a line of shell where Python is masked.
fn masked(line: &str, arguments: &[&str]) -> std::process::Output {
    let empty = tempfile::tempdir().expect("a folder can be made");
    let state = state_folder().unwrap_or_else(|| empty.path().into());
    let script = format!("{MASK}{line}");
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--map-root-user", "sh", "-c", &script, "sh"])
        .arg(empty.path())
        .arg(state)
        .args(arguments);
    output(&mut command)
}

fn lacks_namespace() -> Option<String> {
    let probe = Command::new("unshare").args(["--mount", "--map-root-user", "true"]).output();
    match probe {
        Ok(probe) if probe.status.success() => None,
        Ok(probe) => Some(format!("no mount namespace: {}", String::from_utf8_lossy(&probe.stderr).trim())),
        Err(error) => Some(format!("unshare of util-linux: {error}")),
    }
}

fn lacks_python() -> Option<String> {
    let catalogue = Catalogue::embedded().expect("the embedded manifests fit");
    let adapter = catalogue.find("python-azure-identity").expect("it is embedded");
    resolve(adapter, state_folder().as_deref()).err().map(|missing| missing.to_string())
}

/// `$1` is an empty folder, `$2` where adapters are set up; what follows them is left as arguments.
const MASK: &str = "\
set -eu
for folder in /usr/lib/python3* /usr/local/lib/python3* \"$2\"; do
    if [ -d \"$folder\" ]; then mount --bind \"$1\" \"$folder\"; fi
done
for program in /usr/bin/python3* /usr/local/bin/python3* \"$(command -v python3 || true)\"; do
    if [ -f \"$program\" ]; then mount --bind /dev/null \"$(readlink -f \"$program\")\"; fi
done
shift 2
";

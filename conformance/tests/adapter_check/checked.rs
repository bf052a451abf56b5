//! One `adapter check`, and what it said.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

/// What was said of each point, by its word.
pub(crate) struct Checked {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Checked {
    /// Checks an adapter of this binary.
    pub(crate) fn of(mode: &str) -> Self {
        let own = std::env::current_exe().unwrap();
        Self::of_program(own.to_str().unwrap(), &format!("[\"adapter\", \"{mode}\"]"), &["--format", "json"])
    }

    /// Checks an adapter that is a program.
    pub(crate) fn of_program(program: &str, arguments: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let adapter = folder.path().join("test-adapter");
        fs::create_dir(&adapter).unwrap();
        let manifest = format!(
            "name = \"test-adapter\"\nlanguage = \"Rust\"\nlibrary = \"test\"\nsummary = \"A test's\"\n\
             platforms = [\"linux\"]\nprogram = {program:?}\narguments = {arguments}\nstartup_ms = 5000\noperation_ms = 5000\n"
        );
        fs::write(adapter.join("adapter.toml"), manifest).unwrap();
        let mut all = vec!["--adapter-dir", adapter.to_str().unwrap()];
        all.extend(options);
        Self::with(&all)
    }

    /// Runs it. Nothing is left of its world, and nothing that it says holds a canary.
    pub(crate) fn with(options: &[&str]) -> Self {
        let worlds = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
        command.args(["adapter", "check"]).args(options).env("TMPDIR", worlds.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(child.wait_with_output()));
        let output = receiver.recv_timeout(DEADLINE).unwrap().unwrap();
        let checked = Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        for said in [&checked.stdout, &checked.stderr] {
            assert_eq!(random_text(said), None, "a canary, or what may be one, in:\n{said}");
            assert!(!said.contains("panicked"), "{said}");
        }
        let left: Vec<_> = fs::read_dir(worlds.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [] as [PathBuf; 0]);
        checked
    }

    /// The points that are wrong, with what came.
    pub(crate) fn wrong(&self) -> BTreeMap<String, String> {
        self.in_state("wrong", "came")
    }

    /// The points that were not checked, with the reason.
    pub(crate) fn unchecked(&self) -> BTreeMap<String, String> {
        self.in_state("not_checked", "reason")
    }

    pub(crate) fn points(&self) -> Vec<Value> {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    fn in_state(&self, state: &str, member: &str) -> BTreeMap<String, String> {
        let points = self.points().into_iter().filter(|point| point["state"] == state);
        points.map(|point| (text(&point["point"]), text(&point[member]))).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What looks like a canary: no name, path or sentence has so many letters and digits in a row.
fn random_text(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).find(|word| word.len() >= 30)
}

/// Far more than any of these takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

//! Shards, and what becomes of them together.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use sealcheck::{
    case::{Shard, catalogue},
    record::{Results, read_results},
};
use serde_json::Value;

use crate::program::{Test, assert_exit, sealcheck, tally, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        four_shards_merged_are_the_run_that_was_not_sharded,
        a_shard_to_which_nothing_falls_ends_well_and_is_part_of_the_merge,
        a_selection_of_nothing_is_nothing_in_every_shard,
        a_baseline_is_matched_before_a_run_is_sharded,
        a_shard_that_is_missing_or_cut_off_is_not_merged,
        only_chance_is_taken_from_what_is_compared,
        what_was_not_run_fails_a_merge_that_does_not_allow_it,
        runs_of_two_brokers_stand_beside_each_other,
    ]
    .into()
}

fn four_shards_merged_are_the_run_that_was_not_sharded() {
    let folder = Folder::new();
    let select = ["--seed", "5eed", "--select", "naming/*", "input/*", "file-hygiene/*"];
    let whole = folder.run("whole", &select);
    assert_exit(&whole, 0);
    let shards: Vec<String> = (1..=4).map(|number| format!("shard-{number}")).collect();
    for (number, name) in (1..).zip(&shards) {
        let shard = format!("hash:{number}/4");
        assert_exit(&folder.run(name, &[&["--shard", &shard], &select[..]].concat()), 0);
        assert!(folder.results(name).checks.len() < folder.results("whole").checks.len());
    }
    let merged = folder.merge(&shards, &["--results", &folder.path("merged")]);
    assert_exit(&merged, 0);
    assert_eq!(tally(&merged), tally(&whole));
    let (merged, whole) = (folder.text("merged"), folder.text("whole"));
    assert_ne!(merged, whole, "two runs at two times are two files");
    for (merged, whole) in merged.lines().zip(whole.lines()) {
        assert_eq!(without_chance(merged), without_chance(whole));
    }
    assert_eq!(merged.lines().count(), whole.lines().count());
}

fn only_chance_is_taken_from_what_is_compared() {
    for (text, expected) in [
        ("answered ok after 12 ms", "answered ok after * ms"),
        ("a write of process 13152 to x, mode 0644", "a write of process * to x, mode 0644"),
        ("/tmp/sc-F1n2mtgq/home/.tmp-8609460f6853b4f4-779f205609c0fb7b is", "/tmp/sc-*/home/.tmp-*-* is"),
        ("at byte 61 of 2 files (E9)", "at byte 61 of 2 files (E9)"),
    ] {
        assert_eq!(cleared(text), expected);
    }
}

fn a_shard_to_which_nothing_falls_ends_well_and_is_part_of_the_merge() {
    let folder = Folder::new();
    let case = "naming/default-name".parse().expect("it is an id");
    let shards: Vec<String> = (1..=4).map(|number| format!("shard-{number}")).collect();
    for (number, name) in (1..).zip(&shards) {
        let shard = Shard::new(number, 4).expect("there is such a shard");
        let output = folder.run(name, &["--select", "naming/default-name", "--shard", &shard.to_string()]);
        assert_exit(&output, 0);
        let nothing = format!("sealcheck: nothing of what is selected falls to {shard}; 0 passed, 0 failed");
        assert_eq!(tally(&output) == nothing, !shard.owns(&case), "{}", tally(&output));
    }
    let output = folder.merge(&shards, &[]);
    assert_exit(&output, 0);
    let checks = catalogue::all().case(&case).expect("it is built in").checks.len();
    assert_eq!(tally(&output), format!("sealcheck: {checks} passed, 0 failed"));
}

fn a_selection_of_nothing_is_nothing_in_every_shard() {
    let folder = Folder::new();
    let nothing = ["--select", "naming/default-name", "--skip", "naming/*"];
    assert_exit(&folder.run("whole", &nothing), 4);
    for shard in ["hash:1/2", "hash:2/2"] {
        assert_exit(&folder.run("shard", &[&nothing[..], &["--shard", shard]].concat()), 4);
    }
}

fn a_baseline_is_matched_before_a_run_is_sharded() {
    let folder = Folder::new();
    let known = |check: &str| {
        let path = folder.path("known");
        let entry = format!("[[known]]\ncheck = {check:?}\nreason = \"it is so\"\nlink = \"FINDINGS.md\"\n");
        fs::write(&path, entry).expect("there is room");
        path
    };
    for shard in ["hash:1/4", "hash:4/4"] {
        let run = |baseline: &str| {
            let arguments = ["--select", "naming/default-name", "--shard", shard, "--baseline", baseline];
            folder.run("shard", &arguments)
        };
        // What is listed is not selected here, and stands for something all the same.
        assert_exit(&run(&known("input/*")), 0);
        assert_exit(&run(&known("naming/gone#item")), 1);
    }
}

fn a_shard_that_is_missing_or_cut_off_is_not_merged() {
    let folder = Folder::new();
    let shards = ["shard-1", "shard-2"].map(str::to_owned);
    for (name, shard) in shards.iter().zip(["hash:1/2", "hash:2/2"]) {
        assert_exit(&folder.run(name, &["--select", "naming/default-name", "--shard", shard]), 0);
    }
    let missing = folder.merge(&shards[..1], &[]);
    assert_exit(&missing, 65);
    let complaint = text(&missing.stderr);
    assert!(complaint.contains("hash:2/2 is missing"), "{complaint}");
    let lines = folder.text("shard-2");
    let footer = lines.trim_end().rfind('\n').expect("a file has more than a footer");
    fs::write(folder.path("shard-2"), &lines[..=footer]).expect("there is room");
    let cut_off = folder.merge(&shards, &["--results", &folder.path("merged")]);
    assert_exit(&cut_off, 65);
    let complaint = text(&cut_off.stderr);
    assert!(complaint.contains("shard-2.jsonl was cut off after"), "{complaint}");
    assert!(!Path::new(&folder.path("merged")).exists(), "nothing is written of what cannot be merged");
    fs::write(folder.path("shard-2"), lines).expect("there is room");
    assert_exit(&folder.merge(&shards, &[]), 0);
}

fn what_was_not_run_fails_a_merge_that_does_not_allow_it() {
    let folder = Folder::new();
    let adapter = folder.unable();
    let arguments = ["--adapter-dir", &adapter, "--select", "naming/default-name"];
    assert_exit(&folder.run("unable", &arguments), 4);
    assert_exit(&folder.run("able", &["--select", "naming/default-name"]), 0);
    let files = ["unable", "able"].map(str::to_owned);
    let report = format!("junit={}", folder.path("report"));
    let refused = folder.merge(&files, &["--report", &report]);
    assert_exit(&refused, 1);
    let said = text(&refused.stdout);
    assert!(said.contains("naming/default-name#item of rust-unable on linux"), "{said}");
    let junit = folder.text("report");
    assert_eq!(junit.matches("type=\"left_out\"").count(), 3, "{junit}");
    // Allowed, it is what it is in a run: of one of the two nothing ran.
    assert_exit(&folder.merge(&files, &["--allow-not-run", "naming/default-name"]), 4);
    assert_exit(&folder.merge(&files[1..], &["--allow-not-run", "naming/*"]), 1);
    assert_exit(&folder.merge(&files[1..], &["--allow-not-run", "input/*"]), 64);
}

fn runs_of_two_brokers_stand_beside_each_other() {
    let folder = Folder::new();
    assert_exit(&folder.run("first", &["--select", "naming/default-name", "naming/partition-suffix"]), 0);
    // A world of another broker costs a broker, and it is the header that tells runs apart.
    let lines = folder.text("first").replacen("\"broker\":\"busd\"", "\"broker\":\"dbus-daemon\"", 1);
    fs::write(folder.path("second"), lines).expect("there is room");
    let files = ["first", "second"].map(str::to_owned);
    let output = folder.merge(&files, &[]);
    assert_exit(&output, 0);
    let said = text(&output.stdout);
    let checks = folder.results("first").checks.len();
    assert_eq!(said.lines().filter(|line| line.starts_with("  ✓ ✓  ")).count(), checks, "{said}");
    assert_eq!(tally(&output), format!("sealcheck: 2 runs: {} passed, 0 failed", 2 * checks));
    let output = folder.merge(&files, &["--results", &folder.path("merged")]);
    assert_exit(&output, 64);
    assert!(text(&output.stderr).contains("a results file is of one run"), "{}", text(&output.stderr));
}

/// A folder with files of results.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(format!("{name}.jsonl")).to_string_lossy().into_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file is there")
    }

    fn results(&self, name: &str) -> Results {
        read_results(self.text(name).as_bytes(), name).expect("the file is whole")
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Output {
        sealcheck(&[&["run", "--results", &self.path(name)], arguments].concat())
    }

    fn merge(&self, names: &[String], arguments: &[&str]) -> Output {
        let files: Vec<String> = names.iter().map(|name| self.path(name)).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        sealcheck(&[&["merge"], files.as_slice(), arguments].concat())
    }

    /// A folder of an adapter that cannot run on this machine, and says so.
    fn unable(&self) -> String {
        let folder: PathBuf = self.0.path().join("rust-unable");
        fs::create_dir(&folder).expect("a folder can be made");
        let manifest = "name = \"rust-unable\"\nlanguage = \"Rust\"\nlibrary = \"none\"\nsummary = \"Cannot.\"\n\
                        platforms = [\"linux\"]\nprogram = \"/bin/sh\"\narguments = [\"-c\", \"exit 89\"]\n";
        fs::write(folder.join("adapter.toml"), manifest).expect("a manifest can be written");
        folder.to_string_lossy().into_owned()
    }
}

/// A line of results without what no two runs have in common.
///
/// Times are times. What else differs is not chosen by the harness: the name of a world's folder, the numbers of processes,
/// the ends of the names of temporary files, and the numbers of evidence, which count what the threads of a session were
/// seen to do, in an order that is theirs. That the evidence is the same is said by its summaries.
fn without_chance(line: &str) -> Value {
    let mut line: Value = serde_json::from_str(line).expect("a line is JSON");
    clear(&mut line);
    line
}

fn clear(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["started", "elapsed_ms", "timing"] {
                members.remove(name);
            }
            if members.contains_key("summary") {
                members.remove("id");
            }
            members.values_mut().for_each(clear);
        }
        Value::Array(entries) => entries.iter_mut().for_each(clear),
        Value::String(text) => *text = cleared(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without milliseconds, numbers of processes, and the parts of names that are random.
fn cleared(text: &str) -> String {
    let boundary = |character: char| !character.is_ascii_alphanumeric();
    let words: Vec<&str> = text.split_inclusive(boundary).collect();
    let bare = |word: &'static str| {
        move |found: Option<&&str>| found.is_some_and(|found| found.trim_end_matches(boundary) == word)
    };
    let mut cleared = String::new();
    for (at, word) in words.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).and_then(|at| words.get(at)), words.get(at + 1));
        let name = word.trim_end_matches(boundary);
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let is_hexadecimal = name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_chance = is_hexadecimal
            || (is_number && (bare("process")(before) || bare("ms")(after)))
            || (name.len() == 8 && before == Some(&"sc-"));
        cleared.push_str(if is_chance { "*" } else { name });
        cleared.push_str(&word[name.len()..]);
    }
    cleared
}

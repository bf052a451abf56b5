//! One run of the program with an adapter of this binary.

use std::{
    env, fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use sealcheck::{
    canary::fresh_canary,
    judge::OutcomeKind,
    record::{CheckResult, Results, read_results},
};

/// A run that is being put together.
pub(crate) struct Run {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    temporary: Option<PathBuf>,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Run {
    /// A run with an adapter of this binary; operations have this long.
    pub(crate) fn of(mode: &str, operation: Duration) -> Self {
        Self::of_program(&own(), &format!("[\"adapter\", \"{mode}\"]"), operation)
    }

    pub(crate) fn of_program(program: &str, arguments: &str, operation: Duration) -> Self {
        Self::of_manifest(&format!(
            "name = \"test-liar\"\nlanguage = \"Rust\"\nlibrary = \"test\"\nsummary = \"A test's\"\n\
             platforms = [\"linux\"]\nprogram = {program:?}\narguments = {arguments}\noperation_ms = {}\n",
            operation.as_millis()
        ))
    }

    pub(crate) fn of_manifest(manifest: &str) -> Self {
        let mut run = Self::of_reference();
        let adapter = run.folder.path().join("test-liar");
        fs::create_dir(&adapter).unwrap();
        fs::write(adapter.join("adapter.toml"), manifest).unwrap();
        run.arguments.extend(["--adapter-dir".into(), text(&adapter)]);
        run
    }

    pub(crate) fn of_reference() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, arguments: Vec::new(), temporary: None }
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Writes a file and names it in an option.
    pub(crate) fn with_file(mut self, option: &str, content: &str) -> Self {
        let file = self.folder.path().join("given.toml");
        fs::write(&file, content).unwrap();
        self.arguments.extend([option.to_owned(), text(&file)]);
        self
    }

    /// Has worlds made elsewhere than in a fresh folder.
    pub(crate) fn in_temporary(mut self, folder: &Path) -> Self {
        self.temporary = Some(folder.to_owned());
        self
    }

    /// Runs it. Nothing is left of its worlds, and nothing that it says holds a canary.
    pub(crate) fn go(self) -> Ran {
        let Self { folder, arguments, temporary } = self;
        let file = folder.path().join("results.jsonl");
        let worlds = folder.path().join("worlds");
        fs::create_dir(&worlds).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
        command.args(["run", "--jobs", "1", "--results"]).arg(&file).args(arguments);
        command.env("TMPDIR", temporary.as_deref().unwrap_or(&worlds));
        let output = within_deadline(command);
        let ran = Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            file,
            _folder: folder,
        };
        let recorded = fs::read_to_string(&ran.file).unwrap_or_default();
        // Said on purpose, and looking as random as they are.
        let expected = random_parts_of_header(&recorded);
        for said in [&ran.stdout, &ran.stderr, &recorded] {
            let said = expected.iter().fold(said.clone(), |said, part| said.replace(part, "expected"));
            assert_eq!(random_text(&said), None, "a canary, or what may be one, in:\n{said}");
            assert!(!said.contains("panicked"), "{said}");
        }
        let left: Vec<_> = fs::read_dir(&worlds).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [] as [PathBuf; 0]);
        ran
    }
}

/// The seed and the digest of the catalogue that a results file names; nothing where no run began.
fn random_parts_of_header(recorded: &str) -> Vec<String> {
    let header = recorded.lines().next().and_then(|line| serde_json::from_str(line).ok());
    let header: serde_json::Value = header.unwrap_or_default();
    ["seed", "catalogue"].iter().filter_map(|field| header[field].as_str()).map(str::to_owned).collect()
}

impl Ran {
    pub(crate) fn results(&self) -> Results {
        let results = read_results(BufReader::new(fs::File::open(&self.file).unwrap()), "results").unwrap();
        assert_eq!(i32::from(results.footer.exit_code), self.code);
        results
    }

    /// The outcome and explanation of a check.
    pub(crate) fn check(&self, id: &str) -> CheckResult {
        let results = self.results();
        let found = results.checks.iter().find(|result| result.check.as_str() == id);
        found.unwrap_or_else(|| panic!("{id} has no result")).clone()
    }

    /// Every check with its outcome, in the order of names.
    pub(crate) fn outcomes(&self) -> Vec<(String, OutcomeKind)> {
        let results = self.results();
        let mut outcomes: Vec<_> =
            results.checks.iter().map(|result| (result.check.to_string(), result.outcome)).collect();
        outcomes.sort();
        outcomes
    }
}

/// The path of this binary.
pub(crate) fn own() -> String {
    text(&env::current_exe().unwrap())
}

/// What looks like a canary: no name, path or sentence has so many letters and digits in a row.
pub(crate) fn random_text(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).find(|word| word.len() >= 30)
}

pub(crate) fn canaries_look_like_random_text() {
    let canary = fresh_canary();
    assert_eq!(random_text(&format!("x {canary}.")), Some(&canary[..]));
    assert_eq!(random_text("/tmp/sc-abcdef/home/.test"), None);
}

fn within_deadline(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let process = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    receiver.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("the run, process {process}, hangs")).unwrap()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Far more than any of these runs takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

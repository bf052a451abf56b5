//! The program, started, and what came of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use sealcheck::{
    adapter::AdapterCommand,
    interruption::Interruption,
    record::Recording,
    run::RunOptions,
    world::{bus::BrokerKind, providers::ProviderKind},
};

/// A test, and what this machine lacks for it.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) lacks: Option<String>,
    pub(crate) run: fn(),
}

impl Test {
    pub(crate) fn new((name, run): (&'static str, fn())) -> Self {
        Self { name, lacks: None, run }
    }
}

/// Tests by the names of their functions.
macro_rules! tests {
    ($($test:ident),+ $(,)?) => {
        [$((stringify!($test), $test as fn())),+].map($crate::program::Test::new).into()
    };
}
pub(crate) use tests;

/// Starts the binary and waits for it.
pub(crate) fn sealcheck(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command.args(arguments).env_remove("CLICOLOR_FORCE");
    output(&mut command)
}

/// Starts a program with no input and waits for it.
pub(crate) fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("the program can be started")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program prints text")
}

/// Fails with everything that was printed unless the exit is the expected one.
pub(crate) fn assert_exit(output: &Output, expected: i32) {
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(expected), "{said}\n{complained}");
}

/// The last line that was printed.
pub(crate) fn tally(output: &Output) -> String {
    text(&output.stdout).lines().last().expect("something is printed").to_owned()
}

/// A file of `fixtures/recordings/`.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings").join(name)
}

/// A file as a recording.
pub(crate) fn read(path: &Path) -> Recording {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Recording::read(file, &path.display().to_string()).unwrap_or_else(|error| panic!("{error}"))
}

/// How a world of a test is run.
pub(crate) fn options(harness: PathBuf, adapter: AdapterCommand) -> RunOptions {
    RunOptions {
        harness,
        adapter,
        broker: BrokerKind::Busd,
        provider: ProviderKind::Scripted,
        without: BTreeSet::new(),
        seed: sealcheck::canary::Seed::fresh(),
        jobs: 1,
        interruption: Interruption::default(),
    }
}

/// A folder with an adapter that is a mutant of the reference.
pub(crate) fn mutant(parent: &Path, mutant: &str) -> PathBuf {
    adapter(parent, env!("CARGO_BIN_EXE_sealcheck"), &["adapter-reference", "--mutant", mutant])
}

/// A folder with an adapter that is a program; made anew if it is there.
pub(crate) fn adapter(parent: &Path, program: &str, arguments: &[&str]) -> PathBuf {
    let folder = parent.join("rust-mutant");
    fs::create_dir_all(&folder).expect("there is room");
    let manifest = format!(
        "name = \"rust-mutant\"\nlanguage = \"Rust\"\nlibrary = \"token-cache\"\nsummary = \"a mutant\"\n\
         platforms = [\"linux\"]\nprogram = {program:?}\narguments = {arguments:?}\n"
    );
    fs::write(folder.join("adapter.toml"), manifest).expect("there is room");
    folder
}

/// A recording that passes.
pub(crate) const PASSING: &str = "reference--fail-closed--no-bus.rec.json";

/// A recording of a failure of a real library.
pub(crate) const FAILING: &str = "python-azure-identity--file-hygiene--directory-private.rec.json";

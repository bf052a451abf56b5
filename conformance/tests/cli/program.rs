//! The program, started, and what came of it.

use std::process::{Command, Output, Stdio};

/// A test, and what this machine lacks for it.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) lacks: Option<&'static str>,
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
        [$((stringify!($test), $test as fn())),+].map($crate::program::Test::new)
    };
}
pub(crate) use tests;

/// Starts the binary without a terminal and without a wish for colours.
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

/// The tally that a run prints last.
pub(crate) fn tally(output: &Output) -> String {
    text(&output.stdout).lines().last().expect("a run prints something").to_owned()
}

/// Whether a program is in the search path.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

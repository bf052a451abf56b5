//! `world`: a command in a world, with its own streams, its own status and nothing of it left.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sealcheck::{case::Condition, supervisor, world::condition::prove};

use crate::program::{Test, assert_exit, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = tests![
        the_command_has_its_own_status,
        a_program_that_is_not_there_has_the_status_of_a_shell,
        the_condition_is_what_the_command_finds,
        the_command_has_a_home_of_its_own_and_none_of_the_variables,
        variables_are_passed_on_when_they_are_asked_for_and_are_not_the_worlds,
        the_streams_and_the_folder_of_the_caller_are_the_commands,
        nothing_is_left_of_a_world_unless_it_is_to_be_kept,
        the_mask_is_the_commands,
        a_signal_for_the_command_reaches_it,
    ]
    .into();
    let mut watched: Vec<Test> = tests![
        what_a_watched_command_did_is_said_at_its_end,
        a_watched_command_writes_where_it_may,
        a_folder_to_write_in_is_found_from_where_the_caller_is,
        a_signal_for_a_watched_command_reaches_it,
    ]
    .into();
    if supervisor::probe().is_err() {
        watched.iter_mut().for_each(|test| test.lacks = Some("sessions cannot be supervised here"));
    }
    tests.append(&mut watched);
    tests.push(Test {
        name: "an_interrupt_from_the_terminal_reaches_the_command_alone",
        lacks: (!Path::new(SCRIPT).is_file()).then_some("script of util-linux is not installed"),
        run: an_interrupt_from_the_terminal_reaches_the_command_alone,
    });
    tests
}

/// The first argument of this test where it is a command in a world that finds out where it is.
pub(crate) const MODE: &str = "find-condition";

/// Succeeds if its own environment leads to the condition that its second argument names.
#[expect(clippy::print_stdout, reason = "what it prints is what the test reads")]
pub(crate) fn find() -> ExitCode {
    let wanted = env::args().nth(2).expect("a condition is named");
    let condition = conditions().find(|condition| condition.as_str() == wanted).expect("it is one");
    match prove(condition, &env::vars().collect::<Vec<_>>()) {
        Ok(proof) => {
            println!("{proof}");
            ExitCode::SUCCESS
        }
        Err(found) => {
            println!("{found}");
            ExitCode::FAILURE
        }
    }
}

fn the_command_has_its_own_status() {
    for (script, status) in
        [("exit 0", 0), ("exit 7", 7), ("exit 89", 89), ("kill -TERM $$", 143), ("kill -PIPE $$", 141)]
    {
        assert_exit(&world(&["--", "sh", "-c", script]), status);
        if supervisor::probe().is_ok() {
            assert_exit(&world(&["--watch", "--", "sh", "-c", script]), status);
        }
    }
}

fn a_program_that_is_not_there_has_the_status_of_a_shell() {
    for (program, status, complaint) in [
        ("no-such-program", 127, "error: there is no program \"no-such-program\" in PATH"),
        ("/nowhere/at-all", 127, "error: there is no file /nowhere/at-all\n"),
        ("/etc/passwd", 126, "error: /etc/passwd cannot be executed\n"),
    ] {
        let output = world(&["--", program]);
        assert_exit(&output, status);
        assert!(text(&output.stderr).starts_with(complaint), "{}", text(&output.stderr));
    }
    for wrong in
        [&["--condition", "sunny", "--", "true"][..], &["--umask", "8", "--", "true"], &["true"], &[]]
    {
        assert_exit(&world(wrong), 64);
    }
}

/// Each condition is found in its world and, as a control, in no other.
fn the_condition_is_what_the_command_finds() {
    let own = env::current_exe().expect("this test has a path");
    let own = own.to_str().expect("it is text");
    for condition in conditions() {
        let output = world(&["--condition", condition.as_str(), "--", own, MODE, condition.as_str()]);
        assert_exit(&output, 0);
        let other = if condition == Condition::Locked { Condition::Usable } else { Condition::Locked };
        let output = world(&["--condition", condition.as_str(), "--", own, MODE, other.as_str()]);
        assert_exit(&output, 1);
        assert!(text(&output.stdout).contains(condition.as_str()), "{}", text(&output.stdout));
    }
}

fn the_command_has_a_home_of_its_own_and_none_of_the_variables() {
    let script = "stat -c %a \"$HOME\" \"$TMPDIR\" \"$XDG_RUNTIME_DIR\"; ls -A \"$HOME\"; echo \"$HOME\"; env | cut -d= -f1 | sort";
    let output = world(&["--", "/bin/sh", "-c", script]);
    assert_exit(&output, 0);
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..3], ["700", "700", "700"]);
    assert!(lines[3].contains("/sc-") && lines[3].ends_with("/home"), "{said}");
    let expected = [
        "DBUS_SESSION_BUS_ADDRESS",
        "HOME",
        "LANG",
        "PATH",
        "PWD",
        "TERM",
        "TMPDIR",
        "TZ",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    assert_eq!(lines[4..].iter().filter(|name| **name != "_").copied().collect::<Vec<_>>(), expected);
}

fn variables_are_passed_on_when_they_are_asked_for_and_are_not_the_worlds() {
    let script = "echo \"$OUTER-$OTHER-$TZ\"";
    let output =
        world(&["--env", "OUTER", "--env", "OTHER=b=c", "--env", "TZ=CET", "--", "sh", "-c", script]);
    assert_eq!(text(&output.stdout), "outer-b=c-CET\n");
    for (asked, complaint) in [
        ("HOME=/root", "\"HOME\" belongs to the world"),
        ("DBUS_SESSION_BUS_ADDRESS", "belongs to the world"),
        ("NOT_SET_AT_ALL", "environment variable not found"),
    ] {
        let output = world(&["--env", asked, "--", "true"]);
        assert_exit(&output, 64);
        assert!(text(&output.stderr).contains(complaint), "{}", text(&output.stderr));
    }
}

fn the_streams_and_the_folder_of_the_caller_are_the_commands() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let mut command = program(&["--", "sh", "-c", "cat; pwd; echo to-errors >&2"]);
    command.current_dir(folder.path()).stdin(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("it is a pipe").write_all(b"from outside\n").expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    let folder = folder.path().canonicalize().expect("it is there");
    assert_eq!(text(&output.stdout), format!("from outside\n{}\n", folder.display()));
    assert_eq!(text(&output.stderr), "to-errors\n");
}

fn nothing_is_left_of_a_world_unless_it_is_to_be_kept() {
    let worlds = tempfile::tempdir().expect("a folder is made");
    let left = || -> Vec<PathBuf> {
        let entries = fs::read_dir(worlds.path()).expect("the folder is there");
        entries.map(|entry| entry.expect("it can be read").path()).collect()
    };
    // A process that has left its parent and holds a file of the world. Both are waited for: what is killed before it
    // has become a `sleep` is named after what it was.
    let script = "echo kept > \"$HOME/file\"
        (setsid sh -c 'echo $$ > \"$HOME/left\"; exec sleep 300' < /dev/null > /dev/null 2>&1 &)
        sleep 300 &
        own=$!
        is_asleep() { [ \"$(cat \"/proc/$1/comm\" 2> /dev/null)\" = sleep ]; }
        until is_asleep \"$own\" && is_asleep \"$(cat \"$HOME/left\" 2> /dev/null)\"; do :; done
        echo \"$own\"";
    let mut command = program(&["--", "sh", "-c", script]);
    let output = command.env("TMPDIR", worlds.path()).output().expect("the program starts");
    assert_exit(&output, 0);
    let left_running: u32 = text(&output.stdout).trim().parse().expect("it is a process id");
    assert!(!Path::new(&format!("/proc/{left_running}")).exists());
    assert_eq!(
        text(&output.stderr),
        "sealcheck: the command left running, and this was killed: sleep, sleep\n"
    );
    assert_eq!(left(), [] as [PathBuf; 0]);

    let mut command = program(&["--keep", "--", "sh", "-c", "echo kept > \"$HOME/file\""]);
    let output = command.env("TMPDIR", worlds.path()).output().expect("the program starts");
    let [kept] = left().try_into().expect("one folder is left");
    let said = format!("sealcheck: the folder of the world stays: {}\n", kept.display());
    assert_eq!(text(&output.stderr), said);
    assert_eq!(fs::read_to_string(kept.join("home/file")).expect("it is kept"), "kept\n");
}

fn the_mask_is_the_commands() {
    for mask in ["000", "077"] {
        let output = world(&["--umask", mask, "--", "sh", "-c", "umask"]);
        assert_eq!(text(&output.stdout), format!("0{mask}\n"));
    }
}

fn a_signal_for_the_command_reaches_it() {
    assert_eq!(status_after_a_signal(&[]), 9);
}

fn a_signal_for_a_watched_command_reaches_it() {
    assert_eq!(status_after_a_signal(&["--watch"]), 9);
}

/// Sends a signal to sealcheck, once the command says that it waits for one.
fn status_after_a_signal(options: &[&str]) -> i32 {
    let mut child = program(&[options, &["--", "sh", "-c", TRAP]].concat()).spawn().expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it can be read");
    assert_eq!(line, "ready\n");
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id fits"));
    kill(process, Signal::SIGTERM).expect("it is there");
    output.read_to_string(&mut line).expect("it can be read");
    assert_eq!(line, "ready\ncaught\n");
    child.wait().expect("it ends").code().expect("it exits")
}

fn an_interrupt_from_the_terminal_reaches_the_command_alone() {
    // Without a shell in between, which would take the interrupt for its own, or not, as each does.
    let line = format!("exec '{}' world -- sh -c '{TRAP}'", env!("CARGO_BIN_EXE_sealcheck"));
    // Who started the tests in the background may ignore interrupts, and a shell cannot trap what it was born to ignore.
    let mut command = Command::new("env");
    command
        .args(["--default-signal=INT", SCRIPT, "-qec", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("script starts");
    let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
    let mut said = String::new();
    while !said.contains("ready") {
        assert_ne!(output.read_line(&mut said).expect("it can be read"), 0, "{said}");
    }
    let mut terminal = child.stdin.take().expect("it is a pipe");
    terminal.write_all(&[INTERRUPT]).expect("the terminal takes it");
    output.read_to_string(&mut said).expect("it can be read");
    assert_eq!(said.matches("caught").count(), 1, "{said}");
    assert_eq!(child.wait().expect("it ends").code(), Some(9));
}

fn what_a_watched_command_did_is_said_at_its_end() {
    let script = "echo secret > \"$HOME/file\"; chmod 640 \"$HOME/file\"; echo no > /var/tmp/sealcheck-watched; exit 3";
    let output = world(&["--watch", "--condition", "locked", "--", "sh", "-c", script]);
    assert_exit(&output, 3);
    let said = text(&output.stderr);
    for line in [
        "sealcheck: the world was as it should be: ",
        "sealcheck: the command exited with 3\n",
        "sealcheck: programs started: 2\n",
        "sealcheck: left: file ~/file 0640 7 bytes\n",
        "sealcheck: refused: open /var/tmp/sealcheck-watched for writing with mode 0666, refused with EROFS\n",
    ] {
        assert!(said.contains(line), "{line:?} is not in:\n{said}");
    }
    assert!(!Path::new("/var/tmp/sealcheck-watched").exists());
}

fn a_watched_command_writes_where_it_may() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let file = folder.path().join("file");
    let script = format!("echo yes > '{}'", file.display());
    let writable = folder.path().to_str().expect("it is text");
    assert_exit(&world(&["--watch", "--", "sh", "-c", &script]), 2);
    assert!(!file.exists());
    assert_exit(&world(&["--watch", "--writable", writable, "--", "sh", "-c", &script]), 0);
    assert_eq!(fs::read_to_string(file).expect("it was written"), "yes\n");
}

fn a_folder_to_write_in_is_found_from_where_the_caller_is() {
    let folder = tempfile::tempdir().expect("a folder is made");
    fs::create_dir_all(folder.path().join("build/target")).expect("the folders are made");
    let visit = |writable: &str, file: &str| {
        let script = format!("echo yes > '{}/{file}'", folder.path().display());
        let mut program = program(&["--watch", "--writable", writable, "--", "sh", "-c", &script]);
        program.current_dir(folder.path().join("build")).stdin(Stdio::null()).output().expect("it starts")
    };
    for (writable, file) in [("target", "build/target/file"), ("..", "file")] {
        assert_exit(&visit("target/nowhere", file), 64);
        assert_exit(&visit(writable, file), 0);
        assert_eq!(fs::read_to_string(folder.path().join(file)).expect("it was written"), "yes\n");
    }
    assert_exit(&visit("target", "build/outside"), 2);
}

fn conditions() -> impl Iterator<Item = Condition> {
    Condition::ALL.into_iter().chain([Condition::Usable])
}

fn world(arguments: &[&str]) -> Output {
    program(arguments).stdin(Stdio::null()).output().expect("the program starts")
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealcheck"));
    command.arg("world").args(arguments).env("OUTER", "outer").env("TERM", "dumb").env_remove("COLORTERM");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for a signal, in pieces short enough for a trap to be noticed, and not for ever.
const TRAP: &str = "trap \"echo caught; exit 9\" INT TERM; echo ready; i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done";
const SCRIPT: &str = "/usr/bin/script";
/// What Ctrl-C sends to a terminal.
const INTERRUPT: u8 = 3;

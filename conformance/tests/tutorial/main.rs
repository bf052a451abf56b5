//! The tutorial of `PROTOCOL.md`: its blocks assemble an adapter, its commands print what the page says.
//!
//! A block of a file says in its opening line which file it is added to, such as `sh-secret-tool/adapter`. A block of a
//! console holds commands, each after `$ `, and below each what it prints.

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck::supervisor;

fn main() {
    let lacks = lacks();
    let reason = lacks.as_ref().map(|lacks| format!(" ({lacks})")).unwrap_or_default();
    let trials = vec![
        Trial::test("the_blocks_of_the_tutorial_are_the_adapter_that_is_built_in", assembled),
        Trial::test("every_block_of_the_page_is_of_a_kind_that_is_tested", every_block_is_tested),
        Trial::test(format!("every_command_of_the_tutorial_prints_what_the_page_says{reason}"), played)
            .with_ignored_flag(lacks.is_some()),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// What this machine lacks for the commands of the tutorial.
fn lacks() -> Option<String> {
    let missing = ["jq", "secret-tool"].into_iter().find(|program| {
        !["/usr/local/bin", "/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).is_file())
    });
    match (missing, supervisor::probe()) {
        (Some(program), _) => Some(format!("{program} is not installed")),
        (None, Err(_)) => Some("sessions cannot be supervised here".into()),
        (None, Ok(_)) => None,
    }
}

/// The built-in adapter may know more failures than the tutorial shows.
fn assembled() -> Result<(), Failed> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for block in blocks() {
        if let Kind::File(path) = block.kind {
            files.entry(path).or_default().push_str(block.text);
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters");
    for (path, text) in &files {
        let built_in = fs::read_to_string(folder.join(path))?;
        let is_same = match path.rsplit('/').next() {
            Some("baseline.toml") => built_in.contains(text.as_str()),
            _ => built_in == *text,
        };
        if !is_same {
            return Err(format!("adapters/{path} is not what the blocks assemble to:\n{text}").into());
        }
    }
    let names: Vec<_> = files.keys().copied().collect();
    let expected = ["adapter", "adapter.toml", "baseline.toml", "requests.sh", "statement.json"]
        .map(|name| format!("sh-secret-tool/{name}"));
    if names == expected { Ok(()) } else { Err(format!("{names:?}").into()) }
}

/// `tests/protocol_document.rs` reads the other kinds.
fn every_block_is_tested() -> Result<(), Failed> {
    let unknown = blocks().into_iter().find(|block| match block.kind {
        Kind::File(_) | Kind::Console => false,
        Kind::Other(opening) => !["json", "jsonl", "toml"].contains(&opening),
    });
    match unknown {
        None => Ok(()),
        Some(block) => Err(format!("nobody tests this block:\n{}", block.text).into()),
    }
}

fn played() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for block in blocks() {
        match block.kind {
            Kind::File(path) => {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().ok_or("a file is in a folder")?)?;
                let before = fs::read_to_string(&path).unwrap_or_default();
                fs::write(path, before + block.text)?;
            }
            Kind::Console => {
                for command in commands(block.text) {
                    command.play(folder.path())?;
                }
            }
            Kind::Other(_) => {}
        }
    }
    Ok(())
}

/// A command of a console, and what it prints.
struct Shown<'a> {
    line: &'a str,
    prints: String,
}

fn commands(console: &str) -> Vec<Shown<'_>> {
    let mut commands: Vec<Shown<'_>> = Vec::new();
    for line in console.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(line), _) => commands.push(Shown { line, prints: String::new() }),
            (None, Some(command)) => command.prints.push_str(&format!("{line}\n")),
            (None, None) => panic!("the console begins without a command: {line}"),
        }
    }
    commands
}

impl Shown<'_> {
    fn play(&self, folder: &Path) -> Result<(), Failed> {
        let binary = Path::new(env!("CARGO_BIN_EXE_sealcheck"));
        let own = binary.parent().ok_or("the binary is in a folder")?.display();
        let output = Command::new("/bin/sh")
            .args(["-c", &format!("{{ {}\n}} 2>&1", self.line)])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{own}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", folder)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .output()?;
        let printed = String::from_utf8(output.stdout)?;
        if printed == self.prints {
            return Ok(());
        }
        Err(format!("$ {}\nprints:\n{printed}\nand the page says:\n{}", self.line, self.prints).into())
    }
}

/// A fenced block of the page.
struct Block {
    kind: Kind,
    text: &'static str,
}

enum Kind {
    /// It is added to a file.
    File(&'static str),
    /// Its commands are run.
    Console,
    /// Another one, by its opening.
    Other(&'static str),
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = PAGE;
    while let Some((_, fenced)) = rest.split_once("\n```") {
        let (opening, inside) = fenced.split_once('\n').expect("an opening fence is a line");
        let (text, after) = inside.split_once("```\n").expect("every block is closed");
        let kind = match opening.split_once(' ') {
            Some((_, path)) => Kind::File(path),
            None if opening == "console" => Kind::Console,
            None => Kind::Other(opening),
        };
        blocks.push(Block { kind, text });
        rest = after;
    }
    blocks
}

const PAGE: &str = include_str!("../../PROTOCOL.md");

//! strace beside the witness: two who know nothing of each other see the same calls of the same session.
//!
//! The session's program is strace, which runs the adapter; so both watch the same processes in the same run. Compared are
//! the calls that make, first write to and rename files, by process and path. What makes the two comparable, and no more:
//!
//! - The witness leaves out devices and `/proc`, which are no storage, and writes to a file after a process's first one. A
//!   path that was removed, or that another file was renamed to, stands for another file afterwards.
//! - strace's own files, one for each thread, are its own affair.
//! - strace tells threads apart and the witness processes; a thread is counted with the process that started it.
//! - Attempts count on both sides, whatever came of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fmt, fs,
    path::{Component, Path, PathBuf},
};

use libtest_mimic::Trial;
use sealcheck::{
    adapter::AdapterCommand,
    case::Partition,
    observation::{SystemCall, SystemCallKind},
};

use crate::world::{FIRST, Played, Protection, World, get, open, put};

/// One session of the reference and one of Python for each protection, where strace is there, and the control.
pub(crate) fn trials(python: &Result<AdapterCommand, String>) -> Vec<Trial> {
    let strace = program("strace").ok_or_else(|| "strace is not in PATH: apt install strace".to_owned());
    let mut trials = vec![Trial::test("strace: a call that only one of the two has is told", || {
        a_missing_call_is_told();
        Ok(())
    })];
    for protection in Protection::ALL {
        for (who, adapter) in [("the reference", None), ("python", Some(python.clone()))] {
            let missing =
                [strace.as_ref().err(), adapter.as_ref().and_then(|adapter| adapter.as_ref().err())];
            let missing: Vec<_> = missing.into_iter().flatten().map(String::as_str).collect();
            let reason =
                if missing.is_empty() { String::new() } else { format!(" ({})", missing.join("; ")) };
            let name =
                format!("strace, {}: it sees what the witness sees of {who}{reason}", protection.as_str());
            let ignored = !missing.is_empty();
            let strace = strace.clone();
            let run = move || {
                let adapter = adapter.clone().transpose()?;
                both_see_the_same(&strace?, adapter.as_ref(), protection);
                Ok(())
            };
            trials.push(Trial::test(name, run).with_ignored_flag(ignored));
        }
    }
    trials
}

fn both_see_the_same(strace: &Path, adapter: Option<&AdapterCommand>, protection: Protection) {
    let mut world = World::build();
    let adapter = adapter.unwrap_or(&world.reference).clone();
    let traces = world.root().join("strace");
    fs::create_dir(&traces).expect("the world is the test's own");

    let steps = [
        open("cache", "traced", protection.consent()),
        put("cache", Partition::Nocae, FIRST),
        get("cache", Partition::Nocae, FIRST),
    ];
    let played = world.play(&under(strace, &adapter, &traces), protection.condition(), &steps);

    let (witnessed, traced) = (of_witness(&played, &traces), of_strace(&traces));
    assert_eq!(differences(&witnessed, &traced), Vec::<String>::new());
    // Nothing would be equal to nothing.
    for kind in [Kind::Make, Kind::Open, Kind::Write] {
        assert!(
            witnessed.iter().any(|call| call.kind == kind),
            "no call of the session was a {kind}: {witnessed:#?}"
        );
    }
    let renames = witnessed.iter().filter(|call| matches!(call.kind, Kind::Rename { .. })).count();
    let is_reference = adapter.name == world.reference.name;
    assert_eq!(renames > 0, is_reference && protection == Protection::Plaintext, "{witnessed:#?}");
    // The control, on what was really seen: whichever call one of them had missed, it would be told.
    for missed in 0..witnessed.len() {
        let mut fewer = witnessed.clone();
        fewer.remove(missed);
        assert_eq!(differences(&fewer, &traced).len(), 1, "without call {missed}");
        assert_eq!(differences(&traced, &fewer).len(), 1, "without call {missed}");
    }
}

fn a_missing_call_is_told() {
    let call = |kind, path: &str| Call { process: 7, kind, path: path.into() };
    let both = vec![
        call(Kind::Open, "/w/a"),
        call(Kind::Open, "/w/a"),
        call(Kind::Write, "/w/a"),
        call(Kind::Rename { to: "/w/b".into() }, "/w/a"),
    ];
    assert_eq!(differences(&both, &both), Vec::<String>::new());
    for missed in 0..both.len() {
        let mut fewer = both.clone();
        fewer.remove(missed);
        assert_eq!(differences(&both, &fewer).len(), 1);
        assert_eq!(differences(&fewer, &both).len(), 1);
    }
    let mut elsewhere = both.clone();
    elsewhere[3].kind = Kind::Rename { to: "/w/c".into() };
    assert_eq!(differences(&both, &elsewhere).len(), 2);
}

/// A call that makes, writes to or renames a file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Call {
    process: u32,
    path: String,
    kind: Kind,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    /// Makes a folder, a node or a link.
    Make,
    /// Opens to write or to create.
    Open,
    /// Renames.
    Rename { to: String },
    /// Writes for the first time.
    Write,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make => f.pad("make"),
            Self::Open => f.pad("open"),
            Self::Rename { to } => write!(f, "rename to {to}"),
            Self::Write => f.pad("write"),
        }
    }
}

/// How often each call was seen by one and not by the other.
fn differences(witnessed: &[Call], traced: &[Call]) -> Vec<String> {
    let mut balance: BTreeMap<&Call, i32> = BTreeMap::new();
    for call in witnessed {
        *balance.entry(call).or_default() += 1;
    }
    for call in traced {
        *balance.entry(call).or_default() -= 1;
    }
    let uneven = balance.into_iter().filter(|(_, surplus)| *surplus != 0);
    uneven
        .map(|(Call { process, path, kind }, surplus)| {
            let who = if surplus > 0 { "the witness" } else { "strace" };
            format!("only {who} saw {} × process {process}: {kind} {path}", surplus.abs())
        })
        .collect()
}

fn of_witness(played: &Played, traces: &Path) -> Vec<Call> {
    played
        .system_calls()
        .filter_map(witnessed)
        .filter(|call| !Path::new(&call.path).starts_with(traces))
        .collect()
}

fn witnessed(call: &SystemCall) -> Option<Call> {
    let kind = match call.call {
        SystemCallKind::Open => Kind::Open,
        SystemCallKind::Write => Kind::Write,
        SystemCallKind::Rename => Kind::Rename { to: call.second_path.clone()? },
        SystemCallKind::MakeDirectory | SystemCallKind::MakeNode => Kind::Make,
        // The second path of a link is the one that is made.
        SystemCallKind::Link | SystemCallKind::Symlink => {
            return Some(Call { process: call.pid, kind: Kind::Make, path: call.second_path.clone()? });
        }
        SystemCallKind::SharedMap
        | SystemCallKind::Splice
        | SystemCallKind::Sync
        | SystemCallKind::Unlink
        | SystemCallKind::Truncate
        | SystemCallKind::ChangeMode
        | SystemCallKind::ChangeOwner
        | SystemCallKind::SetAttribute
        | SystemCallKind::Connect
        | SystemCallKind::Forbidden => return None,
    };
    Some(Call { process: call.pid, kind, path: call.path.clone()? })
}

/// The calls in strace's files, one of which there is for each thread.
fn of_strace(traces: &Path) -> Vec<Call> {
    let files = fs::read_dir(traces).expect("strace was told to write there");
    let mut lines = Vec::new();
    for entry in files {
        let path = entry.expect("the folder can be read").path();
        let thread =
            path.extension().and_then(|thread| thread.to_str()).and_then(|thread| thread.parse().ok());
        let thread: u32 = thread.expect("strace ends the name with the thread");
        let text = fs::read_to_string(&path).expect("what strace writes is text");
        lines.extend(text.lines().filter_map(|line| Line::parse(thread, line)));
    }
    assert!(!lines.is_empty(), "strace traced nothing");
    lines.sort_by_key(|line| line.microseconds);

    let leaders: BTreeMap<u32, u32> =
        lines.iter().filter_map(|line| Some((line.started_thread()?, line.thread))).collect();
    let process_of = |thread: u32| {
        std::iter::successors(Some(thread), |thread| leaders.get(thread).copied()).last().unwrap_or(thread)
    };
    let mut calls = Vec::new();
    let mut written = BTreeSet::new();
    for line in &lines {
        let process = process_of(line.thread);
        if let Some(removed) = line.removed() {
            // A later file with this name is another file.
            written.retain(|(_, path)| *path != removed);
        }
        let Some((kind, path)) = line.call() else { continue };
        let first = kind != Kind::Write || written.insert((process, path.clone()));
        if first && is_storage(&path) {
            calls.push(Call { process, kind, path });
        }
    }
    calls
}

/// One line of strace: a call with its arguments and its result.
struct Line {
    microseconds: u64,
    thread: u32,
    name: String,
    arguments: Vec<Argument>,
    result: String,
}

struct Argument(String);

impl Line {
    fn parse(thread: u32, line: &str) -> Option<Self> {
        let (time, call) = line.split_once(' ')?;
        let (seconds, fraction) = time.split_once('.').expect("strace was told to print the time");
        let microseconds = format!("{seconds}{fraction}").parse().expect("the time is a number");
        if call.starts_with(['+', '-']) {
            return None;
        }
        let (name, rest) = call.split_once('(').expect("a line is a call");
        let (arguments, result) = arguments(rest).unwrap_or_else(|| panic!("strace did not finish {line:?}"));
        Some(Self { microseconds, thread, name: name.into(), arguments, result: result.into() })
    }

    /// The thread that it started in its own process.
    fn started_thread(&self) -> Option<u32> {
        let mut flags = self.arguments.iter().map(|Argument(text)| text);
        let is_thread = self.name.starts_with("clone") && flags.any(|flags| flags.contains("CLONE_THREAD"));
        self.result.trim_start_matches([' ', '=']).parse().ok().filter(|_| is_thread)
    }

    /// The path behind which there is no longer the file that was there.
    fn removed(&self) -> Option<String> {
        if self.result.contains("= -1 ") {
            return None;
        }
        match self.name.as_str() {
            "unlink" => self.whole(0),
            "unlinkat" => self.at(0),
            "rename" => self.whole(1),
            "renameat" | "renameat2" => self.at(2),
            _ => None,
        }
    }

    fn call(&self) -> Option<(Kind, String)> {
        let mutates = |index: usize| MUTATING.iter().any(|flag| self.arguments[index].0.contains(flag));
        Some(match self.name.as_str() {
            "open" => (Kind::Open, self.whole(0).filter(|_| mutates(1))?),
            "creat" => (Kind::Open, self.whole(0)?),
            "mkdir" | "mknod" => (Kind::Make, self.whole(0)?),
            "link" | "symlink" => (Kind::Make, self.whole(1)?),
            "rename" => (Kind::Rename { to: self.whole(1)? }, self.whole(0)?),
            "openat" | "openat2" => (Kind::Open, self.at(0).filter(|_| mutates(2))?),
            "mkdirat" | "mknodat" => (Kind::Make, self.at(0)?),
            "linkat" => (Kind::Make, self.at(2)?),
            "symlinkat" => (Kind::Make, self.at(1)?),
            "renameat" | "renameat2" => (Kind::Rename { to: self.at(2)? }, self.at(0)?),
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" => (Kind::Write, self.path(0)?),
            _ => return None,
        })
    }

    fn path(&self, index: usize) -> Option<String> {
        self.arguments.get(index)?.path()
    }

    /// The path that an argument names in the folder of the one before it.
    fn at(&self, folder: usize) -> Option<String> {
        Some(below(&self.path(folder)?, &self.path(folder + 1)?))
    }

    /// The path that an argument names alone: strace does not say what the working folder is.
    fn whole(&self, index: usize) -> Option<String> {
        let path = self.path(index)?;
        assert!(
            path.starts_with('/'),
            "{} was given {path}, from a folder that strace does not name",
            self.name
        );
        Some(below("/", &path))
    }
}

/// The arguments up to the closing parenthesis, and what is behind it.
fn arguments(rest: &str) -> Option<(Vec<Argument>, &str)> {
    let mut arguments = Vec::new();
    let (mut depth, mut quoted, mut begin, mut escaped) = (0_usize, false, 0, false);
    for (index, character) in rest.char_indices() {
        let argument = || Argument(rest[begin..index].trim().to_owned());
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' | '<' => depth += 1,
            ')' if depth == 0 => {
                arguments.push(argument());
                return Some((arguments, &rest[index + 1..]));
            }
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                arguments.push(argument());
                begin = index + 1;
            }
            _ => {}
        }
    }
    None
}

impl Argument {
    /// The path in quotes, or the one behind a descriptor; none for what is no file.
    fn path(&self) -> Option<String> {
        let path = match self.0.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"').expect("strace was told not to shorten paths"),
            None => {
                let (_, rest) = self.0.split_once('<')?;
                let (path, deleted) = rest.rsplit_once('>')?;
                return path.starts_with('/').then(|| mark(path, deleted));
            }
        };
        assert!(!path.contains('\\'), "a path with characters that strace escapes: {path}");
        Some(path.to_owned())
    }
}

/// A file without a name, as the witness writes it.
fn mark(path: &str, deleted: &str) -> String {
    if deleted.contains("deleted") { format!("{path} (deleted)") } else { path.to_owned() }
}

/// A path from a folder, without dots.
fn below(folder: &str, path: &str) -> String {
    let mut whole = PathBuf::new();
    for part in Path::new(folder).join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            Component::Normal(_) | Component::Prefix(_) | Component::RootDir => whole.push(part),
        }
    }
    whole.to_str().expect("it was made of text").to_owned()
}

/// Devices, except memory that is shared by name, and what the kernel says of processes are no storage.
fn is_storage(path: &str) -> bool {
    let path = Path::new(path);
    path.starts_with("/dev/shm") || !(path.starts_with("/dev") || path.starts_with("/proc"))
}

fn under(strace: &Path, adapter: &AdapterCommand, traces: &Path) -> AdapterCommand {
    let output = traces.join("thread").to_str().expect("the world's path is text").to_owned();
    let program = adapter.program.to_str().expect("the adapter's path is text").to_owned();
    let options = [
        "-ff",
        "-qq",
        "-ttt",
        "-y",
        "-s",
        "0",
        "-e",
        "signal=none",
        "-e",
        TRACED,
        "-o",
        output.as_str(),
        "--",
    ];
    let arguments = options.map(ToOwned::to_owned).into_iter().chain([program]);
    AdapterCommand {
        program: strace.to_owned(),
        arguments: arguments.chain(adapter.arguments.iter().cloned()).collect(),
        ..adapter.clone()
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A question mark: where this architecture has no such call, it is not asked for.
const TRACED: &str = "trace=?open,?creat,openat,openat2,write,writev,pwrite64,pwritev,pwritev2,?rename,?renameat,\
    renameat2,?mkdir,mkdirat,?mknod,mknodat,?link,linkat,?symlink,symlinkat,?unlink,unlinkat,clone,clone3,?fork,?vfork";

const MUTATING: [&str; 5] = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"];

//! Whole processes that open a cache and read one token.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use token_cache::{Environment, Partition, Platform, TokenCache, TokenCachePersistenceOptions};

use crate::document;
use crate::turns::{Costs, Target, heading, print};
use crate::world::{World, missing};

/// The first argument of our process.
pub(crate) const READER: &str = "reader";

/// More rounds than this say no more.
pub(crate) const ROUNDS: usize = 30;

/// Our process: opens the cache of its environment, and prints one access token.
pub(crate) fn read() {
    let options = options(std::env::args().nth(2).as_deref() == Some(PLAINTEXT));
    let cache = TokenCache::open(&options, Partition::NoCae).expect("a cache");
    let stored = cache.read().expect("read").expect("stored");
    println!("{}", document::token(&stored));
}

/// Measures it on an unlocked keyring and on a plaintext file, beside others.
pub(crate) fn measure(sdk: Option<&str>, rounds: usize) {
    for need in ["gnome-keyring-daemon", "dbus-daemon", "secret-tool"] {
        if let Some(program) = missing(&[need]) {
            println!("not run: no {program}");
            return;
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/benches/cost/sdk.py");

    let world = World::unlocked();
    store(world.environment(), ENCRYPTED);
    let ours = || Program::new(&world, this(), &[READER, ENCRYPTED]);
    let tool = Program::new(&world, "secret-tool".to_owned(), &[&["lookup"], &ITEM[..]].concat());
    heading(&format!("a process that opens a cache in gnome-keyring and reads one token, {rounds} times"));
    compare("secret-tool lookup", &ours(), &tool, rounds, [Target::AtMost(1.0), Target::AtMost(1.0)]);
    if let Some(python) = sdk {
        let theirs = Program::new(&world, python.to_owned(), &["-B", script, ENCRYPTED]);
        compare("the Python SDK", &ours(), &theirs, rounds, [Target::TimesLess(25.0), Target::None]);
    }

    let world = World::without_service();
    store(world.environment(), PLAINTEXT);
    for (place, with_bus) in [("there is no bus", false), ("there is a bus and no keyring", true)] {
        let program = |path: &str, arguments: &[&'static str]| Program {
            with_bus,
            ..Program::new(&world, path.to_owned(), arguments)
        };
        let ours = program(&this(), &[READER, PLAINTEXT]);
        heading(&format!("the same where {place} and plaintext is allowed, {rounds} times"));
        if let Some(python) = sdk {
            let theirs = program(python, &["-B", script, PLAINTEXT]);
            compare("the Python SDK", &ours, &theirs, rounds, [Target::TimesLess(100.0), Target::None]);
        }
        let floor = program("echo", &["the-access-token"]);
        compare("echo, which does nothing", &ours, &floor, rounds, [Target::None, Target::None]);
    }
}

fn compare(name: &str, ours: &Program, other: &Program, rounds: usize, [cpu, wall]: [Target; 2]) {
    let mut costs: [Costs; 4] = Default::default();
    for round in 0..rounds + 2 {
        for (index, program) in [ours, other].into_iter().enumerate() {
            let (cpu, wall) = program.run();
            if round >= 2 {
                costs[index].add(cpu);
                costs[index + 2].add(wall);
            }
        }
    }
    print(&format!("{name}: CPU"), &costs[0], &costs[1], cpu);
    print(&format!("{name}: wall"), &costs[2], &costs[3], wall);
}

/// A program that prints the access token.
struct Program<'a> {
    world: &'a World,
    path: String,
    arguments: Vec<&'a str>,
    with_bus: bool,
}

impl<'a> Program<'a> {
    fn new(world: &'a World, path: String, arguments: &[&'a str]) -> Self {
        Self { world, path, arguments: arguments.to_vec(), with_bus: true }
    }

    /// Runs it; how much of the processor and how long it took.
    fn run(&self) -> (Duration, Duration) {
        let mut command: Command = self.world.command(&self.path);
        command.args(&self.arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
        if !self.with_bus {
            command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
        }
        let (before, begun) = (used(), Instant::now());
        let ended = command.output().expect("it starts");
        let (wall, cpu) = (begun.elapsed(), used() - before);
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && said.contains("the-access-token"), "{} said {said:?}", self.path);
        (cpu, wall)
    }
}

/// What the processes that ended have used of the processor.
fn used() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(u64::try_from(microseconds).expect("no time is negative"))
}

fn store(environment: Environment, protection: &str) {
    let builder = TokenCache::builder(&options(protection == PLAINTEXT)).environment(environment);
    builder.open().expect("a cache").write(document::of_size(SIZE)).expect("stored");
}

pub(crate) fn options(plaintext: bool) -> TokenCachePersistenceOptions {
    TokenCachePersistenceOptions::new().name("cost").allow_unencrypted_storage(plaintext)
}

impl World {
    /// The world as a cache in this process sees it.
    pub(crate) fn environment(&self) -> Environment {
        let bus =
            token_cache::BusAddress { address: Some(self.address().to_owned()), runtime_directory: None };
        Environment {
            platform: Platform::Linux,
            home: Some(self.home().to_owned()),
            bus,
            ..Environment::default()
        }
    }
}

fn this() -> String {
    let path = std::env::current_exe().expect("this program has a path");
    path.into_os_string().into_string().expect("text")
}

const ENCRYPTED: &str = "encrypted";
const PLAINTEXT: &str = "plaintext";
const SIZE: usize = 4096;
const ITEM: [&str; 4] = ["xdg:schema", "cost.nocae", "MsalClientID", "Microsoft.Developer.IdentityService"];

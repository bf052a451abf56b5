//! What a cache costs, as ratios: a whole process, a call on a keyring, a durable update of a file.
//!
//! ```text
//! cargo bench --bench cost
//! cargo bench --bench cost -- --sdk PYTHON        the Python SDK's own programs beside ours
//! cargo bench --bench cost -- --rounds 200
//! cargo bench --bench cost -- --only startup     or calls, or durable
//! ```
//!
//! Everything runs on a bus of its own, with a gnome-keyring of its own, in temporary folders. PYTHON is an interpreter
//! that has azure-identity and libsecret's bindings.
//!
//! What is compared is done in turn, round after round, and a ratio is that of the medians: what one measures in a
//! quiet minute and the other in a busy one says nothing, and a harness that measures one after the other cannot say more.
//! A target that is missed is marked; the program fails only where something was not done.
//!
//! # Figures
//!
//! Of virtual machines with two processors, in November 2026: azure-identity 1.27, Python 3.11, libsecret 0.20,
//! gnome-keyring 42. One was kept busy by others, and an fsync took it 1 ms and more; one was left alone, and an fsync
//! took 0.07 ms; the last one was left alone too, and an fsync took 0.12 ms. Only there it was today's code: before,
//! secret bytes were wiped one by one, and a folder was opened by way of its parent.
//!
//! | what | busy, five runs | left alone | today's code, left alone | target |
//! |---|---|---|---|---|
//! | process on a keyring, to secret-tool: CPU | 0.45 to 0.47 | 0.31 to 0.34 | 0.43 | at most 1.0 |
//! | process on a keyring, to secret-tool: wall | 0.70 to 0.74 | 0.60 to 0.63 | 0.68 | at most 1.0 |
//! | process on a keyring, to the SDK: CPU | 51 to 59 times less | 69, 83 | 68 times less | 25 times less |
//! | process on plaintext without a bus, to the SDK: CPU | 117 times less | 189, 195 | 141 times less | 100 times less |
//! | process on plaintext, a bus without a keyring, to the SDK: CPU | 75 to 78: missed | 113, 127 | 104 times less | 100 times less |
//! | read of 4 KiB in a process | 0.85 to 1.47: missed twice | 1.02, 1.04 | 0.99 | at most 1.3 |
//! | read of 64 KiB in a process | 1.03 to 1.91: missed once | 1.19, 1.32: missed once | 1.05 | at most 1.3 |
//! | update of 4 KiB and 64 KiB in a process | 1.35 to 2.6 | 1.68 to 1.76 | 1.68, 1.66 | none; `calls.rs` says why |
//! | durable update of 4 KiB | 1.01 to 1.14 | 1.28 to 1.45: missed | 1.37 to 1.41: missed | at most 1.2 |
//! | durable update of 64 KiB | 1.02 to 1.15 | 1.36 to 1.61: missed | 1.35 to 1.41: missed | at most 1.2 |
//! | the same on ext4 with a journal | | | 1.14 to 1.21, 1.20 to 1.22: missed by a hair | at most 1.2 |
//!
//! A busy machine: a read changes threads twice more than the bare calls, and each time waits for a turn; and of the
//! process on plaintext with a bus, 1.5 of 2.4 ms were those of a program that does nothing.
//!
//! The disk of the last machine is an ext4 without a journal, where the bare calls of a durable update take 0.5 ms; the
//! row below is of one with a journal in a file on it, where they take 0.9 ms. Ours take 0.2 ms longer on both. They lock,
//! make and remove the lock file for other SDKs, try again whether the cache can be encrypted, and read back what they
//! wrote. Without that lock file and without reading back, 1.15 to 1.18 was measured without a journal. Both stay: without
//! the one another SDK's update is lost, without the other ours may be.
//!
//! | file | holds |
//! |---|---|
//! | `turns.rs` | doing things in turn, and their ratios |
//! | `startup.rs` | whole processes: open, read one token |
//! | `calls.rs` | reading and updating an item, against bare calls |
//! | `bare.rs` | the bare calls, by the same client |
//! | `durable.rs` | updating a file so that it is on the disk |
//! | `document.rs` | a cache as MSAL writes it |
//! | `sdk.py` | the process of the Python SDK |

#![expect(clippy::print_stdout, reason = "what was measured is printed")]

#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod document;
#[cfg(target_os = "linux")]
mod durable;
#[cfg(target_os = "linux")]
mod startup;
#[cfg(target_os = "linux")]
mod turns;
#[cfg(target_os = "linux")]
#[path = "../../tests/world/mod.rs"]
#[expect(dead_code, unused_imports, reason = "tests use the rest of it")]
mod world;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("not run: the keyring and the tools that are measured are those of Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == startup::READER) {
        return startup::read();
    }
    // Cargo says which kind of target it runs.
    arguments.retain(|argument| argument != "--bench");
    let asked = Asked::parse(&arguments);
    if asked.wants("startup") {
        startup::measure(asked.sdk.as_deref(), asked.rounds.min(startup::ROUNDS));
    }
    if asked.wants("calls") {
        calls::measure(asked.rounds);
    }
    if asked.wants("durable") {
        durable::measure(asked.rounds);
    }
}

/// What was asked for on the command line.
#[cfg(target_os = "linux")]
struct Asked {
    sdk: Option<String>,
    only: Option<String>,
    rounds: usize,
}

#[cfg(target_os = "linux")]
impl Asked {
    fn parse(arguments: &[String]) -> Self {
        let mut asked = Self { sdk: None, only: None, rounds: 300 };
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            let value = rest.next().unwrap_or_else(|| panic!("{option} needs a value"));
            match option.as_str() {
                "--only" => asked.only = Some(value.clone()),
                "--sdk" => asked.sdk = Some(value.clone()),
                "--rounds" => asked.rounds = value.parse().expect("--rounds needs a number"),
                other => panic!("{other} is no option: there are --only, --rounds and --sdk"),
            }
        }
        asked
    }

    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

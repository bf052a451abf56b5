//! The tests, and the process whose memory is searched.
//!
//! | file | holds |
//! |---|---|
//! | `canary.rs` | a document that no other memory can look like |
//! | `scan.rs` | the search of this process's memory |
//! | `job.rs` | what the other process does with a cache before it searches |

mod canary;
mod job;
mod scan;
#[path = "../../world/mod.rs"]
#[expect(dead_code, unused_imports, reason = "other tests use the rest of it")]
mod world;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::Trial;

use world::{World, missing};

/// Does the other process's work, if this is that.
pub(crate) fn worker() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (first, rest) = arguments.split_first()?;
    (first == WORKER).then(|| job::run(rest))
}

/// Every test; the ones that cannot run here are ignored and say why.
pub(crate) fn trials() -> Vec<Trial> {
    let in_the_clear = Trial::test("a_dropped_plaintext_cache_leaves_nothing_in_memory", || {
        searched("");
        Ok(())
    });
    let encrypted = Trial::test("a_dropped_cache_in_a_keyring_leaves_nothing_in_memory", || {
        let world = World::unlocked();
        searched(world.address());
        Ok(())
    });
    let encrypted = match missing(&["dbus-daemon", "gnome-keyring-daemon"]) {
        None => encrypted,
        Some(program) => encrypted.with_kind(format!("not run: no {program}")).with_ignored_flag(true),
    };
    vec![in_the_clear, encrypted]
}

/// Has the other process use a cache, drop it, and search itself, for documents of several sizes.
fn searched(bus: &str) {
    for size in SIZES {
        let home = tempfile::tempdir().expect("a folder");
        let ended = Command::new(std::env::current_exe().expect("this program has a path"))
            .args([WORKER, &size.to_string(), bus])
            .arg(home.path())
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        let said = String::from_utf8(ended.stdout).expect("text");
        let lines: Vec<_> = said.lines().collect();
        let [in_use, leaked, freed, dropped @ ..] = &lines[..] else {
            panic!("{said}{}", String::from_utf8_lossy(&ended.stderr));
        };
        // The controls first: a search that finds nothing where there is something says nothing.
        for (what, line) in [("in use", in_use), ("leaked", leaked), ("freed", freed)] {
            assert!(line.starts_with("found "), "{size} bytes, {what}: {line}");
        }
        assert_eq!(dropped, ["nothing"], "{size} bytes");
    }
}

const WORKER: &str = "worker";

/// Of a few blocks of a cipher, of a usual cache, and above what an allocator takes from the heap.
const SIZES: [usize; 3] = [120, 5000, 300_000];

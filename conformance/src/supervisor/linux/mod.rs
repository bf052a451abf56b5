//! The single-threaded process that starts a session under the system call witness.
//!
//! The harness starts it with [`Supervised::spawn`], one for each session. It starts the adapter below itself, answers
//! each call that the filter announces, sends what it sees back over a socket, and ends only when every descendant is
//! gone.
//!
//! It counts the calls that concern the session's own files, by class, and where its orders say so it ends the n-th with
//! an errno, kills the session before it, or holds it until the harness lets it go.
//!
//! Calls are seen as *attempted*: the witness lets them go on and never learns their results. It is a witness and a
//! guard against accidents, not a jail: a program that rewrites its arguments from another thread between the look and
//! the call gets past it. Not seen: reads; bytes that go to sockets, pipes and devices; a fork without exec; kernel
//! keyrings; calls that need a result to be understood (a `bind` that picks its own name); shared memory without a file;
//! messages to other processes of the same user by signals or System V objects; and file contents that are moved inside
//! the kernel and overwritten again before the file is next looked at.
//!
//! | file | holds |
//! |---|---|
//! | `supervised` | the harness's side: [`Supervised`] |
//! | `wire` | what the two sides say to each other |
//! | `entry` | [`main`], the entry point of the process |
//! | `launch` | from fork to exec |
//! | `watch` | the loop over announced calls, commands and dead children |
//! | `announced` | an announced call and what its arguments name |
//! | `calls` | the table of system calls |
//! | `filter` | the program that runs in the kernel |
//! | `reception` | answers announced calls: at once, later, or never |
//! | `tally` | counts calls by class, and says which meet a fault or wait |
//! | `witness` | what is seen of a call, and whether it stays within the territory |
//! | `sockets` | the addresses of connections, likewise |
//! | `start` | arguments and environment of a program that starts |
//! | `territory` | what a session may touch |
//! | `memory`, `path` | another process's memory and paths, as it sees them |
//! | `contents` | what files hold, searched as it is written, before it is lost, and at the end |
//! | `holdings` | open files, kept to be searched at the end |
//! | `search` | canaries in single texts and in the streams of many files, bounded |
//! | `ledger` | facts on their way to the harness |
//! | `descendants` | the end of every descendant |
//! | `probe` | whether this machine can do it |
//! | `ffi` | unsafe code |

mod announced;
mod calls;
mod contents;
mod descendants;
mod entry;
#[expect(unsafe_code, reason = "seccomp notifications, capabilities and fork have no safe wrapper")]
mod ffi;
mod filter;
mod holdings;
mod launch;
mod ledger;
mod memory;
mod path;
mod probe;
mod reception;
mod search;
mod sockets;
mod start;
mod supervised;
mod tally;
mod territory;
mod watch;
mod wire;
mod witness;

pub(crate) use descendants::{end_all, running};
pub use entry::main;
pub use probe::{Unavailable, probe};
pub use supervised::{Signaller, SpawnError, Supervised};

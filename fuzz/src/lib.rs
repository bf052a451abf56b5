//! What must hold of the library and the harness whatever bytes come in.
//!
//! Each module is one property over bytes, and the seeds from which a search for its failure begins. `targets/` gives
//! them to libFuzzer; `tests/seeds.rs` runs them on every seed and on everything that ever failed, in any build.
//!
//! | file | what must hold |
//! |---|---|
//! | `baseline_file` | a baseline is read as it is written, and finds what its patterns say |
//! | `bus_address` | an address that makes no sense is never an absent bus, which could end in plaintext |
//! | `cache_name` | an accepted name is one ordinary file name on every system, and no two names share one |
//! | `canary_scanner` | a canary is found in whatever it is written down and hidden, and nothing else is |
//! | `case_file` | a case is read as it is written, and an error is one line that names the file |
//! | `control` | nothing: it fails on purpose, to show that a failure would be found |
//! | `location` | every file of a cache is in the one folder, and no two are the same |
//! | `lock_file` | the lock of another SDK is broken when it is old and its holder is gone, and only then |
//! | `msal` | what is not known or not touched stays, and what is put in comes out |
//! | `operations` | any sequence of events leaves what a model says |
//! | `options` | options are an object of known members, and nothing that looks like one |
//! | `place` | a home in memory |
//! | `protocol_line` | what is decoded says what was sent, and an error does not repeat it |
//! | `secret_service` | whatever the service says, what is reported is so, in time, and secrets stay where they belong |
//! | `seeds` | where a search begins |
//! | `text` | cutting bytes into parts |

pub mod baseline_file;
pub mod bus_address;
pub mod cache_name;
pub mod canary_scanner;
pub mod case_file;
pub mod control;
pub mod location;
pub mod lock_file;
pub mod msal;
pub mod operations;
pub mod options;
mod place;
pub mod protocol_line;
pub mod secret_service;
pub mod seeds;
mod text;

pub use seeds::{Seeds, TARGETS, Target};

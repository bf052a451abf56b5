//! Whether one of many processes redeems a refresh token that can be redeemed once.
//!
//! This program is also the other processes; the service is a thread of the one that tests, on loopback.
//!
//! | file | holds |
//! |---|---|
//! | `trials.rs` | the tests |
//! | `service.rs` | a token service that rotates: the token that it gave out last is the only one that it takes |
//! | `program.rs` | a program that needs an access token, as another process |

mod program;
mod service;
mod trials;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == program::WORKER) {
        program::work(&arguments[2..]);
        return ExitCode::SUCCESS;
    }
    libtest_mimic::run(&Arguments::from_args(), trials::all()).exit_code()
}

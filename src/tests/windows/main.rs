//! The cache on Windows, in whole processes: other users, other holders, killed writers, links.
//!
//! This program is also the other process: it then does the job that `TOKEN_CACHE_JOB` names. What needs links, or the
//! cache of another user, is listed as ignored where there are none.

#[cfg(windows)]
mod job;
#[cfg(windows)]
mod links;
#[cfg(windows)]
mod place;
#[cfg(windows)]
mod processes;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    #[cfg(windows)]
    if let Some(job) = job::wanted() {
        return job::run(&job);
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[cfg(windows)]
fn trials() -> Vec<Trial> {
    processes::trials().into_iter().chain(links::trials()).collect()
}

#[cfg(not(windows))]
fn trials() -> Vec<Trial> {
    let trial = Trial::test("windows", || Ok(()));
    vec![trial.with_kind("not run: this is not Windows").with_ignored_flag(true)]
}

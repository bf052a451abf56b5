//! The entry point of a supervisor process.

use std::{
    io::{self, BufReader},
    os::{fd::AsRawFd, unix::net::UnixStream},
    process::ExitCode,
};

use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    sys::{
        prctl,
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd,
};

use super::{
    super::{Attachment, SessionSpec},
    contents::Contents,
    descendants, ffi,
    launch::{self, Launched},
    ledger::Ledger,
    reception::Reception,
    search::Search,
    supervised::CONTROL_DESCRIPTOR,
    tally::Tally,
    territory::Territory,
    watch::{Ended, Watch},
    wire::{self, Command},
    witness::Witness,
};
use crate::observation::{Clock, SessionEnd};

/// Runs one session for the harness at the other end of descriptor 3, and ends when every descendant is gone.
///
/// Standard streams belong to the session: nothing is printed. The exit code is 70 if the harness could not be told how
/// the session ended.
pub fn main() -> ExitCode {
    match supervise() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_nobody_to_tell) => ExitCode::from(EXIT_HARNESS_ERROR),
    }
}

fn supervise() -> io::Result<()> {
    let control = UnixStream::from(ffi::adopt(CONTROL_DESCRIPTOR)?);
    fcntl(&control, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    // Without close_range(2) a descriptor that the harness leaks would reach the session; it leaks none on purpose.
    let _before_5_11 = ffi::close_on_exec_from(control.as_raw_fd().unsigned_abs());
    let mut commands = BufReader::new(control.try_clone()?);
    let Some(Command::Start(spec)) = wire::receive(&mut commands)? else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the first command was not to start"));
    };
    let ledger = Ledger::new(control, Clock::since(spec.clock_began), spec.disabled.clone());
    match prepare(&spec) {
        Ok((territory, deaths, launched)) => {
            let (child, listener, status) = launched.into_parts();
            let contents = Contents::new(Search::new(&spec.canaries));
            let witness = Witness::new(listener, territory, contents, ledger);
            let tally = Tally::new(spec.faults.clone(), spec.points.clone());
            let reception = Reception::new(witness, tally);
            let watch = Watch { program: &spec.program, reception, commands, deaths };
            let Ended { reception, end, effective_capabilities, left_running } = watch.run(child, status);
            reception.finish().close(end, effective_capabilities, left_running)
        }
        Err(reason) => {
            descendants::end_all();
            ledger.close(SessionEnd::NotStarted { reason }, None, Vec::new())
        }
    }
}

fn prepare(spec: &SessionSpec) -> Result<(Territory, SignalFd, Launched), String> {
    let territory = Territory::of(&spec.writable_roots)
        .map_err(|(root, error)| format!("the folder {} of the session: {error}", root.display()))?;
    let deaths = become_parent_of_all(spec.attachment)
        .map_err(|errno| format!("the supervisor could not be set up: {errno}"))?;
    let launched = launch::launch(spec).map_err(|error| error.to_string())?;
    Ok((territory, deaths, launched))
}

/// Orphans of the session become children of this process, whose deaths are announced on a descriptor.
fn become_parent_of_all(attachment: Attachment) -> nix::Result<SignalFd> {
    // Out of the terminal's reach: the harness decides when a session ends, by closing the socket at the latest.
    match attachment {
        Attachment::Detached => {
            // Fails only for the leader of a process group, which is out of reach too.
            let _is_leader = unistd::setsid();
        }
        Attachment::Terminal => {
            let mut keys = SigSet::empty();
            for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGTERM] {
                keys.add(signal);
            }
            keys.thread_block()?;
        }
    }
    prctl::set_child_subreaper(true)?;
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

const EXIT_HARNESS_ERROR: u8 = 70;

//! The loop over announced calls, commands and dead children.

use std::{fs, io::BufReader, os::fd::AsFd, os::unix::net::UnixStream, path::Path};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{Signal, kill},
        signalfd::SignalFd,
        wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid},
    },
    unistd::Pid,
};

use super::{
    descendants,
    launch::{self, Launched},
    reception::{Received, Reception},
    wire::{self, Command},
};
use crate::observation::SessionEnd;

/// A session that runs.
pub(super) struct Watch<'a> {
    /// The program, for messages.
    pub(super) program: &'a Path,
    /// Who answers announced calls.
    pub(super) reception: Reception,
    /// Where commands come from.
    pub(super) commands: BufReader<UnixStream>,
    /// Where the deaths of children are announced.
    pub(super) deaths: SignalFd,
}

/// A session that ended.
pub(super) struct Ended {
    /// Who answered announced calls.
    pub(super) reception: Reception,
    /// How.
    pub(super) end: SessionEnd,
    /// The effective capabilities of the first process, hexadecimal.
    pub(super) effective_capabilities: Option<String>,
    /// The programs of what still ran then.
    pub(super) left_running: Vec<String>,
}

impl Watch<'_> {
    /// Watches a session from exec until every process of it is gone.
    pub(super) fn run(mut self, child: Pid, status: std::os::fd::OwnedFd) -> Ended {
        let mut status = Some(status);
        let mut capabilities = Capabilities::default();
        let mut failure = None;
        let mut is_commanded = true;
        let mut is_announced = true;
        let mut is_fatal = false;
        let end = loop {
            let ready = self.wait(status.as_ref(), is_announced, is_commanded);
            if ready.announcement {
                let received = self.reception.receive();
                if status.is_none() && received.is_from(child) {
                    capabilities.read_once(child);
                }
                is_fatal |= received == Received::Fatal;
            }
            is_announced &= !ready.listener_closed;
            if ready.status
                && let Some(socket) = status.take()
            {
                failure = launch::failure(&socket, self.program);
            }
            if ready.command {
                match wire::receive::<Command>(&mut self.commands) {
                    Ok(Some(Command::Release { point })) => {
                        is_fatal |= self.reception.release(point) == Received::Fatal;
                    }
                    Ok(Some(Command::Kill)) => send_to(child, Signal::SIGKILL),
                    Ok(Some(Command::Signal { number })) => {
                        send_to(child, Signal::try_from(number).unwrap_or(Signal::SIGKILL));
                    }
                    // The harness is gone, or talks nonsense: nobody wants this session any more.
                    Ok(Some(Command::Start(_)) | None) | Err(_) => {
                        is_commanded = false;
                        send_to(child, Signal::SIGKILL);
                    }
                }
            }
            if is_fatal && is_announced {
                // Nothing is answered any more: what the session was about to do is never carried out.
                is_announced = false;
                descendants::kill_all();
            }
            if ready.death
                && let Some(end) = self.reap(child, &mut capabilities)
            {
                break end;
            }
        };
        // A child that failed before exec may have been reaped before its message was read.
        if let Some(socket) = status {
            failure = launch::failure(&socket, self.program);
        }
        let left_running = descendants::running();
        descendants::end_all();
        let end = match end {
            SessionEnd::Signalled { signal: libc::SIGKILL } if is_fatal => SessionEnd::KilledByFault,
            end => failure.map_or(end, |error| SessionEnd::NotStarted { reason: error.to_string() }),
        };
        Ended { reception: self.reception, end, effective_capabilities: capabilities.text(), left_running }
    }

    fn wait(
        &mut self,
        status: Option<&std::os::fd::OwnedFd>,
        is_announced: bool,
        is_commanded: bool,
    ) -> Ready {
        // A command that was read ahead makes no descriptor readable.
        if is_commanded && !self.commands.buffer().is_empty() {
            return Ready { command: true, ..Ready::default() };
        }
        let entry = |watched: bool| if watched { PollFlags::POLLIN } else { PollFlags::empty() };
        let mut entries = vec![PollFd::new(self.deaths.as_fd(), PollFlags::POLLIN)];
        let mut place = |descriptor, watched: bool| {
            watched.then(|| {
                entries.push(PollFd::new(descriptor, entry(watched)));
                entries.len() - 1
            })
        };
        let listener = place(self.reception.listener().as_fd(), is_announced);
        let commands = place(self.commands.get_ref().as_fd(), is_commanded);
        let status = status.and_then(|status| place(status.as_fd(), true));
        // Nothing to time out: the harness keeps the deadline and says `kill`.
        match poll(&mut entries, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ready::default(),
            Err(errno) => {
                self.reception.lose(|| format!("the supervisor could not wait: {errno}"));
                return Ready { command: true, ..Ready::default() };
            }
        }
        let events =
            |at: Option<usize>| at.and_then(|at| entries[at].revents()).unwrap_or(PollFlags::empty());
        let is_readable =
            |at| events(at).intersects(PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR);
        Ready {
            announcement: events(listener).contains(PollFlags::POLLIN),
            listener_closed: events(listener).intersects(PollFlags::POLLHUP | PollFlags::POLLERR)
                && !events(listener).contains(PollFlags::POLLIN),
            status: is_readable(status),
            command: is_readable(commands),
            death: is_readable(Some(0)),
        }
    }

    /// Reaps dead children; returns how the session's first process ended if it is among them.
    fn reap(&mut self, child: Pid, capabilities: &mut Capabilities) -> Option<SessionEnd> {
        // Several deaths may share one signal.
        while let Ok(Some(_)) = self.deaths.read_signal() {}
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        while let Ok(dead) = waitid(Id::All, look) {
            let Some(process) = dead.pid() else { break };
            if process == child {
                // Capabilities can be read until it is reaped, and can only have become fewer.
                capabilities.read(child);
            }
            let reaped = waitpid(process, None);
            if process == child {
                return Some(match reaped {
                    Ok(WaitStatus::Exited(_, code)) => SessionEnd::Exited { code },
                    Ok(WaitStatus::Signaled(_, signal, _)) => SessionEnd::Signalled { signal: signal as i32 },
                    Ok(_) | Err(_) => {
                        self.reception.lose(|| "the end of the session's first process is unknown".into());
                        SessionEnd::Signalled { signal: 0 }
                    }
                });
            }
        }
        None
    }
}

fn send_to(child: Pid, signal: Signal) {
    // It may have died already; then its end is announced.
    let _dead = kill(child, signal);
}

#[derive(Default)]
struct Ready {
    announcement: bool,
    listener_closed: bool,
    status: bool,
    command: bool,
    death: bool,
}

/// Every effective capability that the first process was seen with.
#[derive(Default)]
struct Capabilities {
    seen: Option<u64>,
}

impl Capabilities {
    fn read_once(&mut self, process: Pid) {
        if self.seen.is_none() {
            self.read(process);
        }
    }

    fn read(&mut self, process: Pid) {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let effective = status
            .lines()
            .find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok());
        if let Some(effective) = effective {
            *self.seen.get_or_insert(0) |= effective;
        }
    }

    fn text(&self) -> Option<String> {
        self.seen.map(|seen| format!("{seen:016x}"))
    }
}

impl Launched {
    /// The parts that outlive the launch.
    pub(super) fn into_parts(self) -> (Pid, std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
        (self.child, self.listener, self.status)
    }
}

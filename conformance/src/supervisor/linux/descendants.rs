//! The end of every descendant.

use std::{collections::HashMap, fs};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

/// Kills and reaps every descendant of this process.
///
/// Those that daemonised are ours too, by `PR_SET_CHILD_SUBREAPER`. Returns once there is none. Repeats because a process may fork between the look and the kill.
pub(crate) fn end_all() {
    loop {
        if reap_without_waiting() == Remaining::None {
            return;
        }
        kill_all();
        // Every living descendant hangs below a child of ours, and all children were killed just now.
        if waitpid(None, None) == Err(Errno::ECHILD) {
            return;
        }
    }
}

/// Kills every descendant that there is at this moment, and reaps none.
pub(super) fn kill_all() {
    for process in living(Pid::this()) {
        // It may have died meanwhile.
        let _gone = kill(process, Signal::SIGKILL);
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Remaining {
    Some,
    None,
}

fn reap_without_waiting() -> Remaining {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::EINTR) => {}
            Err(_no_child) => return Remaining::None,
            Ok(nix::sys::wait::WaitStatus::StillAlive) => return Remaining::Some,
            Ok(_reaped) => {}
        }
    }
}

/// The names of the programs that descendants of this process run; those that are dead and not yet reaped run none.
pub(crate) fn running() -> Vec<String> {
    running_below(Pid::this())
}

/// The names of the programs that descendants of a process run.
pub(super) fn running_below(ancestor: Pid) -> Vec<String> {
    let mut names: Vec<String> = living(ancestor).into_iter().filter_map(program).collect();
    names.sort();
    names
}

/// The name of the program that a process runs, from its status; `None` once it is dead.
fn program(process: Pid) -> Option<String> {
    let status = fs::read(format!("/proc/{process}/stat")).ok()?;
    let (begin, end) =
        (status.iter().position(|byte| *byte == b'(')?, status.iter().rposition(|byte| *byte == b')')?);
    let state = status.get(end + 2)?;
    let is_dead = matches!(state, b'Z' | b'X' | b'x');
    (!is_dead).then(|| String::from_utf8_lossy(&status[begin + 1..end]).into_owned())
}

/// Every living descendant of a process.
fn living(ancestor: Pid) -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        if let Some(parent) = parent(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut pending = vec![ancestor.as_raw()];
    while let Some(next) = pending.pop() {
        let next = children.remove(&next).unwrap_or_default();
        found.extend(next.iter().copied().map(Pid::from_raw));
        pending.extend(next);
    }
    found
}

/// The parent of a process, from its status: `pid (name) state parent …`, where the name may hold anything.
fn parent(process: i32) -> Option<i32> {
    let status = fs::read(format!("/proc/{process}/stat")).ok()?;
    let after_name = status.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = std::str::from_utf8(&status[after_name..]).ok()?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_this_process_is_found() {
        assert_eq!(parent(Pid::this().as_raw()), Some(Pid::parent().as_raw()));
    }
}

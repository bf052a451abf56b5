//! The lines for system calls and processes.

use super::evidence::Paths;
use crate::observation::{ProcessStart, SystemCall, SystemCallKind};

/// A system call; its result is unknown, so the line says what was attempted.
pub(super) fn attempted(call: &SystemCall, paths: &Paths<'_>) -> String {
    let path = call.path.as_deref().map_or_else(|| "a file without a name".into(), |path| paths.short(path));
    let second = call.second_path.as_deref().map_or_else(|| "elsewhere".into(), |path| paths.short(path));
    let mode = call.mode.map_or_else(String::new, |mode| format!(" with mode {:04o}", mode & 0o7777));
    let what = match call.call {
        SystemCallKind::Open => format!("open {path} for writing{mode}"),
        SystemCallKind::Write => format!("write to {path}"),
        SystemCallKind::SharedMap => format!("map {path} shared and writable"),
        SystemCallKind::Splice => format!("copy inside the kernel to {path}"),
        SystemCallKind::Rename => format!("rename {path} to {second}"),
        SystemCallKind::Link => format!("link {path} as {second}"),
        SystemCallKind::Symlink => format!("make the symbolic link {path} to {second}"),
        SystemCallKind::Unlink => format!("remove {path}"),
        SystemCallKind::MakeDirectory => format!("make the folder {path}{mode}"),
        SystemCallKind::MakeNode => format!("make the node {path}{mode}"),
        SystemCallKind::Truncate => format!("truncate {path}"),
        SystemCallKind::ChangeMode => format!("change the mode of {path}{}", mode.replace(" with", " to")),
        SystemCallKind::ChangeOwner => format!("change the owner of {path}"),
        SystemCallKind::SetAttribute => format!("set an attribute of {path}"),
        SystemCallKind::Sync => format!("put {path} on the disk"),
        SystemCallKind::Connect => {
            format!(
                "connect to {}",
                call.address.as_deref().map_or_else(|| path.clone(), |to| paths.short(to))
            )
        }
        SystemCallKind::Forbidden => "make a system call that nobody can watch".into(),
    };
    let refused = call.refused.as_deref().map_or_else(String::new, |errno| format!(", refused with {errno}"));
    format!("process {} attempted to {what}{refused}", call.pid)
}

/// A process at its start.
pub(super) fn started(process: &ProcessStart, paths: &Paths<'_>) -> String {
    let arguments: Vec<_> = process.arguments.iter().skip(1).map(|argument| paths.short(argument)).collect();
    let gap = if arguments.is_empty() { "" } else { " " };
    format!("process {} started: {}{gap}{}", process.pid, paths.short(&process.program), arguments.join(" "))
}

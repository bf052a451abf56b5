//! What a watched command did and left.

use std::collections::BTreeMap;

use super::{
    evidence::{Paths, summary},
    layout::printable,
};
use crate::{
    observation::{Evidence, Fact, TreeEntry, WorldFacts},
    run::{VisitEnd, Visited},
};

/// What is to be said on standard error when a command has ended; nothing where there is nothing to say.
pub fn visit(visited: &Visited, wants_summary: bool) -> String {
    let mut text = String::new();
    let mut say = |line: String| text.push_str(&format!("sealcheck: {}\n", printable(&line)));
    if wants_summary {
        say(format!("the world was as it should be: {}", visited.proof));
        match visited.end {
            VisitEnd::Exited(code) => say(format!("the command exited with {code}")),
            VisitEnd::Signalled(signal) => say(format!("the command died by signal {signal}")),
        }
        seen(&visited.evidence, &visited.world).into_iter().for_each(&mut say);
        for lost in &visited.lost {
            say(format!("not everything was seen: {lost}"));
        }
    }
    if !visited.left_running.is_empty() {
        say(format!("the command left running, and this was killed: {}", visited.left_running.join(", ")));
    }
    if let Some(folder) = &visited.kept {
        say(format!("the folder of the world stays: {}", folder.display()));
    }
    text
}

/// Files and items that are left, calls to the keyring, calls that were refused; what is alike is counted.
fn seen(evidence: &[Evidence], world: &WorldFacts) -> Vec<String> {
    let paths = Paths::of(world);
    let mut left = Vec::new();
    let mut keyring = Vec::new();
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut processes = 0;
    for evidence in evidence.iter().filter(|evidence| evidence.session.is_some()) {
        match &evidence.fact {
            Fact::Tree { entries, .. } => {
                left = entries.iter().filter_map(|entry| file(entry, &paths)).collect();
            }
            Fact::Keyring { items, .. } => {
                keyring = items
                    .iter()
                    .map(|item| {
                        let attributes: Vec<_> =
                            item.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
                        let (label, bytes) = (&item.label, item.bytes);
                        format!("left in the keyring: \"{label}\" [{}] {bytes} bytes", attributes.join(" "))
                    })
                    .collect();
            }
            Fact::BusCall(call) if call.destination == SECRETS || call.names_secrets => {
                let line = format!("asked on the bus: {}, answered {}", call.member, call.answer);
                *calls.entry(line).or_default() += 1;
            }
            Fact::SystemCall(call) if call.refused.is_some() => {
                let said = summary(evidence, world);
                // The number of the process tells alike calls apart, and says nothing here.
                let line = said.split_once(" attempted to ").map_or(said.as_str(), |(_, what)| what);
                *refused.entry(format!("refused: {line}")).or_default() += 1;
            }
            Fact::ProcessStarted(_) => processes += 1,
            _other => {}
        }
    }
    let counted = |lines: BTreeMap<String, usize>| {
        lines
            .into_iter()
            .map(|(line, count)| if count > 1 { format!("{line} ({count} times)") } else { line })
    };
    let mut lines = vec![format!("programs started: {processes}")];
    lines.extend(counted(calls));
    lines.extend(left);
    lines.extend(keyring);
    lines.extend(counted(refused));
    lines
}

/// A file or a link that is left; the folders of the world itself say nothing.
fn file(entry: &TreeEntry, paths: &Paths<'_>) -> Option<String> {
    let path = paths.short(&entry.path);
    let is_own = ["~", "{world}/tmp", "{world}/run"].contains(&path.as_str());
    let (mode, bytes) =
        (entry.mode.map(|mode| format!(" {:04o}", mode & 0o7777)).unwrap_or_default(), entry.size);
    let target = entry.target.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    (!is_own).then(|| format!("left: {} {path}{target}{mode} {bytes} bytes", entry.kind.as_str()))
}

const SECRETS: &str = "org.freedesktop.secrets";

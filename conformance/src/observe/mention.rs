//! Files that a session wrote and named in what it printed.

use std::collections::BTreeSet;

use crate::observation::{EvidenceLog, Fact, Observer, SessionIndex, SystemCall, SystemCallKind};

/// Records each file that a session wrote, or renamed into place, and whose path stands in what it printed.
///
/// Whoever announces that secrets are about to lie in a file has to say which.
pub fn record(printed: &[u8], session: SessionIndex, log: &EvidenceLog) {
    let printed = String::from_utf8_lossy(printed);
    for path in written(session, log) {
        if is_named(&printed, &path) {
            log.record(Observer::Output, Some(session), Fact::PathPrinted { path });
        }
    }
}

/// The files of a session, by what the witness saw of its calls.
fn written(session: SessionIndex, log: &EvidenceLog) -> BTreeSet<String> {
    let entries = log.entries().into_iter().filter(|entry| entry.session == Some(session));
    let named = entries.filter_map(|entry| {
        let Fact::SystemCall(call) = entry.fact else { return None };
        named_by(call)
    });
    named.collect()
}

fn named_by(call: SystemCall) -> Option<String> {
    match call.call {
        SystemCallKind::Write | SystemCallKind::SharedMap => call.path,
        SystemCallKind::Rename => call.second_path,
        _ => None,
    }
}

/// Whether a path stands in a text, and not only as the beginning of a longer one.
fn is_named(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let next = text[at + path.len()..].chars().next();
        next.is_none_or(|next| !(next.is_alphanumeric() || matches!(next, '.' | '-' | '_' | '/')))
            || is_end_of_sentence(&text[at + path.len()..])
    })
}

/// A full stop after a path ends a sentence if nothing of a name follows it.
fn is_end_of_sentence(rest: &str) -> bool {
    let mut following = rest.chars();
    following.next() == Some('.') && following.next().is_none_or(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Clock;

    const SESSION: SessionIndex = SessionIndex(0);

    #[test]
    fn a_file_that_was_written_and_named_is_recorded() {
        assert_eq!(printed("stored unencrypted in \"/w/home/x\": no bus"), ["/w/home/x"]);
        assert_eq!(printed("It is in /w/home/x."), ["/w/home/x"]);
        assert_eq!(printed("moved to /w/home/renamed"), ["/w/home/renamed"]);
    }

    #[test]
    fn neither_another_file_nor_the_beginning_of_a_longer_name_counts() {
        for text in ["", "in /w/home/y", "in /w/home/x.lock", "in /w/home/x/y", "in /w/home/temporary"] {
            assert_eq!(printed(text), Vec::<String>::new(), "{text}");
        }
    }

    fn printed(text: &str) -> Vec<String> {
        let log = EvidenceLog::new(Clock::start());
        let call = |kind, path: &str, second: Option<&str>| {
            Fact::SystemCall(SystemCall {
                call: kind,
                pid: 1,
                path: Some(path.into()),
                second_path: second.map(String::from),
                mode: None,
                flags: None,
                address: None,
                refused: None,
            })
        };
        log.record(Observer::SystemCalls, Some(SESSION), call(SystemCallKind::Write, "/w/home/x", None));
        log.record(
            Observer::SystemCalls,
            Some(SESSION),
            call(SystemCallKind::Rename, "/w/home/temporary", Some("/w/home/renamed")),
        );
        // What another session wrote is not its affair.
        log.record(
            Observer::SystemCalls,
            Some(SessionIndex(1)),
            call(SystemCallKind::Write, "/w/home/y", None),
        );
        record(text.as_bytes(), SESSION, &log);
        let found = log.entries().into_iter().filter_map(|entry| match entry.fact {
            Fact::PathPrinted { path } => Some(path),
            _ => None,
        });
        found.collect()
    }
}

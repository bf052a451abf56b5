//! `hello`, versions and the statement.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    Point,
    endings::is_good_exit,
    examination::{Examination, Farewell, hello},
    interview::{Came, Exchange},
};
use crate::{
    case::Condition,
    observation::SessionEnd,
    protocol::{ErrorMapEntry, HelloReply, LogLevel, ProtocolVersion, Reply, ReplyBody},
    run::StageError,
};

impl Examination {
    /// The first two sessions: one that offers 1 beside an unknown version, one that offers only that.
    pub(super) fn greet(&mut self) -> Result<(), StageError> {
        let mut interview = self.begin(Condition::Usable)?;
        let versions = vec![UNKNOWN_VERSION, ProtocolVersion::CURRENT];
        let (exchange, body) = interview.ask_for_line(hello(versions, LogLevel::Default));
        let answered = body.as_deref().and_then(ok_of);
        match (&exchange.came, answered) {
            (Came::Reply(Reply::Ok(ReplyBody::Hello(reply))), _) => {
                self.take(&exchange, reply);
                let closed = self.finish(interview, Farewell::Bye);
                self.judge_exit(Point::Bye, "bye", &closed.end);
                if is_good_exit(&closed.end) {
                    self.keep(Point::Leftovers);
                }
                return self.offer_the_unknown();
            }
            // What does not fit as a whole is looked at member by member.
            (Came::Misshapen(cause), Some(members)) => self.take_apart(&exchange, cause, &members),
            (Came::Lost(_), _) => {
                let closed = self.finish(interview, Farewell::Abandon);
                match closed.end {
                    SessionEnd::CannotRunHere => self.cannot_run_here = true,
                    SessionEnd::NotStarted { reason } => {
                        self.break_with(Point::Greeting, "the start of the program", reason);
                    }
                    SessionEnd::Exited { .. }
                    | SessionEnd::KilledByScript
                    | SessionEnd::KilledByFault
                    | SessionEnd::KilledByHarness { .. }
                    | SessionEnd::Signalled { .. } => self.break_by(Point::Greeting, &exchange),
                }
                return Ok(());
            }
            (Came::Reply(_) | Came::Misshapen(_) | Came::OtherSequence(_) | Came::Extra(_), _) => {
                self.break_by(Point::Greeting, &exchange);
            }
        }
        self.finish(interview, Farewell::Abandon);
        Ok(())
    }

    fn take(&mut self, exchange: &Exchange, reply: &HelloReply) {
        if reply.protocol == ProtocolVersion::CURRENT {
            self.keep(Point::Version);
        } else {
            let came = format!("ok, with protocol {}", reply.protocol);
            self.break_with(Point::Version, exchange.sent.clone(), came);
        }
        self.keep(Point::Greeting);
        self.keep(Point::Statement);
        self.keep(Point::SameStatement);
        let mut said = BTreeSet::new();
        let mut again = reply.statement.error_map.iter().filter(|entry| !said.insert(&entry.native));
        match again.next() {
            None => self.keep(Point::ErrorMap),
            Some(entry) => {
                let came = format!("an error map with two lines for {:?}", entry.native);
                self.break_with(Point::ErrorMap, exchange.sent.clone(), self.scanner.redact(&came));
            }
        }
        self.hello = Some(reply.clone());
    }

    /// Finds which part of an answer to `hello` does not fit.
    fn take_apart(&mut self, exchange: &Exchange, cause: &str, members: &Map<String, Value>) {
        let statement = members.get("statement").and_then(Value::as_object);
        let map = statement.and_then(|statement| statement.get("error_map")).and_then(Value::as_array);
        let misfit = map.into_iter().flatten().find_map(|line| {
            let error = serde_json::from_value::<ErrorMapEntry>(line.clone()).err()?;
            Some(self.scanner.redact(&format!("{line}: {error}")))
        });
        if let Some(misfit) = misfit {
            self.break_with(Point::ErrorMap, exchange.sent.clone(), misfit);
        } else if statement.is_some() && has_members(members) {
            self.break_with(Point::Statement, exchange.sent.clone(), cause);
        } else {
            self.break_with(Point::Greeting, exchange.sent.clone(), cause);
        }
    }

    fn offer_the_unknown(&mut self) -> Result<(), StageError> {
        let mut interview = self.begin(Condition::Usable)?;
        let exchange = interview.ask(hello(vec![UNKNOWN_VERSION], LogLevel::Default));
        match &exchange.came {
            Came::Reply(Reply::Unsupported(_)) => self.keep(Point::VersionRefused),
            _ => self.break_by(Point::VersionRefused, &exchange),
        }
        self.finish(interview, Farewell::Abandon);
        Ok(())
    }
}

/// The members of the `ok` of a line.
fn ok_of(body: &[u8]) -> Option<Map<String, Value>> {
    let mut line: Map<String, Value> = serde_json::from_slice(body).ok()?;
    match line.remove("ok")? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Whether the members are those of an answer to `hello`, whatever is in them.
fn has_members(members: &Map<String, Value>) -> bool {
    let names: BTreeSet<&str> = members.keys().map(String::as_str).collect();
    names == BTreeSet::from(["adapter", "implementation", "protocol", "statement"])
}

/// A version that no harness speaks.
const UNKNOWN_VERSION: ProtocolVersion = ProtocolVersion(4_000_000_000);

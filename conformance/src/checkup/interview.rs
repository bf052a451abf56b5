//! One session, every line of which is ours to choose.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::{
    adapter::{AdapterCommand, DriverError},
    canary::Scanner,
    observation::{EvidenceLog, Observer, SightingPlace},
    observe::reply,
    protocol::{LineError, Reply, ReplyBody, Request, RequestKind, decode_reply},
    run::Live,
};

/// A session that is spoken with.
pub(super) struct Interview {
    pub(super) live: Live,
    log: EvidenceLog,
    scanner: Scanner,
    startup: Duration,
    operation: Duration,
    /// How many requests were sent.
    asked: u64,
    /// The last `seq` that was answered.
    answered: Option<Value>,
    /// Whether nothing more can be expected of it.
    pub(super) is_lost: bool,
}

/// A request to send.
pub(super) struct Question {
    /// What stands before it, lines of its own.
    pub(super) before: String,
    /// `seq`; a number if absent.
    pub(super) seq: Option<Value>,
    /// Its other members.
    pub(super) members: Value,
    /// How an `ok` is read; `None` where every `ok` is wrong.
    pub(super) kind: Option<RequestKind>,
}

impl Question {
    /// A request as the harness sends it.
    pub(super) fn plain(request: &Request) -> Self {
        let members = serde_json::to_value(request).expect("a request is plain data");
        Self { before: String::new(), seq: None, members, kind: Some(request.kind()) }
    }

    /// With a `seq` of ours.
    pub(super) fn with_seq(self, seq: Value) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// With a further member.
    pub(super) fn with_member(mut self, name: &str, value: Value) -> Self {
        self.members[name] = value;
        self
    }
}

/// A request and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// The request, fit to be shown.
    pub(super) sent: String,
    /// The answer.
    pub(super) came: Came,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub(super) enum Came {
    /// A reply.
    Reply(Reply),
    /// A line with the right `seq` that is not a reply to this request.
    Misshapen(String),
    /// A line with another `seq`.
    OtherSequence(String),
    /// A line too many: the answer to an earlier request, or to none.
    Extra(String),
    /// None, or none that could be read as one; the session is of no further use.
    Lost(String),
}

impl Exchange {
    /// What came, fit to be shown.
    pub(super) fn came(&self, scanner: &Scanner) -> String {
        match &self.came {
            Came::Reply(reply) => scanner.redact(&shown_reply(reply)),
            Came::Misshapen(text) | Came::OtherSequence(text) | Came::Extra(text) | Came::Lost(text) => {
                text.clone()
            }
        }
    }
}

impl Interview {
    pub(super) fn new(live: Live, adapter: &AdapterCommand, log: &EvidenceLog, scanner: Scanner) -> Self {
        let (startup, operation) = (adapter.startup, adapter.operation);
        Self { live, log: log.clone(), scanner, startup, operation, asked: 0, answered: None, is_lost: false }
    }

    /// Sends a request and reads the next protocol line.
    pub(super) fn ask(&mut self, question: Question) -> Exchange {
        let (exchange, _) = self.ask_for_line(question);
        exchange
    }

    /// As [`Interview::ask`]; gives the body of the line as well, if one came.
    pub(super) fn ask_for_line(&mut self, question: Question) -> (Exchange, Option<Vec<u8>>) {
        let Question { before, seq, members, kind } = question;
        let patience = if self.asked == 0 { self.startup } else { self.operation };
        self.asked += 1;
        let seq = seq.unwrap_or_else(|| Value::from(self.asked));
        let Value::Object(mut members) = members else { unreachable!("every request is an object") };
        let asked = members.get("request").and_then(Value::as_str).unwrap_or_default().to_owned();
        members.insert("seq".to_owned(), seq.clone());
        let sent = self.scanner.redact(&shown_request(&members));
        let line = format!("{before}{} {}", self.live.tag.as_str(), Value::Object(members));
        let answer = self.live.driver.call_raw(&line, &asked, Instant::now() + patience);
        let (came, body) = match answer {
            Ok(body) => {
                let came = self.read(&body, &seq, kind);
                self.search(&came, &body);
                self.is_lost |= matches!(came, Came::Extra(_));
                self.answered = Some(seq);
                (came, Some(body))
            }
            Err(error) => {
                self.is_lost = true;
                (self.defect(&error), None)
            }
        };
        (Exchange { sent, came }, body)
    }

    fn read(&self, body: &[u8], seq: &Value, kind: Option<RequestKind>) -> Came {
        // Where every `ok` is wrong, its shape does not matter.
        match decode_reply(body, seq, kind.unwrap_or(RequestKind::Close)) {
            Ok(reply) => Came::Reply(reply),
            Err(LineError::Body { what: "done", .. }) if kind.is_none() => {
                Came::Reply(Reply::Ok(ReplyBody::Done))
            }
            Err(LineError::WrongSequence { .. }) if self.is_answered_again(body) => {
                Came::Extra(DriverError::Duplicate.to_string())
            }
            Err(LineError::WrongSequence { expected, found }) => {
                Came::OtherSequence(self.scanner.redact(&format!("seq {found} instead of {expected}")))
            }
            Err(error @ LineError::NoSequence) => Came::OtherSequence(error.to_string()),
            Err(error) => Came::Misshapen(self.scanner.redact(&error.to_string())),
        }
    }

    /// Whether a line has the `seq` of the request before.
    fn is_answered_again(&self, body: &[u8]) -> bool {
        let seq = serde_json::from_slice::<Value>(body).ok().and_then(|line| line.get("seq").cloned());
        seq.is_some() && seq == self.answered
    }

    /// Looks for secrets in a reply, where they do not belong. A line that is none may be a value in the wrong clothes.
    fn search(&self, came: &Came, body: &[u8]) {
        let Came::Reply(reply) = came else { return };
        let (log, session) = (&self.log, Some(self.live.session));
        let step = usize::try_from(self.asked - 1).unwrap_or(usize::MAX);
        if let Reply::Ok(ReplyBody::Hello(_)) = reply {
            let place = SightingPlace::Reply { step, member: HELLO_MEMBER.into() };
            for fact in
                self.scanner.scan(body).iter().filter_map(|hit| hit.fact(Observer::Output, place.clone()))
            {
                log.record(Observer::Output, session, fact);
            }
        }
        if let Err(lost) = reply::record(reply, step, &self.scanner, log, session) {
            tracing::warn!("{lost}");
        }
    }

    fn defect(&self, error: &DriverError) -> Came {
        match error {
            DriverError::Duplicate | DriverError::Unasked | DriverError::FloodOfLines => {
                Came::Extra(error.to_string())
            }
            DriverError::Deadline { .. }
            | DriverError::Exited { .. }
            | DriverError::ClosedInput { .. }
            | DriverError::Line(_)
            | DriverError::CutOff
            | DriverError::Flood { .. }
            | DriverError::RequestTooLong { .. }
            | DriverError::Read { .. } => Came::Lost(self.scanner.redact(&error.to_string())),
        }
    }
}

/// A request in one line; values and the authority's parameters are long, and say nothing.
fn shown_request(members: &Map<String, Value>) -> String {
    let mut shown = members.clone();
    if let Some(Value::String(value)) = shown.get_mut("value") {
        *value = format!("{} characters of base64", value.len());
    }
    if let Some(authority) = shown.get_mut("authority") {
        *authority = json!("…");
    }
    Value::Object(shown).to_string()
}

fn shown_reply(reply: &Reply) -> String {
    match reply {
        Reply::Ok(ReplyBody::Get { value: None, .. }) => "ok, and nothing is there".into(),
        Reply::Ok(ReplyBody::Get { value: Some(value), .. }) => {
            format!("ok, with a value of {} bytes", value.0.len())
        }
        Reply::Ok(_) => "ok".into(),
        Reply::Error(error) => {
            format!("error {}: {}: {}", error.category, error.native.type_name, error.native.message)
        }
        Reply::Unsupported(what) => format!("unsupported: {}: {}", what.what, what.reason),
        Reply::AdapterError(error) => format!("adapter_error: {}", error.message),
    }
}

/// Where a secret in an answer to `hello` is said to be.
pub(super) const HELLO_MEMBER: &str = "ok, to hello";

//! The adapter's end of the protocol, for adapters that tests write in a few lines.

use std::{
    env,
    io::{self, BufRead, BufReader, Stdin, Write},
};

use sealcheck::{
    canary::canary_of_document,
    protocol::{
        Base64Bytes, Fallback, HelloReply, Identity, Level, Limits, Location, LocationRole,
        OnProtectorRefusal, Protector, ProtocolVersion, Reply, ReplyBody, Request, RequestKind, Statement,
        Tag, decode_request,
    },
};
use serde_json::Value;

/// The pipes of a session, as its adapter has them.
pub(crate) struct Wire {
    pub(crate) tag: Tag,
    input: BufReader<Stdin>,
}

impl Wire {
    pub(crate) fn open() -> Self {
        let tag = Tag::from_text(env::var("SEALCHECK_TAG").unwrap());
        Self { tag, input: BufReader::new(io::stdin()) }
    }

    /// The next request; `None` at the end of the input.
    pub(crate) fn next(&mut self) -> Option<(Value, Request)> {
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line).unwrap() == 0 {
            return None;
        }
        Some(decode_request(self.tag.strip(&line).unwrap()).unwrap())
    }

    pub(crate) fn reply(&self, seq: &Value, reply: ReplyBody) {
        say(&self.tag.encode_reply(seq, &Reply::Ok(reply)));
    }

    /// Answers until `bye`, and every request for which there is no answer with a plain success.
    pub(crate) fn serve(mut self, level: Level, mut answer: impl FnMut(&Request) -> Option<Reply>) {
        while let Some((seq, request)) = self.next() {
            let reply = answer(&request).unwrap_or_else(|| Reply::Ok(plain(level, request.kind())));
            say(&self.tag.encode_reply(&seq, &reply));
            if request == Request::Bye {
                break;
            }
        }
    }
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}

/// The canary that a `put` carries.
pub(crate) fn canary_of(request: &Request) -> Option<String> {
    let Request::Put(put) = request else { return None };
    canary_of_document(&put.value.as_ref()?.0)
}

/// The value that a `put` carries.
pub(crate) fn value_of(request: &Request) -> Option<&[u8]> {
    let Request::Put(put) = request else { return None };
    Some(&put.value.as_ref()?.0)
}

/// An answer to `get`.
pub(crate) fn found(value: Option<Vec<u8>>) -> Reply {
    Reply::Ok(ReplyBody::Get { value: value.map(Base64Bytes), state: None })
}

/// A success that says nothing.
pub(crate) fn plain(level: Level, kind: RequestKind) -> ReplyBody {
    match kind {
        RequestKind::Hello => ReplyBody::Hello(Box::new(hello(level))),
        RequestKind::Open => ReplyBody::Open { self_report: None },
        RequestKind::Put => ReplyBody::Put { state: None },
        RequestKind::Get => ReplyBody::Get { value: None, state: None },
        RequestKind::List => ReplyBody::List { names: Vec::new() },
        RequestKind::Render => ReplyBody::Render { text: String::new() },
        RequestKind::Remove | RequestKind::Close | RequestKind::Bye => ReplyBody::Done,
    }
}

pub(crate) fn hello(level: Level) -> HelloReply {
    let identity = |name: &str| Identity { name: name.into(), version: "1".into() };
    let location = |role, path: &str| Location { role, path: path.into() };
    HelloReply {
        protocol: ProtocolVersion::CURRENT,
        implementation: identity("test-cache"),
        adapter: identity("test-adapter"),
        statement: Statement {
            level,
            credentials: Vec::new(),
            protectors: [(sealcheck::case::Platform::Linux, vec![Protector::SecretService])].into(),
            default_name: "cache".into(),
            partitions: [
                (sealcheck::case::Partition::Nocae, ".nocae".into()),
                (sealcheck::case::Partition::Cae, ".cae".into()),
            ]
            .into(),
            fallback: Fallback::OptIn,
            on_locked: OnProtectorRefusal::Refuse,
            on_dismissed: OnProtectorRefusal::Refuse,
            locations: vec![
                location(LocationRole::Directory, "{home}/.test"),
                location(LocationRole::Plaintext, "{home}/.test/{name}{suffix}"),
            ],
            item: None,
            limits: Limits::default(),
            error_map: Vec::new(),
        },
    }
}

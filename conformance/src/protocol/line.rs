//! One line of the wire: its tag, its limit, its encoding.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Reply, ReplyBody, Request, RequestKind};

/// The longest line, in bytes, its end included.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// The value of `SEALCHECK_TAG`: sixteen random hexadecimal digits that mark protocol lines of one session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag(String);

impl Tag {
    /// A fresh tag.
    pub fn fresh() -> Self {
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The tag that the environment variable holds.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rest of a protocol line, or `None` for a line of the library's own.
    pub fn strip<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        line.strip_prefix(self.0.as_bytes())?.strip_prefix(b" ")
    }

    /// A request as a line without its end.
    pub fn encode_request(&self, seq: &Value, request: &Request) -> String {
        let mut members = object(serde_json::to_value(request).expect("a request is plain data"));
        members.insert("seq".into(), seq.clone());
        format!("{} {}", self.0, Value::Object(members))
    }

    /// A reply as a line without its end.
    pub fn encode_reply(&self, seq: &Value, reply: &Reply) -> String {
        let (key, value) = match reply {
            Reply::Ok(body) => ("ok", encode_body(body)),
            Reply::Error(error) => ("error", serde_json::to_value(error).expect("an error is plain data")),
            Reply::Unsupported(what) => {
                ("unsupported", serde_json::to_value(what).expect("a reason is plain data"))
            }
            Reply::AdapterError(error) => {
                ("adapter_error", serde_json::to_value(error).expect("an error is plain data"))
            }
        };
        let mut members = Map::new();
        members.insert("seq".into(), seq.clone());
        members.insert(key.into(), value);
        format!("{} {}", self.0, Value::Object(members))
    }
}

/// Decodes the rest of a request line (after the tag).
///
/// # Errors
///
/// [`LineError::NotJson`], [`LineError::NoSequence`] or [`LineError::Body`].
pub fn decode_request(line: &[u8]) -> Result<(Value, Request), LineError> {
    let mut members = parse_object(line)?;
    let seq = members.remove("seq").ok_or(LineError::NoSequence)?;
    let request = body("request", Value::Object(members))?;
    Ok((seq, request))
}

/// `seq` and the word of a request that this version does not know; `None` for one that it knows, and for what is none.
pub fn unknown_request(line: &[u8]) -> Option<(Value, String)> {
    let mut members = parse_object(line).ok()?;
    let Some(Value::String(word)) = members.remove("request") else { return None };
    if serde_json::from_value::<RequestKind>(Value::from(word.as_str())).is_ok() {
        return None;
    }
    Some((members.remove("seq")?, word))
}

/// Decodes the rest of a reply line (after the tag) to a request of the given kind.
///
/// # Errors
///
/// Each defect of the line is its own [`LineError`].
pub fn decode_reply(line: &[u8], expected_seq: &Value, kind: RequestKind) -> Result<Reply, LineError> {
    let mut members = parse_object(line)?;
    let seq = members.remove("seq").ok_or(LineError::NoSequence)?;
    if seq != *expected_seq {
        return Err(LineError::WrongSequence { expected: expected_seq.to_string(), found: seq.to_string() });
    }
    let mut members = members.into_iter();
    let (Some((key, value)), None) = (members.next(), members.next()) else {
        return Err(LineError::NotOneOutcome);
    };
    match key.as_str() {
        "ok" => decode_body(kind, value).map(Reply::Ok),
        "error" => body("error", value).map(Reply::Error),
        "unsupported" => body("unsupported", value).map(Reply::Unsupported),
        "adapter_error" => body("adapter_error", value).map(Reply::AdapterError),
        _ => Err(LineError::NotOneOutcome),
    }
}

fn encode_body(reply: &ReplyBody) -> Value {
    let mut members = Map::new();
    match reply {
        ReplyBody::Hello(hello) => return serde_json::to_value(hello).expect("a statement is plain data"),
        ReplyBody::Open { self_report } => {
            if let Some(report) = self_report {
                let report = serde_json::to_value(report).expect("a report is plain data");
                members.insert("self_report".into(), report);
            }
        }
        ReplyBody::Put { state } => insert_state(&mut members, state.as_ref()),
        ReplyBody::Get { value, state } => {
            let value = serde_json::to_value(value).expect("bytes are plain data");
            members.insert("value".into(), value);
            insert_state(&mut members, state.as_ref());
        }
        ReplyBody::List { names } => {
            members.insert("names".into(), names.clone().into());
        }
        ReplyBody::Render { text } => {
            members.insert("text".into(), text.clone().into());
        }
        ReplyBody::Done => {}
    }
    Value::Object(members)
}

fn insert_state(members: &mut Map<String, Value>, state: Option<&String>) {
    if let Some(state) = state {
        members.insert("state".into(), state.clone().into());
    }
}

fn decode_body(kind: RequestKind, value: Value) -> Result<ReplyBody, LineError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct OpenBody {
        #[serde(default)]
        self_report: Option<super::SelfReport>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PutBody {
        #[serde(default)]
        state: Option<String>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct GetBody {
        #[serde(deserialize_with = "required")]
        value: Option<super::Base64Bytes>,
        #[serde(default)]
        state: Option<String>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ListBody {
        names: Vec<String>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct RenderBody {
        text: String,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct DoneBody {}

    Ok(match kind {
        RequestKind::Hello => ReplyBody::Hello(Box::new(body("hello", value)?)),
        RequestKind::Open => {
            let OpenBody { self_report } = body("open", value)?;
            ReplyBody::Open { self_report }
        }
        RequestKind::Put => {
            let PutBody { state } = body("put", value)?;
            ReplyBody::Put { state }
        }
        RequestKind::Get => {
            let GetBody { value, state } = body("get", value)?;
            ReplyBody::Get { value, state }
        }
        RequestKind::List => {
            let ListBody { names } = body("list", value)?;
            ReplyBody::List { names }
        }
        RequestKind::Render => {
            let RenderBody { text } = body("render", value)?;
            ReplyBody::Render { text }
        }
        RequestKind::Remove | RequestKind::Close | RequestKind::Bye => {
            let DoneBody {} = body("done", value)?;
            ReplyBody::Done
        }
    })
}

/// A member that may be null and may not be missing: silence is not "nothing stored".
fn required<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer)
}

fn parse_object(line: &[u8]) -> Result<Map<String, Value>, LineError> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(LineError::NotJson { cause: "not an object".into() }),
        Err(error) => Err(LineError::NotJson { cause: position(&error) }),
    }
}

fn body<T: DeserializeOwned>(what: &'static str, value: Value) -> Result<T, LineError> {
    serde_json::from_value(value).map_err(|error| LineError::Body { what, cause: error.to_string() })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => unreachable!("every message is an object"),
    }
}

/// The position of a syntax error, without the text around it, which may hold a value.
fn position(error: &serde_json::Error) -> String {
    format!("{:?} error at column {}", error.classify(), error.column()).to_lowercase()
}

/// What is wrong with a line.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line is longer than [`MAX_LINE_BYTES`].
    #[error("a line is longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// The line is no JSON object.
    #[error("a protocol line is not a JSON object ({cause})")]
    NotJson {
        /// What the parser says, without the text.
        cause: String,
    },
    /// `seq` is missing.
    #[error("a protocol line has no member \"seq\"")]
    NoSequence,
    /// `seq` is not the one that was sent.
    #[error("a reply echoes seq {found} where {expected} was sent")]
    WrongSequence {
        /// What was sent.
        expected: String,
        /// What came back.
        found: String,
    },
    /// Not exactly one of `ok`, `error`, `unsupported`, `adapter_error`.
    #[error("a reply must have exactly one of ok, error, unsupported and adapter_error beside seq")]
    NotOneOutcome,
    /// The body has an unknown or missing member, or one of the wrong type.
    #[error("the body of a {what} message does not fit the protocol: {cause}")]
    Body {
        /// Which body.
        what: &'static str,
        /// What does not fit.
        cause: String,
    },
}

//! What an adapter answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Base64Bytes, ErrorCategory, Phase, ProtocolVersion, Statement};

/// One reply: exactly one of four members beside `seq`.
///
/// Whatever the library returned or threw is [`Reply::Error`]; [`Reply::AdapterError`] means only that the adapter
/// could not carry out the instruction.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// `{"seq": .., "ok": {..}}`: the library did it.
    Ok(ReplyBody),
    /// `{"seq": .., "error": {..}}`: the library returned or threw.
    Error(ReplyError),
    /// `{"seq": .., "unsupported": {..}}`: the library cannot do this.
    Unsupported(Unsupported),
    /// `{"seq": .., "adapter_error": {..}}`: the adapter could not carry out the instruction.
    AdapterError(AdapterError),
}

/// The body of a success, by the kind of its request.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// To `hello`.
    Hello(Box<HelloReply>),
    /// To `open`.
    Open {
        /// What the library says about its own protection; cross-checked, never a verdict.
        self_report: Option<SelfReport>,
    },
    /// To `put`.
    Put {
        /// Opaque state for later sessions.
        state: Option<String>,
    },
    /// To `get`.
    Get {
        /// The persisted value, or `None` when nothing is there.
        value: Option<Base64Bytes>,
        /// Opaque state for later sessions.
        state: Option<String>,
    },
    /// To `list`.
    List {
        /// The names of what is persisted.
        names: Vec<String>,
    },
    /// To `render`.
    Render {
        /// The library's text form.
        text: String,
    },
    /// To `remove`, `close` and `bye`.
    Done,
}

/// The answer to `hello`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HelloReply {
    /// The version that the adapter chose.
    pub protocol: ProtocolVersion,
    /// The library under test.
    pub implementation: Identity,
    /// The adapter.
    pub adapter: Identity,
    /// What the implementation declares about itself.
    pub statement: Statement,
}

/// A name and a version.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
}

/// What a library says about its own protection.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SelfReport {
    /// Whether it says that it encrypts.
    #[serde(default)]
    pub encrypted: Option<bool>,
    /// Where it says that it stores.
    #[serde(default)]
    pub location: Option<String>,
}

/// An error that the library returned or threw.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyError {
    /// What it means.
    pub category: ErrorCategory,
    /// When it came.
    pub phase: Phase,
    /// What it was.
    pub native: NativeError,
}

/// The library's own error, scanned for canaries.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NativeError {
    /// Its type's name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its code, where it has one.
    #[serde(default)]
    pub code: Option<String>,
    /// Its message.
    pub message: String,
    /// The messages of its causes, outermost first.
    #[serde(default)]
    pub chain: Vec<String>,
}

/// The library cannot do what was asked.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unsupported {
    /// What cannot be done, such as `request:list`.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Where that is tracked.
    #[serde(default)]
    pub issue: Option<String>,
}

/// The adapter could not carry out the instruction.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterError {
    /// What went wrong.
    pub message: String,
    /// Where, as text.
    #[serde(default)]
    pub trace: Option<String>,
}

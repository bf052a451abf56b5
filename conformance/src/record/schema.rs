//! The JSON Schemas of every format, generated from the types that read and write them.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, schema_for};

use super::{Line, RecordingFile};
use crate::{
    case::CaseFile,
    judge::BaselineFile,
    protocol::{AdapterError, Base64Bytes, HelloReply, ReplyError, Request, SelfReport, Unsupported},
};

/// A format with a schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SchemaName {
    /// One line of a results file.
    Results,
    /// One message of the adapter protocol.
    Protocol,
    /// A case file.
    Case,
    /// A baseline file.
    Baseline,
    /// A recording of a case.
    Recording,
}

impl SchemaName {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Results, Self::Protocol, Self::Case, Self::Baseline, Self::Recording];

    /// The word in commands and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Protocol => "protocol",
            Self::Case => "case",
            Self::Baseline => "baseline",
            Self::Recording => "recording",
        }
    }

    /// The schema as indented JSON with a line end.
    pub fn text(self) -> String {
        let schema = match self {
            Self::Results => schema_for!(Line),
            Self::Protocol => schema_for!(Message),
            Self::Case => schema_for!(CaseFile),
            Self::Baseline => schema_for!(BaselineFile),
            Self::Recording => schema_for!(RecordingFile),
        };
        let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
        text.push('\n');
        text
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SchemaName {
    type Err = UnknownSchema;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| UnknownSchema(text.into()))
    }
}

/// A word that names no schema.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is not a schema; there are results, protocol, case, baseline and recording")]
pub struct UnknownSchema(String);

/// One message between harness and adapter, without the tag before it.
#[derive(JsonSchema)]
#[schemars(title = "sealcheck adapter protocol, version 1")]
#[serde(untagged)]
#[expect(dead_code, reason = "a description for the schema; messages are encoded by `protocol::line`")]
enum Message {
    /// From the harness.
    Request {
        /// Echoed by the reply.
        seq: u64,
        /// What is asked.
        #[serde(flatten)]
        request: Request,
    },
    /// The library did it.
    Ok {
        /// The request's.
        seq: u64,
        /// The body, by the kind of the request.
        ok: Body,
    },
    /// The library returned or threw.
    Error {
        /// The request's.
        seq: u64,
        /// What.
        error: ReplyError,
    },
    /// The library cannot do it.
    Unsupported {
        /// The request's.
        seq: u64,
        /// What, and why.
        unsupported: Unsupported,
    },
    /// The adapter could not carry out the instruction.
    AdapterError {
        /// The request's.
        seq: u64,
        /// Why.
        adapter_error: AdapterError,
    },
}

/// The body of a success.
#[derive(JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[expect(dead_code, reason = "a description for the schema; bodies are encoded by `protocol::line`")]
enum Body {
    /// To `hello`.
    Hello(Box<HelloReply>),
    /// To `open`.
    Open {
        /// What the library says of itself.
        #[serde(default)]
        self_report: Option<SelfReport>,
    },
    /// To `get`.
    Get {
        /// What was persisted, or null; never absent.
        value: Held,
        /// Opaque, for later sessions.
        #[serde(default)]
        state: Option<String>,
    },
    /// To `put`.
    Put {
        /// Opaque, for later sessions.
        #[serde(default)]
        state: Option<String>,
    },
    /// To `list`.
    List {
        /// The names of what is persisted.
        names: Vec<String>,
    },
    /// To `render`.
    Render {
        /// The text form.
        text: String,
    },
    /// To `remove`, `close` and `bye`.
    Done {},
}

/// What a `get` found.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "a description for the schema; `Option` would let the member be absent")]
enum Held {
    /// A value.
    Bytes(Base64Bytes),
    /// Nothing.
    Null(()),
}

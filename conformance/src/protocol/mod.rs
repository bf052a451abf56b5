//! The wire between the harness and an adapter, version 1.
//!
//! JSON Lines on standard input and output. Each protocol line begins with the value of `SEALCHECK_TAG` and a space;
//! whatever else an adapter prints belongs to the library under test and is scanned for leaks. One request, one
//! reply; `seq` is echoed. The adapter is never told case ids, expectations, conditions or faults.
//!
//! | file | holds |
//! |---|---|
//! | `version` | [`ProtocolVersion`] and when to bump it |
//! | `request` | what the harness asks |
//! | `reply` | the four replies: ok, error, unsupported, adapter error |
//! | `category` | the closed list of error categories and phases |
//! | `statement` | what an implementation declares about itself, as data |
//! | `line` | tags, limits, encoding and decoding of one line |

mod bytes;
mod category;
mod line;
mod reply;
mod request;
mod statement;
mod version;

pub use bytes::Base64Bytes;
pub use category::{ErrorCategory, Phase};
pub use line::{LineError, MAX_LINE_BYTES, Tag, decode_reply, decode_request, unknown_request};
pub use reply::{
    AdapterError, HelloReply, Identity, NativeError, Reply, ReplyBody, ReplyError, SelfReport, Unsupported,
};
pub use request::{
    Authority, CredentialKind, Get, Hello, LogLevel, Open, OpenOptions, Put, Remove, Render, RenderWhat,
    Request, RequestKind, Store, StoreHandle,
};
pub use statement::{
    Declaration, DeclaredItem, ErrorMapEntry, Fallback, Level, Limits, Location, LocationRole,
    OnProtectorRefusal, Protector, Statement,
};
pub use version::ProtocolVersion;

pub use crate::case::{Interaction, Partition};

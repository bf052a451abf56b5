//! The version of the wire.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The protocol's version: one integer, negotiated in `hello`.
///
/// Bump it when an existing message changes its meaning or loses a field. A new optional field does not bump it:
/// adapters ignore request fields that they do not know, and the harness never relies on one that is new.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ProtocolVersion(pub u32);

impl ProtocolVersion {
    /// The version that this harness speaks.
    pub const CURRENT: Self = Self(1);
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

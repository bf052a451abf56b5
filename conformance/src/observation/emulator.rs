//! Who stands in for a system.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody who has the calls of a system, and something else behind them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Emulator {
    /// Wine, in the place of Windows.
    Wine,
}

impl Emulator {
    /// What results under it do not show, in one sentence.
    pub fn caveat(self) -> &'static str {
        match self {
            Self::Wine => {
                "Wine stands in for Windows: its data protection keeps nobody out who knows the user's name, so nothing \
                 here shows that DPAPI keeps a secret, only that it is called and that nothing lies beside it"
            }
        }
    }
}

impl fmt::Display for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wine => "wine",
        })
    }
}

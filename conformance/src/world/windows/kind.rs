//! What stands for the broker and the keyring of other worlds.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::protection;

/// That there is no session bus, and so no broker.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerKind {
    /// Windows has no session bus.
    #[default]
    None,
}

impl BrokerKind {
    /// Every broker.
    pub const ALL: [Self; 1] = [Self::None];

    /// What it is, for those who choose one.
    pub fn summary(self) -> &'static str {
        match self {
            Self::None => "Windows has no session bus",
        }
    }

    /// Says what this machine has of it.
    pub fn state(self) -> &'static str {
        match self {
            Self::None => "Windows has no session bus, and nothing needs one",
        }
    }

    /// The word in options and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
        }
    }
}

impl fmt::Display for BrokerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for BrokerKind {
    type Err = UnknownBroker;

    fn from_str(text: &str) -> Result<Self, UnknownBroker> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.as_str() == text).ok_or_else(|| UnknownBroker { text: text.to_owned() })
    }
}

/// A word that names no broker of this system.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no broker on Windows; give `none`")]
pub struct UnknownBroker {
    text: String,
}

/// Which protection of the system stands where others have a keyring.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// The data protection for the current user.
    #[default]
    Dpapi,
}

impl ProviderKind {
    /// Every provider.
    pub const ALL: [Self; 1] = [Self::Dpapi];

    /// What it is, for those who choose one.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Dpapi => "The system's data protection, for the current user",
        }
    }

    /// The word in options and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dpapi => "dpapi",
        }
    }

    /// Says what this machine has of it.
    ///
    /// # Errors
    ///
    /// What is missing and what to do, in one line.
    pub fn probe(self) -> Result<String, String> {
        match self {
            Self::Dpapi => protection::round_trip().map_err(|error| error.to_string()),
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ProviderKind {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.as_str() == text).ok_or_else(|| UnknownProvider { text: text.to_owned() })
    }
}

/// A word that names no provider of this system.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no provider on Windows; give `dpapi`")]
pub struct UnknownProvider {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_others_are_refused() {
        assert_eq!("dpapi".parse(), Ok(ProviderKind::Dpapi));
        assert_eq!("none".parse(), Ok(BrokerKind::None));
        let provider = "scripted".parse::<ProviderKind>().expect_err("it is not here");
        assert_eq!(provider.to_string(), "`scripted` is no provider on Windows; give `dpapi`");
        let broker = "busd".parse::<BrokerKind>().expect_err("it is not here");
        assert_eq!(broker.to_string(), "`busd` is no broker on Windows; give `none`");
    }
}

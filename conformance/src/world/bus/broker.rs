//! The broker behind the interposer: embedded, or the system's.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{BusError, address::BusAddress, daemon::Daemon, embedded::Embedded};

/// Which broker a world runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrokerKind {
    /// The broker inside the harness: nothing need be installed.
    #[default]
    Busd,
    /// The `dbus-daemon` of the system, with a configuration of ours.
    DbusDaemon,
}

impl BrokerKind {
    /// Every broker.
    pub const ALL: [Self; 2] = [Self::Busd, Self::DbusDaemon];

    /// What it is, for those who choose one.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Busd => "Built in",
            Self::DbusDaemon => "The system's dbus-daemon",
        }
    }

    /// Says what this machine has of it.
    pub fn state(self) -> &'static str {
        match self {
            Self::Busd => "built in",
            Self::DbusDaemon => "used if the program below is there",
        }
    }

    /// The word in options and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busd => "busd",
            Self::DbusDaemon => "dbus-daemon",
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
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownBroker { text: text.to_owned() })
    }
}

/// A word that names no broker.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no broker; give `busd` or `dbus-daemon`")]
pub struct UnknownBroker {
    text: String,
}

/// A running broker; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Broker {
    address: BusAddress,
    _process: Process,
}

#[derive(Debug)]
enum Process {
    Busd { _guard: Embedded },
    DbusDaemon { _guard: Daemon },
}

impl Broker {
    /// Starts a broker that listens at a socket file.
    pub(super) fn start(kind: BrokerKind, folder: &Path, socket: PathBuf) -> Result<Self, BusError> {
        let address = BusAddress::of(socket);
        let failed = |reason| BusError::Broker { broker: kind, reason };
        let process = match kind {
            BrokerKind::Busd => Process::Busd { _guard: Embedded::start(&address).map_err(failed)? },
            BrokerKind::DbusDaemon => {
                Process::DbusDaemon { _guard: Daemon::start(folder, &address).map_err(failed)? }
            }
        };
        Ok(Self { address, _process: process })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &BusAddress {
        &self.address
    }
}

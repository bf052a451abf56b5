//! Why a world has no bus.

use std::{io, path::PathBuf};

use super::BrokerKind;

/// Why a world has no bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The broker did not start.
    #[error("the broker {broker} did not start: {reason}")]
    Broker {
        /// Which broker.
        broker: BrokerKind,
        /// Why, and what to do.
        reason: String,
    },
    /// The interposer cannot listen.
    #[error("cannot listen on {}: {source}; use a folder with a short path that can be written", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread for the bus: {0}")]
    Thread(#[source] io::Error),
}

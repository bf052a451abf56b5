//! The broker and the wire interposer in front of it (D5).
//!
//! Clients connect to the interposer, which relays every byte to the broker and back, records each call with its
//! answer, and shows each message to a [`WireTap`]. In front of the embedded broker it also answers what that broker
//! leaves open, in the words of `dbus-daemon`: a client cannot tell the two apart.
//!
//! | file | holds |
//! |---|---|
//! | `session_bus` | [`Bus`]: both together |
//! | `broker`, `embedded`, `daemon` | the brokers |
//! | `interposer`, `handshake`, `relay` | accepting clients, relaying lines, relaying messages |
//! | `courtesy` | what `dbus-daemon` would have said |
//! | `transcript`, `losses`, `tap` | calls that wait for answers, what was lost, who listens |
//! | `address`, `header`, `cursor`, `frame` | the wire format |
//! | `connection` | a blocking client connection, for the provider and the harness's own client |
//! | `crew` | threads that are waited for |

mod address;
mod broker;
mod connection;
mod courtesy;
mod crew;
mod cursor;
mod daemon;
mod embedded;
mod error;
mod frame;
mod handshake;
mod header;
mod interposer;
mod losses;
mod relay;
mod session_bus;
mod tap;
mod transcript;

pub use address::{AddressError, BusAddress};
pub use broker::{BrokerKind, UnknownBroker};
pub(crate) use connection::{BROKER, Call, Connection, ConnectionError, Sender};
pub use error::BusError;
pub(crate) use frame::{Body, Frame, reply_header};
pub(crate) use header::{Header, Kind};
pub use session_bus::Bus;
pub use tap::WireTap;

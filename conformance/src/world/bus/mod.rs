//! The broker and the wire interposer in front of it.
//!
//! Clients come in through a [`Door`], one for each session, and are given a relay to the broker: it records each call
//! with its answer, shows each message to a [`WireTap`], lets a [`Gate`] hold what it counts, and has go wrong what a
//! [`BusFault`] says. In front of the embedded broker it also answers what that broker
//! leaves open, in the words of `dbus-daemon`: a client cannot tell the two apart.
//!
//! | file | holds |
//! |---|---|
//! | `session_bus` | [`Bus`]: both together |
//! | `broker`, `embedded`, `daemon` | the brokers |
//! | `interposer`, `door` | what is behind the doors, accepting clients |
//! | `handshake`, `relay`, `upward`, `downward` | relaying lines, relaying messages, what becomes of them each way |
//! | `guest`, `class`, `owners`, `gate` | whose calls are counted, as what, what counts as a call to the keyring, who is held |
//! | `provider_door` | [`ProviderDoor`]: the way of a real provider to the broker |
//! | `fault`, `pause` | what goes wrong with calls to the keyring, how long it takes |
//! | `courtesy` | what `dbus-daemon` would have said |
//! | `transcript`, `losses`, `tap` | calls that wait for answers, what was lost, who listens |
//! | `address`, `header`, `cursor`, `frame` | the wire format |
//! | `connection` | a blocking client connection, for the provider and the harness's own client |
//! | `crew` | threads that are waited for |

mod address;
mod broker;
mod class;
mod connection;
mod courtesy;
mod crew;
mod cursor;
mod daemon;
mod door;
mod downward;
mod embedded;
mod error;
mod fault;
mod frame;
mod gate;
mod guest;
mod handshake;
mod header;
mod interposer;
mod losses;
mod owners;
mod pause;
mod provider_door;
mod relay;
mod session_bus;
mod tap;
mod transcript;
mod upward;

pub use address::{AddressError, BusAddress};
pub use broker::{BrokerKind, UnknownBroker};
pub(crate) use connection::{BROKER, BROKER_PATH, Call, Connection, ConnectionError, Sender};
pub use door::Door;
pub use error::BusError;
pub use fault::BusFault;
pub(crate) use frame::{Body, Frame, reply_header};
pub use gate::Gate;
pub use guest::Guest;
pub(crate) use header::{Header, Kind};
pub use provider_door::ProviderDoor;
pub use session_bus::Bus;
pub use tap::WireTap;

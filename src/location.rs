//! Where a cache is: what is read of the surroundings, and the paths that follow from it.

use std::path::PathBuf;

/// Where the session bus is, as the environment says it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BusAddress {
    /// `DBUS_SESSION_BUS_ADDRESS`; an empty value counts as unset.
    pub address: Option<String>,
    /// `XDG_RUNTIME_DIR`; without an address, the bus is the socket `bus` in it.
    pub runtime_directory: Option<PathBuf>,
}

//! The world on Windows: no bus, no keyring, and the data protection of the system itself.
//!
//! | file | holds |
//! |---|---|
//! | `kind` | [`BrokerKind`], [`ProviderKind`]: that there is no broker, and which protection there is |
//! | `protection` | finds out whether the data protection works for this user |
//! | `ffi` | unsafe code |

#[expect(unsafe_code, reason = "the data protection of Windows has no safe wrapper")]
mod ffi;
mod kind;
mod protection;

pub use kind::{BrokerKind, ProviderKind, UnknownBroker, UnknownProvider};
pub use protection::{Unprotected, round_trip};

use crate::observation::Emulator;

/// Who only stands in for Windows, if anybody does.
pub(super) fn emulator() -> Option<Emulator> {
    ffi::has_wine_version().then_some(Emulator::Wine)
}

//! Fresh random secrets that exist nowhere else: their making, their encodings, and the search for them.
//!
//! | file | holds |
//! |---|---|
//! | `seed` | [`Seed`]: what decides the order of a run and every canary |
//! | `set` | [`CanarySet`]: the canaries of one world, made before anything starts |
//! | `needle` | [`Needle`] and [`Hit`]: what was found, by role, never by value |
//! | `scanner` | [`Scanner`]: finds every canary of a set in bytes, however it was written down |
//! | `pattern` | the forms of a canary that one pass finds without decoding |
//! | `decode` | the forms that must be decoded first |
//! | `stream` | [`StreamScanner`]: the same for bytes that arrive in pieces |
//! | `value` | the cache document that carries a canary through an implementation |

mod decode;
mod needle;
mod pattern;
mod scanner;
mod seed;
mod set;
mod stream;
mod value;

pub use needle::{Hit, Needle};
pub use scanner::{Scanner, Search};
pub use seed::{Seed, SeedError, WorldSeed};
pub use set::{CanaryError, CanarySet, fresh_canary};
pub use stream::StreamScanner;
pub use value::{cache_document, canary_of_document};

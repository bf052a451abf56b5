//! The adapter of the reference implementation: a hidden subcommand of this binary.
//!
//! A case always crosses a real process boundary, so the reference has an adapter like any other implementation. A
//! mutant is the same adapter on a cache of which one part was replaced.
//!
//! | file | holds |
//! |---|---|
//! | `session` | [`Session`]: requests become calls, what they return becomes replies |
//! | `store` | the store level: values are handed to `token-cache` as they are |
//! | `credential/` | the credential level: small credentials on `token-cache` |
//! | `caches` | the caches of one handle, at either level |
//! | `outcome` | errors as replies |
//! | `serve` | [`serve`]: the loop over lines |

mod caches;
mod credential;
mod outcome;
mod serve;
mod session;
mod store;

pub use caches::MakeSeams;
pub use credential::{Habits, Issued, Right};
pub use serve::{ServeError, serve};
pub use session::Session;

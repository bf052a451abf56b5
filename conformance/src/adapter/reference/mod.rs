//! The adapter of the reference implementation: a hidden subcommand of this binary.
//!
//! A case always crosses a real process boundary, so the reference has an adapter like any other implementation. A
//! mutant is the same adapter on a cache of which one part was replaced.
//!
//! | file | holds |
//! |---|---|
//! | `session` | [`Session`]: requests become calls of `token-cache`, its errors become replies |
//! | `serve` | [`serve`]: the loop over lines |

mod serve;
mod session;

pub use serve::{ServeError, serve};
pub use session::{MakeSeams, Session};

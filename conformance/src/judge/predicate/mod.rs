//! What each predicate looks at, one file per family.
//!
//! | file | predicates |
//! |---|---|
//! | `refusal` | refused |
//! | `value` | value equals, value absent, not returned after relocation |
//! | `canary` | canary absent, canary present, residue gone |
//! | `tree` | nothing created, stays inside, path private, path exists, born private |
//! | `bus` | protector tried first |
//! | `keyring` | storage distinct, item attributes |
//! | `authority` | authority requests at most |
//! | `time` | within deadline |

mod authority;
mod bus;
mod canary;
mod dispatch;
mod keyring;
mod mode;
mod path;
mod refusal;
mod time;
mod tree;
mod value;

pub(super) use dispatch::{Examined, examine};
pub(super) use value::returned;

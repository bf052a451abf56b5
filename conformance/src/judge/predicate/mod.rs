//! What each predicate looks at, one file per family.
//!
//! | file | predicates |
//! |---|---|
//! | `refusal` | refused |
//! | `value` | value equals, value one of, save reported, value absent, not taken for absent, not returned after relocation |
//! | `canary` | canary absent, canary present, residue gone, residue reported, erased, kept |
//! | `announced` | announced |
//! | `folder` | folder guarded |
//! | `temporary` | temporary guarded |
//! | `tree` | nothing created, stays inside, path private, path exists, born private |
//! | `bus` | protector tried first |
//! | `prompt` | not prompted |
//! | `keyring` | storage distinct, item attributes |
//! | `authority` | authority requests at most, renewed silently, refresh tokens replaced |
//! | `survival` | survived |
//! | `time` | within deadline |

mod announced;
mod authority;
mod bus;
mod canary;
mod dispatch;
mod folder;
mod keyring;
mod mode;
mod path;
mod prompt;
mod refusal;
mod survival;
mod temporary;
mod time;
mod tree;
mod value;

pub(super) use dispatch::{Examined, examine};
pub(super) use value::returned;

//! The reference at credential level: the smallest credentials that a cache makes sense for.
//!
//! They exist so that what only a credential can do wrong can be judged without anybody's library: each mutant of this level
//! is these credentials with one of their habits changed. Their tokens are the harness's canaries and are not cleared from
//! memory.
//!
//! | file | holds |
//! |---|---|
//! | `token` | [`Credential`]: an answer from the cache, else from the authority |
//! | `authority` | the grants |
//! | `document` | what is kept, in MSAL's unified schema |
//! | `habits` | [`Habits`]: where it can be done wrong |
//! | `error` | [`CredentialError`] |

mod authority;
mod document;
mod error;
mod habits;
mod token;

pub(super) use error::CredentialError;
pub use habits::{Habits, Issued, Right};
pub(super) use token::Credential;

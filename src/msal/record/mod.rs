//! The five kinds of record, each with the fields that this module knows and all that it does not.
//!
//! | file | holds |
//! |---|---|
//! | `access_token.rs` | [`AccessToken`] |
//! | `refresh_token.rs` | [`RefreshToken`] |
//! | `id_token.rs` | [`IdToken`] |
//! | `account.rs` | [`Account`] |
//! | `app_metadata.rs` | [`AppMetadata`] |
//! | `contract.rs` | what a document needs to know of a kind of record |
//! | `key.rs` | the keys under which MSAL for Python stores them |
//! | `unknown.rs` | [`Unknown`], the fields that are kept without being known |

mod access_token;
mod account;
mod app_metadata;
pub(super) mod contract;
mod id_token;
mod key;
mod refresh_token;
mod unknown;

pub use access_token::AccessToken;
pub use account::Account;
pub use app_metadata::AppMetadata;
pub use contract::Record;
pub use id_token::IdToken;
pub use refresh_token::RefreshToken;
pub use unknown::Unknown;

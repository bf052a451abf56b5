//! The schema in which the MSAL libraries of all languages keep tokens: read, searched, changed, and written again.
//!
//! ```text
//! {
//!     "AccessToken":  { key: AccessToken, .. },
//!     "RefreshToken": { key: RefreshToken, .. },
//!     "IdToken":      { key: IdToken, .. },
//!     "Account":      { key: Account, .. },
//!     "AppMetadata":  { key: AppMetadata, .. },
//!     whatever a later version adds
//! }
//! ```
//!
//! A cache is shared: by processes, by libraries in several languages, and by versions that know more than this one.
//! Hence four rules.
//!
//! - **What is not known is kept**, as it is written: members of the document, fields of a record. A document that was
//!   not changed is written byte by byte as it was read.
//! - **What is damaged locks out nothing else.** A record that cannot be read is a [`Fault`], meets no query, and stays
//!   until a record takes its key or [`Document::discard_faults`] is called. Bytes that are no document are a
//!   [`ParseError`]; nothing should be written over them.
//! - **No record is found by its key**, since every library makes its keys otherwise. The fields decide. Keys are made
//!   as MSAL for Python makes them, so that either replaces the other's records.
//! - **What is hostile costs no more than what is not.** Size and depth are bounded before anything is made of the text
//!   ([`Limits`]), and nothing here recurses.
//!
//! A document borrows its bytes from the [`SecretBytes`](crate::SecretBytes) that it was read from, and what it makes
//! itself is wiped: no copy of a secret is left behind, neither by reading nor by writing. This module has no clock, no
//! files and no network.
//!
//! # Example: who is signed in
//!
//! ```
//! use token_cache::SecretBytes;
//! use token_cache::msal::{Document, Query, Section};
//!
//! let stored = SecretBytes::from(
//!     br#"{"Account": {"any key": {
//!         "home_account_id": "u.t", "environment": "login.microsoftonline.com", "realm": "t",
//!         "authority_type": "MSSTS", "username": "alex@example.com", "of_a_later_version": 1
//!     }}}"#
//!     .to_vec(),
//! );
//! let document = Document::parse(&stored)?;
//! assert_eq!(document.len(Section::Account), 1);
//! for account in document.accounts(&Query::new()) {
//!     println!("{:?}", account.username);
//! }
//!
//! // What was not changed is written as it was read, with what only later versions know.
//! assert_eq!(document.to_bytes(), stored);
//! # Ok::<(), token_cache::msal::ParseError>(())
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `document.rs` | [`Document`]: parsing it, finding in it |
//! | `change.rs` | putting a record into it |
//! | `removal.rs` | removing: by a query, an account, what has expired, what is damaged |
//! | `merge.rs` | taking over what another document has |
//! | `family.rs` | families of applications, which share refresh tokens |
//! | `render.rs` | the document as bytes |
//! | `record/` | the five kinds of [`Record`], with [`Unknown`] fields |
//! | `query.rs` | [`Query`], what is looked for |
//! | `admission.rs` | whether a record meets a query |
//! | `authority.rs` | the [`aliases`] of an authority's host |
//! | `secret.rs` | [`Secret`], a token |
//! | `time.rs` | [`UnixTime`] |
//! | `section.rs` | [`Section`] |
//! | `fault.rs` | [`Fault`], [`Defect`], [`Field`]: what cannot be read, and where |
//! | `parse.rs` | from bytes to members and records; [`Limits`], [`ParseError`] |
//! | `fields.rs` | the fields of one record |
//! | `json.rs` | JSON that was accepted, read in place |
//! | `text.rs` | JSON text, borrowed or wiped |
//! | `writer.rs` | JSON as Python writes it |

mod admission;
mod authority;
mod change;
mod document;
mod family;
mod fault;
mod fields;
mod json;
mod merge;
mod parse;
mod query;
mod record;
mod removal;
mod render;
mod secret;
mod section;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod writer;

pub use authority::aliases;
pub use change::{ChangeError, Upserted};
pub use document::Document;
pub use fault::{Defect, Fault, Field};
pub use parse::{Limits, ParseError};
pub use query::Query;
pub use record::{AccessToken, Account, AppMetadata, IdToken, Record, RefreshToken, Unknown};
pub use removal::SignOut;
pub use secret::Secret;
pub use section::Section;
pub use time::UnixTime;

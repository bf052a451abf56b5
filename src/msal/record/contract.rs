//! What a document needs to know of a kind of record.

use std::borrow::Cow;
use std::fmt;

use crate::msal::fields::Fields;
use crate::msal::json::Json;
use crate::msal::text::Text;
use crate::msal::writer::ObjectWriter;
use crate::msal::{Defect, Field, Section};

/// A kind of record; there are five, and no others can be made.
///
/// # Example
///
/// ```
/// use token_cache::msal::{Document, IdToken, Query, Record};
///
/// fn count<R: Record>(document: &Document<'_>) -> usize {
///     document.find::<R>(&Query::new()).count()
/// }
///
/// assert_eq!(count::<IdToken>(&Document::new()), 0);
/// ```
pub trait Record: Contract {}

impl<R: Contract> Record for R {}

/// Reads and writes a kind of record.
pub trait Contract: Sized {
    /// The same kind of record, as it is read from a document.
    type Read<'a>: Contract;

    /// Where records of the kind are.
    const SECTION: Section;

    /// The fields that the record has a place for; the others are unknown to it.
    const FIELDS: &'static [Field];

    /// Reads a record that was found.
    fn read<'a>(found: &Found<'a>) -> Result<Self::Read<'a>, Defect>;

    /// Writes every field.
    fn write(&self, object: &mut ObjectWriter<'_>) -> fmt::Result;

    /// The key under which MSAL for Python would store it.
    fn key(&self) -> String;

    /// Where it was found.
    fn origin(&self) -> &Origin<'_>;
}

/// A record that was found, and not yet read.
pub struct Found<'a> {
    pub(in crate::msal) key: &'a str,
    pub(in crate::msal) value: Json<'a>,
    pub(in crate::msal) fields: Fields<'a>,
}

/// Where a record was found, so that the same one can be replaced or removed.
///
/// It is no part of what the record is: two that say the same are equal, wherever they are.
#[derive(Clone, Default)]
pub struct Origin<'a> {
    /// The key, with its quotes.
    pub(in crate::msal) key: Option<Text<'a>>,
    /// The kind of a credential as its writer calls it, which need not be as MSAL for Python does.
    credential_type: Option<Text<'a>>,
}

impl<'a> Origin<'a> {
    pub(super) fn of(found: &Found<'a>) -> Self {
        let credential_type = found.fields.json(Field::CredentialType);
        Self {
            key: Some(Text::Read(found.key)),
            credential_type: credential_type.map(|kind| Text::Read(kind.text())),
        }
    }

    /// Writes the kind of a credential.
    pub(super) fn write(&self, object: &mut ObjectWriter<'_>, section: Section) -> fmt::Result {
        match &self.credential_type {
            Some(kind) => object.verbatim("\"credential_type\"", kind.as_str()),
            None => object.text("credential_type", section.name()),
        }
    }

    pub(super) fn into_owned(self) -> Origin<'static> {
        let copied = |text: Option<Text<'_>>| text.map(|text| text.copied());
        Origin { key: copied(self.key), credential_type: copied(self.credential_type) }
    }
}

impl Eq for Origin<'_> {}

impl PartialEq for Origin<'_> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.key.is_some() { "Found" } else { "New" })
    }
}

/// The text in memory of its own.
pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// The host as every library stores it.
pub(super) fn host(environment: &str) -> String {
    environment.to_ascii_lowercase()
}

/// Scopes as the schema writes them.
pub(super) fn sorted<S: AsRef<str>>(scopes: impl IntoIterator<Item = S>) -> String {
    let mut sorted = Vec::new();
    for scope in scopes {
        sorted.extend(scope.as_ref().split_ascii_whitespace().map(str::to_owned));
    }
    sorted.sort_unstable();
    sorted.join(" ")
}

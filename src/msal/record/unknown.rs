//! Fields that are kept without being known.

use std::fmt;

use super::contract::Found;
use crate::msal::Field;
use crate::msal::fields::known;
use crate::msal::json::{Json, Quoted};
use crate::msal::text::Text;
use crate::msal::writer::{ObjectWriter, rendered, string};

/// The fields of a record that have no place of their own in it: those of other libraries, and of later versions.
///
/// They come back as they were. `Debug` only says how many there are, since they may be secrets.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
/// use token_cache::msal::{Document, Query};
///
/// let stored = br#"{"Account": {"k": {"home_account_id": "u.t", "environment": "login.example", "later": [1e3]}}}"#;
/// let stored = SecretBytes::from(stored.to_vec());
/// let mut document = Document::parse(&stored)?;
///
/// let mut account = document.accounts(&Query::new()).next().expect("it is there").into_owned();
/// assert_eq!(account.unknown.json("later"), Some("[1e3]"));
/// account.username = "alex@contoso.example".into();
/// document.upsert(&account)?;
///
/// let account = document.accounts(&Query::new()).next().expect("it is still there");
/// assert_eq!(account.unknown.json("later"), Some("[1e3]"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Unknown<'a> {
    /// Names with their quotes, and values.
    members: Vec<(Text<'a>, Text<'a>)>,
}

impl<'a> Unknown<'a> {
    /// How many there are.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Unknown;
    ///
    /// assert_eq!(Unknown::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Unknown;
    ///
    /// assert!(Unknown::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The JSON text of a field; the last one if it is there more than once, as most readers have it.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Unknown;
    ///
    /// let mut unknown = Unknown::default();
    /// unknown.set_text("user_assertion_hash", "a\"b");
    /// assert_eq!(unknown.json("user_assertion_hash"), Some(r#""a\"b""#));
    /// assert_eq!(unknown.json("userAssertionHash"), None);
    /// ```
    pub fn json(&self, name: &str) -> Option<&str> {
        self.members.iter().rev().find(|(written, _)| means(written, name)).map(|(_, value)| value.as_str())
    }

    /// Sets a field to a string: one that another library knows, such as `user_assertion_hash`.
    ///
    /// A field that the record has a place for belongs there; set here, it is not written.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Unknown;
    ///
    /// let mut unknown = Unknown::default();
    /// unknown.set_text("kid", "a-key");
    /// unknown.set_text("kid", "another-key");
    /// assert_eq!(unknown.len(), 1);
    /// ```
    pub fn set_text(&mut self, name: &str, value: &str) {
        self.members.retain(|(written, _)| !means(written, name));
        let text = |text| Text::Made(rendered(|out| string(out, text)));
        self.members.push((text(name), text(value)));
    }

    /// What a record has beside the fields that its kind has a place for.
    pub(super) fn of(found: &Found<'a>, fields: &[Field]) -> Self {
        let mut members = Vec::new();
        for (name, value) in found.value.members() {
            if !is_one_of(fields, name) {
                members.push((Text::Read(name.with_quotes()), Text::Read(value.text())));
            }
        }
        Self { members }
    }

    /// Writes those that are in none of the fields that the record writes itself.
    pub(super) fn write(&self, object: &mut ObjectWriter<'_>, fields: &[Field]) -> fmt::Result {
        for (name, value) in &self.members {
            let quoted = Json::accepted(name.as_str()).string();
            if !quoted.is_some_and(|name| is_one_of(fields, name)) {
                object.verbatim(name.as_str(), value.as_str())?;
            }
        }
        Ok(())
    }

    pub(super) fn into_owned(self) -> Unknown<'static> {
        let members = self.members.into_iter();
        Unknown { members: members.map(|(name, value)| (name.copied(), value.copied())).collect() }
    }
}

impl fmt::Debug for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown([REDACTED; {}])", self.members.len())
    }
}

fn is_one_of(fields: &[Field], name: Quoted<'_>) -> bool {
    known(name).is_some_and(|field| fields.contains(&field))
}

fn means(written: &Text<'_>, name: &str) -> bool {
    Json::accepted(written.as_str()).string().is_some_and(|written| written.means(name))
}

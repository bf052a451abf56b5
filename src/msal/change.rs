//! How a record is put into a document.

use super::document::{Content, Document, Entry, Member};
use super::json::Json;
use super::parse::means;
use super::record::contract::Contract as _;
use super::text::Text;
use super::writer::{ObjectWriter, rendered, string};
use super::{Record, Section};

/// Why a document was not changed. It is as it was.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
/// use token_cache::msal::{Account, ChangeError, Document, Section};
///
/// let stored = SecretBytes::from(br#"{"Account": ["not", "a", "section"]}"#.to_vec());
/// let mut document = Document::parse(&stored)?;
/// let account = Account::new("a-user.a-tenant", "login.example");
/// assert_eq!(document.upsert(&account), Err(ChangeError::Misshapen { section: Section::Account }));
///
/// document.discard_faults();
/// assert!(document.upsert(&account).is_ok());
/// # Ok::<(), token_cache::msal::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The section is no object, so nothing can be put into it without losing what is there.
    #[error("the section {section} of the cache is not an object; discard the cache's faults to make room")]
    Misshapen {
        /// The section.
        section: Section,
    },
}

/// What became of a record that was put into a document.
///
/// # Example
///
/// ```
/// use token_cache::msal::{Account, Document, Upserted};
///
/// let mut document = Document::new();
/// let mut account = Account::new("a-user.a-tenant", "login.example");
/// assert_eq!(document.upsert(&account)?, Upserted::Added);
/// assert_eq!(document.upsert(&account)?, Upserted::Same);
/// account.username = "alex@contoso.example".into();
/// assert_eq!(document.upsert(&account)?, Upserted::Replaced);
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Upserted {
    /// There was none like it.
    Added,
    /// There was another one.
    Replaced,
    /// It was there already, to the letter.
    Same,
}

impl<'a> Document<'a> {
    /// Puts a record into the document, in the place of the one that it is a new version of.
    ///
    /// That is the record it was read as, wherever that is stored, as long as it still is of the same user, authority,
    /// application, tenant and scopes; else the record with the same key. All with that key make room for it.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Misshapen`] if what is called as the section is none.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
    ///
    /// let mut document = Document::new();
    /// let mut token = AccessToken::new("the first", "login.example", "a-client", UnixTime::from_seconds(2_000));
    /// document.upsert(&token)?;
    /// token.secret = "the second".into();
    /// document.upsert(&token)?;
    ///
    /// let found: Vec<_> = document.access_tokens(&Query::new()).collect();
    /// assert_eq!(found.len(), 1);
    /// assert_eq!(found[0].secret.expose(), "the second");
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn upsert<R: Record>(&mut self, record: &R) -> Result<Upserted, ChangeError> {
        let key = self.key_of(record);
        let value = Text::Made(rendered(|out| {
            let mut object = ObjectWriter::begin(out, 2)?;
            record.write(&mut object)?;
            object.end()
        }));
        self.put(R::SECTION, key, value)
    }

    /// The key, with its quotes, that a record belongs under.
    fn key_of<R: Record>(&self, record: &R) -> Text<'static> {
        let key = record.key();
        let origin = record.origin().key.as_ref().filter(|origin| {
            let mut entries = self.entries(R::SECTION).iter();
            entries.any(|entry| same(&entry.key, origin) && is_kept_under::<R>(&key, entry))
        });
        origin.map_or_else(|| Text::Made(rendered(|out| string(out, &key))), Text::copied)
    }

    /// Puts JSON under a key, instead of everything that is there.
    pub(super) fn put(
        &mut self,
        section: Section,
        key: Text<'static>,
        value: Text<'static>,
    ) -> Result<Upserted, ChangeError> {
        self.check_shape(section)?;
        let entries = self.section(section);
        let mut places = entries.iter().enumerate().filter(|(_, entry)| same(&entry.key, &key));
        let Some((first, entry)) = places.next() else {
            entries.push(Entry { key, value, repeated: false, deepest: usize::MAX });
            self.unchanged = None;
            return Ok(Upserted::Added);
        };
        if !entry.repeated && entry.value == value {
            return Ok(Upserted::Same);
        }
        let mut at = 0;
        entries.retain(|entry| {
            at += 1;
            at <= first + 1 || !same(&entry.key, &key)
        });
        // The key stays as it is written.
        let put = &mut entries[first];
        (put.value, put.repeated, put.deepest) = (value, false, usize::MAX);
        self.unchanged = None;
        Ok(Upserted::Replaced)
    }

    pub(super) fn check_shape(&self, section: Section) -> Result<(), ChangeError> {
        let misshapen = self.members.iter().any(|member| match member.content {
            Content::Misshapen(found, _) => found == section,
            Content::Records(..) | Content::Unknown(_) => false,
        });
        if misshapen { Err(ChangeError::Misshapen { section }) } else { Ok(()) }
    }

    /// The records of a section, which is made if there is none.
    pub(super) fn section(&mut self, section: Section) -> &mut Vec<Entry<'a>> {
        let at = self.members.iter().position(|member| member.section() == Some(section));
        let at = at.unwrap_or_else(|| {
            let name = Text::Made(rendered(|out| string(out, section.name())));
            self.members.push(Member { name, content: Content::Records(section, Vec::new()) });
            self.members.len() - 1
        });
        match &mut self.members[at].content {
            Content::Records(_, entries) => entries,
            Content::Misshapen(..) | Content::Unknown(_) => unreachable!("its shape was checked"),
        }
    }

    pub(super) fn add(&mut self, name: Text<'a>, content: Content<'a>) {
        self.members.push(Member { name, content });
        self.unchanged = None;
    }
}

/// Whether an entry can be read as a record whose key would be this one.
fn is_kept_under<R: Record>(key: &str, entry: &Entry<'_>) -> bool {
    entry.found().and_then(|found| R::read(&found)).is_ok_and(|record| record.key() == key)
}

/// Whether two names, with their quotes, mean the same.
pub(super) fn same(one: &Text<'_>, other: &Text<'_>) -> bool {
    if one == other {
        return true;
    }
    let decoded = Json::accepted(other.as_str()).string().and_then(|other| other.decode().ok());
    decoded.is_some_and(|decoded| means(one.as_str(), &decoded))
}

//! The document itself: what it holds, and how it is read.

use std::fmt;

use super::fault::Fault;
use super::fields::Fields;
use super::json::Json;
use super::parse::{self, Limits, ParseError};
use super::record::contract::{Contract as _, Found};
use super::text::Text;
use super::{
    AccessToken, Account, AppMetadata, Defect, Field, IdToken, Query, Record, RefreshToken, Section,
};
use crate::SecretBytes;

/// A cache in the schema that all MSAL libraries share.
///
/// It borrows the bytes it was read from and copies no secret out of them; what is written into it is wiped when it
/// is dropped. What it does not know, it keeps: further sections, further fields, and records that cannot be read.
///
/// # Example: within an update of a cache
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Other("an example"),
/// #     home: Some(home.path().into()),
/// #     ..Default::default()
/// # };
/// # use token_cache::TokenCachePersistenceOptions;
/// # let options = TokenCachePersistenceOptions::new().name("my_application").allow_unencrypted_storage(true);
/// # let cache = token_cache::TokenCache::builder(&options).environment(environment).open()?;
/// use std::time::{Duration, SystemTime};
///
/// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
///
/// let now = UnixTime::from(SystemTime::now());
/// cache.update(|stored| {
///     let mut document = Document::parse(stored)?;
///     let mut token =
///         AccessToken::new("a-token", "login.microsoftonline.com", "a-client", now + Duration::from_secs(3_600));
///     token.set_scopes(["https://vault.azure.net/.default"]);
///     document.upsert(&token)?;
///     Ok(document.to_bytes())
/// })?;
///
/// let stored = cache.read()?;
/// let document = Document::parse(stored.as_ref())?;
/// let query = Query::new().without_account().client("a-client").valid_at(now);
/// let token = document.access_tokens(&query).next().expect("it was stored");
/// assert_eq!(token.secret.expose(), "a-token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Document<'a> {
    /// The bytes that were read, as long as it is still what the document says.
    pub(super) unchanged: Option<&'a [u8]>,
    pub(super) members: Vec<Member<'a>>,
}

/// A member of a document.
pub(super) struct Member<'a> {
    /// The name, with its quotes.
    pub(super) name: Text<'a>,
    pub(super) content: Content<'a>,
}

/// What a member of a document is.
pub(super) enum Content<'a> {
    /// A section.
    Records(Section, Vec<Entry<'a>>),
    /// A section by its name, and no object.
    Misshapen(Section, Text<'a>),
    /// Something that this module does not know.
    Unknown(Text<'a>),
}

/// A record, not yet read.
pub(super) struct Entry<'a> {
    /// The key, with its quotes.
    pub(super) key: Text<'a>,
    pub(super) value: Text<'a>,
    /// Whether another record has the same key.
    pub(super) repeated: bool,
    /// How many arrays and objects within each other it may have.
    pub(super) deepest: usize,
}

impl<'a> Document<'a> {
    /// A document without anything in it.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Document;
    ///
    /// assert_eq!(Document::new().to_bytes().expose(), b"{}");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads what a cache holds; where nothing is stored, that is an empty document.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if the bytes are no document at all. A damaged part of a document is no error, but one of its
    /// [`faults`](Self::faults).
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::{Document, ParseError};
    ///
    /// let stored = SecretBytes::from(b"{\"AccessToken\": {}}".to_vec());
    /// assert!(Document::parse(&stored).is_ok());
    /// assert!(Document::parse(None).is_ok());
    ///
    /// let other = SecretBytes::from(b"[1, 2]".to_vec());
    /// assert_eq!(Document::parse(&other).unwrap_err(), ParseError::NotAnObject);
    /// ```
    pub fn parse(stored: impl Into<Option<&'a SecretBytes>>) -> Result<Self, ParseError> {
        match stored.into() {
            Some(stored) => Self::parse_within(stored, Limits::default()),
            None => Ok(Self::new()),
        }
    }

    /// As [`parse`](Self::parse), with other limits than those of a cache in a file.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::{Document, Limits, ParseError};
    ///
    /// let stored = SecretBytes::from(b"{}".to_vec());
    /// let limits = Limits { bytes: 1, ..Limits::default() };
    /// let error = Document::parse_within(&stored, limits).unwrap_err();
    /// assert_eq!(error, ParseError::TooLarge { bytes: 2, limit: 1 });
    /// ```
    pub fn parse_within(stored: &'a SecretBytes, limits: Limits) -> Result<Self, ParseError> {
        let bytes = stored.expose();
        Ok(Self { unchanged: Some(bytes), members: parse::members(bytes, limits)? })
    }

    /// The access tokens that meet a query, in the order of the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000)))?;
    /// assert_eq!(document.access_tokens(&Query::new().client("a-client")).count(), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn access_tokens<'d>(&'d self, query: &Query) -> impl Iterator<Item = AccessToken<'d>> {
        self.find::<AccessToken<'_>>(query)
    }

    /// The refresh tokens that meet a query, in the order of the document;
    /// [`refresh_candidates`](Self::refresh_candidates) has them in the order in which to try them.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Document, Query, RefreshToken};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&RefreshToken::new("a-token", "login.example", "a-client"))?;
    /// assert_eq!(document.refresh_tokens(&Query::new().client("a-client")).count(), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn refresh_tokens<'d>(&'d self, query: &Query) -> impl Iterator<Item = RefreshToken<'d>> {
        self.find::<RefreshToken<'_>>(query)
    }

    /// The ID tokens that meet a query, in the order of the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Document, IdToken, Query};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&IdToken::new("header.claims.signature", "login.example", "a-client"))?;
    /// assert_eq!(document.id_tokens(&Query::new().client("a-client")).count(), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn id_tokens<'d>(&'d self, query: &Query) -> impl Iterator<Item = IdToken<'d>> {
        self.find::<IdToken<'_>>(query)
    }

    /// The accounts that meet a query, in the order of the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Account, Document, Query};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&Account::new("a-user.a-tenant", "login.microsoftonline.com"))?;
    /// assert_eq!(document.accounts(&Query::new().environment("login.windows.net")).count(), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn accounts<'d>(&'d self, query: &Query) -> impl Iterator<Item = Account<'d>> {
        self.find::<Account<'_>>(query)
    }

    /// The metadata of applications that meets a query, in the order of the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AppMetadata, Document, Query};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&AppMetadata::new("login.example", "a-client"))?;
    /// assert_eq!(document.app_metadata(&Query::new().client("a-client")).count(), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn app_metadata<'d>(&'d self, query: &Query) -> impl Iterator<Item = AppMetadata<'d>> {
        self.find::<AppMetadata<'_>>(query)
    }

    /// The records of one kind that meet a query, in the order of the document. One that cannot be read meets none.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Account, Document, Query};
    ///
    /// let document = Document::new();
    /// let accounts: Vec<_> = document.find::<Account>(&Query::new()).collect();
    /// assert!(accounts.is_empty());
    /// ```
    pub fn find<'d, R: Record>(&'d self, query: &Query) -> impl Iterator<Item = R::Read<'d>> {
        self.entries(R::SECTION).iter().filter_map(|entry| entry.meets::<R>(query))
    }

    /// How many records a section has, readable or not.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::{Document, Section};
    ///
    /// let stored = SecretBytes::from(br#"{"Account": {"a-key": null}}"#.to_vec());
    /// assert_eq!(Document::parse(&stored)?.len(Section::Account), 1);
    /// # Ok::<(), token_cache::msal::ParseError>(())
    /// ```
    pub fn len(&self, section: Section) -> usize {
        self.entries(section).len()
    }

    /// Whether there is nothing in the document at all, known or not.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::Document;
    ///
    /// assert!(Document::new().is_empty());
    /// let stored = SecretBytes::from(br#"{"Later": 1}"#.to_vec());
    /// assert!(!Document::parse(&stored)?.is_empty());
    /// # Ok::<(), token_cache::msal::ParseError>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.members.iter().all(|member| match &member.content {
            Content::Records(_, entries) => entries.is_empty(),
            Content::Misshapen(..) | Content::Unknown(_) => false,
        })
    }

    /// Every part of the document that cannot be read. They are kept as they are, and meet no query.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::{Defect, Document, Query};
    ///
    /// let stored = br#"{"Account": {
    ///     "damaged": [],
    ///     "whole": {"home_account_id": "a-user.a-tenant", "environment": "login.example"}
    /// }}"#;
    /// let stored = SecretBytes::from(stored.to_vec());
    /// let document = Document::parse(&stored)?;
    /// assert_eq!(document.accounts(&Query::new()).count(), 1);
    /// assert_eq!(document.faults()[0].defect, Defect::NotAnObject);
    /// # Ok::<(), token_cache::msal::ParseError>(())
    /// ```
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for member in &self.members {
            match &member.content {
                Content::Records(section, entries) => {
                    faults.extend(entries.iter().enumerate().filter_map(|(position, entry)| {
                        let defect = entry.defect(*section)?;
                        Some(Fault { section: *section, position: Some(position), defect })
                    }));
                }
                Content::Misshapen(section, _) => {
                    let defect = Defect::NotAnObject;
                    faults.push(Fault { section: *section, position: None, defect });
                }
                Content::Unknown(_) => {}
            }
        }
        faults
    }

    pub(super) fn entries(&self, section: Section) -> &[Entry<'a>] {
        let found = self.members.iter().find_map(|member| match &member.content {
            Content::Records(found, entries) if *found == section => Some(entries.as_slice()),
            Content::Records(..) | Content::Misshapen(..) | Content::Unknown(_) => None,
        });
        found.unwrap_or_default()
    }
}

impl fmt::Debug for Document<'_> {
    /// How many records there are; nothing that was stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Document");
        for section in Section::ALL {
            debug.field(section.name(), &self.len(section));
        }
        debug.finish_non_exhaustive()
    }
}

impl Member<'_> {
    /// The section that this is by its name.
    pub(super) fn section(&self) -> Option<Section> {
        match self.content {
            Content::Records(section, _) | Content::Misshapen(section, _) => Some(section),
            Content::Unknown(_) => None,
        }
    }
}

impl Entry<'_> {
    /// Finds the fields.
    pub(super) fn found(&self) -> Result<Found<'_>, Defect> {
        let found = self.found_unless(|_, _| false)?;
        Ok(found.expect("no field was refused"))
    }

    /// The record, if this can be read as one, and as one that meets a query.
    pub(super) fn meets<R: Record>(&self, query: &Query) -> Option<R::Read<'_>> {
        // Most records are of somebody else. That shows in one of their first fields, and nothing behind it is read.
        let found =
            self.found_unless(|field, value| query.refuses(R::SECTION, field, Some(value))).ok()??;
        if query.admits(R::SECTION, &found.fields) { R::read(&found).ok() } else { None }
    }

    fn found_unless(&self, refused: impl Fn(Field, Json<'_>) -> bool) -> Result<Option<Found<'_>>, Defect> {
        if self.repeated {
            return Err(Defect::RepeatedKey);
        }
        let value = Json::accepted(self.value.as_str());
        let fields = Fields::find_unless(value, self.deepest, refused)?;
        Ok(fields.map(|fields| Found { key: self.key.as_str(), value, fields }))
    }

    /// Why this cannot be read as a record of a section.
    pub(super) fn defect(&self, section: Section) -> Option<Defect> {
        let found = match self.found() {
            Ok(found) => found,
            Err(defect) => return Some(defect),
        };
        match section {
            Section::AccessToken => AccessToken::read(&found).err(),
            Section::RefreshToken => RefreshToken::read(&found).err(),
            Section::IdToken => IdToken::read(&found).err(),
            Section::Account => Account::read(&found).err(),
            Section::AppMetadata => AppMetadata::read(&found).err(),
        }
    }
}

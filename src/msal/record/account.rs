//! Accounts of users.

use std::borrow::Cow;
use std::fmt;

use super::Unknown;
use super::contract::{Contract, Found, Origin, host, owned};
use super::key;
use crate::msal::writer::ObjectWriter;
use crate::msal::{Defect, Field, Section};

/// A user, as MSAL for Python stores one.
///
/// # Example
///
/// ```
/// use token_cache::msal::{Account, Document, Query};
///
/// let mut account = Account::new("a-user.a-tenant", "login.example");
/// account.realm = Some("a-tenant".into());
/// account.username = "alex@contoso.example".into();
///
/// let mut document = Document::new();
/// document.upsert(&account)?;
/// let found = document.accounts(&Query::new()).next().expect("somebody has signed in");
/// assert_eq!(found.username, "alex@contoso.example");
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account<'a> {
    /// The user in the home tenant.
    pub home_account_id: Cow<'a, str>,
    /// The host of the authority.
    pub environment: Cow<'a, str>,
    /// The tenant.
    pub realm: Option<Cow<'a, str>>,
    /// The user in that tenant.
    pub local_account_id: Option<Cow<'a, str>>,
    /// The name that the user signs in with; empty where nobody knows it, since the schema has no null here.
    pub username: Cow<'a, str>,
    /// The kind of authority: `MSSTS`, `ADFS`, `MSA`.
    pub authority_type: Option<Cow<'a, str>>,
    /// How the user signed in, as the grant is called.
    pub account_source: Option<Cow<'a, str>>,
    /// All other fields.
    pub unknown: Unknown<'a>,
    origin: Origin<'a>,
}

impl<'a> Account<'a> {
    /// A user of Microsoft Entra ID, of whom nothing else is known.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Account;
    ///
    /// let account = Account::new("a-user.a-tenant", "login.microsoftonline.com");
    /// assert_eq!(account.authority_type.as_deref(), Some("MSSTS"));
    /// ```
    pub fn new(home_account_id: impl Into<Cow<'a, str>>, environment: impl Into<Cow<'a, str>>) -> Self {
        Self {
            home_account_id: home_account_id.into(),
            environment: environment.into(),
            realm: None,
            local_account_id: None,
            username: Cow::Borrowed(""),
            authority_type: Some(Cow::Borrowed("MSSTS")),
            account_source: None,
            unknown: Unknown::default(),
            origin: Origin::default(),
        }
    }

    /// The same account in memory of its own, so that it may outlive the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Account;
    ///
    /// let kept: Account<'static> = Account::new("a-user.a-tenant", "login.example").into_owned();
    /// ```
    pub fn into_owned(self) -> Account<'static> {
        Account {
            home_account_id: owned(self.home_account_id),
            environment: owned(self.environment),
            realm: self.realm.map(owned),
            local_account_id: self.local_account_id.map(owned),
            username: owned(self.username),
            authority_type: self.authority_type.map(owned),
            account_source: self.account_source.map(owned),
            unknown: self.unknown.into_owned(),
            origin: self.origin.into_owned(),
        }
    }
}

impl Contract for Account<'_> {
    type Read<'a> = Account<'a>;

    const SECTION: Section = Section::Account;
    const FIELDS: &'static [Field] = &[
        Field::HomeAccountId,
        Field::Environment,
        Field::Realm,
        Field::LocalAccountId,
        Field::Username,
        Field::AuthorityType,
        Field::AccountSource,
    ];

    fn read<'a>(found: &Found<'a>) -> Result<Account<'a>, Defect> {
        let fields = &found.fields;
        Ok(Account {
            home_account_id: fields.required_text(Field::HomeAccountId)?,
            environment: fields.required_text(Field::Environment)?,
            realm: fields.text(Field::Realm)?,
            local_account_id: fields.text(Field::LocalAccountId)?,
            username: fields.text(Field::Username)?.unwrap_or_default(),
            authority_type: fields.text(Field::AuthorityType)?,
            account_source: fields.text(Field::AccountSource)?,
            unknown: Unknown::of(found, Self::FIELDS),
            origin: Origin::of(found),
        })
    }

    fn write(&self, object: &mut ObjectWriter<'_>) -> fmt::Result {
        object.text("home_account_id", &self.home_account_id)?;
        object.text("environment", &host(&self.environment))?;
        object.nullable("realm", self.realm.as_deref())?;
        object.nullable("local_account_id", self.local_account_id.as_deref())?;
        object.text("username", &self.username)?;
        object.optional("authority_type", self.authority_type.as_deref())?;
        object.optional("account_source", self.account_source.as_deref())?;
        self.unknown.write(object, Self::FIELDS)
    }

    fn key(&self) -> String {
        let realm = self.realm.as_deref().unwrap_or_default();
        key::joined(&[&self.home_account_id, &self.environment, realm])
    }

    fn origin(&self) -> &Origin<'_> {
        &self.origin
    }
}

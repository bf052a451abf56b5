//! Refresh tokens.

use std::borrow::Cow;
use std::fmt;

use super::Unknown;
use super::contract::{Contract, Found, Origin, host, owned};
use super::key;
use crate::msal::writer::ObjectWriter;
use crate::msal::{Defect, Field, Secret, Section, UnixTime};

/// A refresh token, as MSAL for Python stores it.
///
/// It is good for every tenant and every scope of its user, and if it is a family's, for every application of that
/// family. It rotates: whoever redeems one stores the one that comes back.
///
/// # Example: rotation
///
/// ```
/// use token_cache::msal::{Document, Query, RefreshToken};
///
/// let mut document = Document::new();
/// document.upsert(&RefreshToken::new("the first", "login.example", "a-client"))?;
///
/// let query = Query::new().client("a-client");
/// let mut token = document.refresh_tokens(&query).next().expect("it is there").into_owned();
/// token.secret = "the second".into();
/// document.upsert(&token)?;
///
/// let secrets: Vec<_> = document.refresh_tokens(&query).map(|token| token.secret).collect();
/// assert_eq!(secrets, ["the second".into()]);
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefreshToken<'a> {
    /// The token.
    pub secret: Secret<'a>,
    /// The user in the home tenant.
    pub home_account_id: Option<Cow<'a, str>>,
    /// The host of the authority.
    pub environment: Cow<'a, str>,
    /// The application that it was issued to.
    pub client_id: Cow<'a, str>,
    /// The scopes that it was asked for with, sorted, with a space between them.
    pub target: Cow<'a, str>,
    /// When the token was stored.
    pub last_modification_time: Option<UnixTime>,
    /// The family of applications that may use it.
    pub family_id: Option<Cow<'a, str>>,
    /// All other fields.
    pub unknown: Unknown<'a>,
    origin: Origin<'a>,
}

impl<'a> RefreshToken<'a> {
    /// A token of nobody, of no family.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::RefreshToken;
    ///
    /// let mut token = RefreshToken::new("a-token", "login.example", "a-client");
    /// token.home_account_id = Some("a-user.a-tenant".into());
    /// token.family_id = Some("1".into());
    /// ```
    pub fn new(
        secret: impl Into<Secret<'a>>,
        environment: impl Into<Cow<'a, str>>,
        client_id: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            secret: secret.into(),
            home_account_id: None,
            environment: environment.into(),
            client_id: client_id.into(),
            target: Cow::Borrowed(""),
            last_modification_time: None,
            family_id: None,
            unknown: Unknown::default(),
            origin: Origin::default(),
        }
    }

    /// Sets the scopes; their order does not matter, since the schema sorts them.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::RefreshToken;
    ///
    /// let mut token = RefreshToken::new("a-token", "login.example", "a-client");
    /// token.set_scopes(["User.Read", "Mail.Read"]);
    /// assert_eq!(token.target, "Mail.Read User.Read");
    /// ```
    pub fn set_scopes<S: AsRef<str>>(&mut self, scopes: impl IntoIterator<Item = S>) {
        self.target = Cow::Owned(super::contract::sorted(scopes));
    }

    /// The same token in memory of its own, so that it may outlive the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::RefreshToken;
    ///
    /// let token = RefreshToken::new("a-token", "login.example", "a-client");
    /// let kept: RefreshToken<'static> = token.into_owned();
    /// ```
    pub fn into_owned(self) -> RefreshToken<'static> {
        RefreshToken {
            secret: self.secret.into_owned(),
            home_account_id: self.home_account_id.map(owned),
            environment: owned(self.environment),
            client_id: owned(self.client_id),
            target: owned(self.target),
            last_modification_time: self.last_modification_time,
            family_id: self.family_id.map(owned),
            unknown: self.unknown.into_owned(),
            origin: self.origin.into_owned(),
        }
    }
}

impl Contract for RefreshToken<'_> {
    type Read<'a> = RefreshToken<'a>;

    const SECTION: Section = Section::RefreshToken;
    const FIELDS: &'static [Field] = &[
        Field::CredentialType,
        Field::Secret,
        Field::HomeAccountId,
        Field::Environment,
        Field::ClientId,
        Field::Target,
        Field::LastModificationTime,
        Field::FamilyId,
    ];

    fn read<'a>(found: &Found<'a>) -> Result<RefreshToken<'a>, Defect> {
        let fields = &found.fields;
        Ok(RefreshToken {
            secret: fields.secret()?,
            home_account_id: fields.text(Field::HomeAccountId)?,
            environment: fields.required_text(Field::Environment)?,
            client_id: fields.required_text(Field::ClientId)?,
            target: fields.text(Field::Target)?.unwrap_or_default(),
            last_modification_time: fields.time(Field::LastModificationTime)?,
            family_id: fields.text(Field::FamilyId)?,
            unknown: Unknown::of(found, Self::FIELDS),
            origin: Origin::of(found),
        })
    }

    fn write(&self, object: &mut ObjectWriter<'_>) -> fmt::Result {
        self.origin.write(object, Self::SECTION)?;
        object.text("secret", self.secret.expose())?;
        object.nullable("home_account_id", self.home_account_id.as_deref())?;
        object.text("environment", &host(&self.environment))?;
        object.text("client_id", &self.client_id)?;
        object.text("target", &self.target)?;
        object.time("last_modification_time", self.last_modification_time)?;
        object.optional("family_id", self.family_id.as_deref())?;
        self.unknown.write(object, Self::FIELDS)
    }

    fn key(&self) -> String {
        key::joined(&[
            self.home_account_id.as_deref().unwrap_or_default(),
            &self.environment,
            "RefreshToken",
            &self.client_id,
            "",
            &self.target,
        ])
    }

    fn origin(&self) -> &Origin<'_> {
        &self.origin
    }
}

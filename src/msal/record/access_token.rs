//! Access tokens.

use std::borrow::Cow;
use std::fmt;

use super::Unknown;
use super::contract::{Contract, Found, Origin, host, owned};
use super::key;
use crate::msal::writer::ObjectWriter;
use crate::msal::{Defect, Field, Secret, Section, UnixTime};

/// An access token, as MSAL for Python stores it.
///
/// # Example
///
/// ```
/// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
///
/// let now = UnixTime::from_seconds(1_700_000_000);
/// let mut token = AccessToken::new("a-token", "login.microsoftonline.com", "a-client", now + std::time::Duration::from_secs(3_600));
/// token.home_account_id = Some("a-user.a-tenant".into());
/// token.realm = Some("a-tenant".into());
/// token.cached_at = Some(now);
/// token.set_scopes(["User.Read", "Mail.Read"]);
///
/// let mut document = Document::new();
/// document.upsert(&token)?;
/// let query = Query::new().account("a-user.a-tenant").scopes(["User.Read"]).valid_at(now);
/// let found = document.access_tokens(&query).next().expect("it was stored a moment ago");
/// assert_eq!(found.secret.expose(), "a-token");
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessToken<'a> {
    /// The token.
    pub secret: Secret<'a>,
    /// The user in the home tenant; none for an application's own token.
    pub home_account_id: Option<Cow<'a, str>>,
    /// The host of the authority.
    pub environment: Cow<'a, str>,
    /// The application.
    pub client_id: Cow<'a, str>,
    /// The scopes, sorted, with a space between them; [`set_scopes`](Self::set_scopes) makes it.
    pub target: Cow<'a, str>,
    /// The tenant.
    pub realm: Option<Cow<'a, str>>,
    /// How the token is presented.
    pub token_type: Cow<'a, str>,
    /// When the token was stored.
    pub cached_at: Option<UnixTime>,
    /// Until when the token is valid.
    pub expires_on: UnixTime,
    /// Until when the token is valid while its issuer cannot be reached.
    pub extended_expires_on: Option<UnixTime>,
    /// The key that the token is bound to.
    pub key_id: Option<Cow<'a, str>>,
    /// What else the token was asked for with, hashed.
    pub ext_cache_key: Option<Cow<'a, str>>,
    /// From when on the token should be replaced, although it is valid.
    pub refresh_on: Option<UnixTime>,
    /// All other fields.
    pub unknown: Unknown<'a>,
    origin: Origin<'a>,
}

impl<'a> AccessToken<'a> {
    /// A bearer token of nobody, for no scope, in no tenant.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, UnixTime};
    ///
    /// let token = AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000));
    /// assert_eq!(token.token_type, "Bearer");
    /// ```
    pub fn new(
        secret: impl Into<Secret<'a>>,
        environment: impl Into<Cow<'a, str>>,
        client_id: impl Into<Cow<'a, str>>,
        expires_on: UnixTime,
    ) -> Self {
        Self {
            secret: secret.into(),
            home_account_id: None,
            environment: environment.into(),
            client_id: client_id.into(),
            target: Cow::Borrowed(""),
            realm: None,
            token_type: Cow::Borrowed(BEARER),
            cached_at: None,
            expires_on,
            extended_expires_on: None,
            key_id: None,
            ext_cache_key: None,
            refresh_on: None,
            unknown: Unknown::default(),
            origin: Origin::default(),
        }
    }

    /// The scopes that the token is good for.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, UnixTime};
    ///
    /// let mut token = AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000));
    /// token.set_scopes(["b", "a"]);
    /// assert_eq!(token.scopes().collect::<Vec<_>>(), ["a", "b"]);
    /// ```
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.target.split_ascii_whitespace()
    }

    /// Sets the scopes; their order does not matter, since the schema sorts them.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, UnixTime};
    ///
    /// let mut token = AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000));
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
    /// use token_cache::msal::{AccessToken, UnixTime};
    ///
    /// let token = AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000));
    /// let kept: AccessToken<'static> = token.into_owned();
    /// ```
    pub fn into_owned(self) -> AccessToken<'static> {
        AccessToken {
            secret: self.secret.into_owned(),
            home_account_id: self.home_account_id.map(owned),
            environment: owned(self.environment),
            client_id: owned(self.client_id),
            target: owned(self.target),
            realm: self.realm.map(owned),
            token_type: owned(self.token_type),
            cached_at: self.cached_at,
            expires_on: self.expires_on,
            extended_expires_on: self.extended_expires_on,
            key_id: self.key_id.map(owned),
            ext_cache_key: self.ext_cache_key.map(owned),
            refresh_on: self.refresh_on,
            unknown: self.unknown.into_owned(),
            origin: self.origin.into_owned(),
        }
    }
}

impl Contract for AccessToken<'_> {
    type Read<'a> = AccessToken<'a>;

    const SECTION: Section = Section::AccessToken;
    const FIELDS: &'static [Field] = &[
        Field::CredentialType,
        Field::Secret,
        Field::HomeAccountId,
        Field::Environment,
        Field::ClientId,
        Field::Target,
        Field::Realm,
        Field::TokenType,
        Field::CachedAt,
        Field::ExpiresOn,
        Field::ExtendedExpiresOn,
        Field::KeyId,
        Field::ExtCacheKey,
        Field::RefreshOn,
    ];

    fn read<'a>(found: &Found<'a>) -> Result<AccessToken<'a>, Defect> {
        let fields = &found.fields;
        Ok(AccessToken {
            secret: fields.secret()?,
            home_account_id: fields.text(Field::HomeAccountId)?,
            environment: fields.required_text(Field::Environment)?,
            client_id: fields.required_text(Field::ClientId)?,
            target: fields.text(Field::Target)?.unwrap_or_default(),
            realm: fields.text(Field::Realm)?,
            token_type: fields.text(Field::TokenType)?.unwrap_or(Cow::Borrowed(BEARER)),
            cached_at: fields.time(Field::CachedAt)?,
            expires_on: fields.required_time(Field::ExpiresOn)?,
            extended_expires_on: fields.time(Field::ExtendedExpiresOn)?,
            key_id: fields.text(Field::KeyId)?,
            ext_cache_key: fields.text(Field::ExtCacheKey)?,
            refresh_on: fields.time(Field::RefreshOn)?,
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
        object.nullable("realm", self.realm.as_deref())?;
        object.text("token_type", &self.token_type)?;
        object.time("cached_at", self.cached_at)?;
        object.time("expires_on", Some(self.expires_on))?;
        object.time("extended_expires_on", self.extended_expires_on)?;
        object.optional("key_id", self.key_id.as_deref())?;
        object.optional("ext_cache_key", self.ext_cache_key.as_deref())?;
        object.time("refresh_on", self.refresh_on)?;
        self.unknown.write(object, Self::FIELDS)
    }

    fn key(&self) -> String {
        let extension = self.ext_cache_key.as_deref().unwrap_or_default();
        let kind = if extension.is_empty() { "AccessToken" } else { "atext" };
        let mut parts = vec![
            self.home_account_id.as_deref().unwrap_or_default(),
            &self.environment,
            kind,
            &self.client_id,
            self.realm.as_deref().unwrap_or_default(),
            &self.target,
        ];
        parts.extend(Some(extension).filter(|extension| !extension.is_empty()));
        key::joined(&parts)
    }

    fn origin(&self) -> &Origin<'_> {
        &self.origin
    }
}

const BEARER: &str = "Bearer";

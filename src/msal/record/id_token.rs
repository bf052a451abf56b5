//! ID tokens.

use std::borrow::Cow;
use std::fmt;

use super::Unknown;
use super::contract::{Contract, Found, Origin, host, owned};
use super::key;
use crate::msal::writer::ObjectWriter;
use crate::msal::{Defect, Field, Secret, Section};

/// An ID token, as MSAL for Python stores it.
///
/// # Example
///
/// ```
/// use token_cache::msal::{Document, IdToken, Query};
///
/// let mut token = IdToken::new("header.claims.signature", "login.example", "a-client");
/// token.home_account_id = Some("a-user.a-tenant".into());
/// token.realm = Some("a-tenant".into());
///
/// let mut document = Document::new();
/// document.upsert(&token)?;
/// assert_eq!(document.id_tokens(&Query::new().tenant("a-tenant")).next(), Some(token));
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdToken<'a> {
    /// The token.
    pub secret: Secret<'a>,
    /// The user in the home tenant.
    pub home_account_id: Option<Cow<'a, str>>,
    /// The host of the authority.
    pub environment: Cow<'a, str>,
    /// The tenant.
    pub realm: Option<Cow<'a, str>>,
    /// The application.
    pub client_id: Cow<'a, str>,
    /// All other fields.
    pub unknown: Unknown<'a>,
    origin: Origin<'a>,
}

impl<'a> IdToken<'a> {
    /// A token of nobody, in no tenant.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::IdToken;
    ///
    /// let token = IdToken::new("header.claims.signature", "login.example", "a-client");
    /// assert_eq!(token.realm, None);
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
            realm: None,
            client_id: client_id.into(),
            unknown: Unknown::default(),
            origin: Origin::default(),
        }
    }

    /// The same token in memory of its own, so that it may outlive the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::IdToken;
    ///
    /// let token = IdToken::new("header.claims.signature", "login.example", "a-client");
    /// let kept: IdToken<'static> = token.into_owned();
    /// ```
    pub fn into_owned(self) -> IdToken<'static> {
        IdToken {
            secret: self.secret.into_owned(),
            home_account_id: self.home_account_id.map(owned),
            environment: owned(self.environment),
            realm: self.realm.map(owned),
            client_id: owned(self.client_id),
            unknown: self.unknown.into_owned(),
            origin: self.origin.into_owned(),
        }
    }
}

impl Contract for IdToken<'_> {
    type Read<'a> = IdToken<'a>;

    const SECTION: Section = Section::IdToken;
    const FIELDS: &'static [Field] = &[
        Field::CredentialType,
        Field::Secret,
        Field::HomeAccountId,
        Field::Environment,
        Field::Realm,
        Field::ClientId,
    ];

    fn read<'a>(found: &Found<'a>) -> Result<IdToken<'a>, Defect> {
        let fields = &found.fields;
        Ok(IdToken {
            secret: fields.secret()?,
            home_account_id: fields.text(Field::HomeAccountId)?,
            environment: fields.required_text(Field::Environment)?,
            realm: fields.text(Field::Realm)?,
            client_id: fields.required_text(Field::ClientId)?,
            unknown: Unknown::of(found, Self::FIELDS),
            origin: Origin::of(found),
        })
    }

    fn write(&self, object: &mut ObjectWriter<'_>) -> fmt::Result {
        self.origin.write(object, Self::SECTION)?;
        object.text("secret", self.secret.expose())?;
        object.nullable("home_account_id", self.home_account_id.as_deref())?;
        object.text("environment", &host(&self.environment))?;
        object.nullable("realm", self.realm.as_deref())?;
        object.text("client_id", &self.client_id)?;
        self.unknown.write(object, Self::FIELDS)
    }

    fn key(&self) -> String {
        key::joined(&[
            self.home_account_id.as_deref().unwrap_or_default(),
            &self.environment,
            "IdToken",
            &self.client_id,
            self.realm.as_deref().unwrap_or_default(),
            "",
        ])
    }

    fn origin(&self) -> &Origin<'_> {
        &self.origin
    }
}

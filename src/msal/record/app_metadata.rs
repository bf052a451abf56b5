//! What is known about applications.

use std::borrow::Cow;
use std::fmt;

use super::Unknown;
use super::contract::{Contract, Found, Origin, host, owned};
use super::key;
use crate::msal::writer::ObjectWriter;
use crate::msal::{Defect, Field, Section};

/// An application, as MSAL for Python stores one: above all, the family that it belongs to.
///
/// # Example
///
/// ```
/// use token_cache::msal::{AppMetadata, Document, Query};
///
/// let mut application = AppMetadata::new("login.example", "a-client");
/// application.family_id = Some("1".into());
///
/// let mut document = Document::new();
/// document.upsert(&application)?;
/// let members: Vec<_> = document.app_metadata(&Query::new().family("1")).collect();
/// assert_eq!(members, [application]);
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppMetadata<'a> {
    /// The application.
    pub client_id: Cow<'a, str>,
    /// The host of the authority.
    pub environment: Cow<'a, str>,
    /// The family of applications that share refresh tokens.
    pub family_id: Option<Cow<'a, str>>,
    /// All other fields.
    pub unknown: Unknown<'a>,
    origin: Origin<'a>,
}

impl<'a> AppMetadata<'a> {
    /// An application of no family.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::AppMetadata;
    ///
    /// assert_eq!(AppMetadata::new("login.example", "a-client").family_id, None);
    /// ```
    pub fn new(environment: impl Into<Cow<'a, str>>, client_id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            client_id: client_id.into(),
            environment: environment.into(),
            family_id: None,
            unknown: Unknown::default(),
            origin: Origin::default(),
        }
    }

    /// The same metadata in memory of its own, so that it may outlive the document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::AppMetadata;
    ///
    /// let kept: AppMetadata<'static> = AppMetadata::new("login.example", "a-client").into_owned();
    /// ```
    pub fn into_owned(self) -> AppMetadata<'static> {
        AppMetadata {
            client_id: owned(self.client_id),
            environment: owned(self.environment),
            family_id: self.family_id.map(owned),
            unknown: self.unknown.into_owned(),
            origin: self.origin.into_owned(),
        }
    }
}

impl Contract for AppMetadata<'_> {
    type Read<'a> = AppMetadata<'a>;

    const SECTION: Section = Section::AppMetadata;
    const FIELDS: &'static [Field] = &[Field::ClientId, Field::Environment, Field::FamilyId];

    fn read<'a>(found: &Found<'a>) -> Result<AppMetadata<'a>, Defect> {
        let fields = &found.fields;
        Ok(AppMetadata {
            client_id: fields.required_text(Field::ClientId)?,
            environment: fields.required_text(Field::Environment)?,
            family_id: fields.text(Field::FamilyId)?,
            unknown: Unknown::of(found, Self::FIELDS),
            origin: Origin::of(found),
        })
    }

    fn write(&self, object: &mut ObjectWriter<'_>) -> fmt::Result {
        object.text("client_id", &self.client_id)?;
        object.text("environment", &host(&self.environment))?;
        object.optional("family_id", self.family_id.as_deref())?;
        self.unknown.write(object, Self::FIELDS)
    }

    fn key(&self) -> String {
        key::of_application(&host(&self.environment), &self.client_id)
    }

    fn origin(&self) -> &Origin<'_> {
        &self.origin
    }
}

//! What is wrong with parts of a document that can be read otherwise.

use std::fmt;

use super::Section;

/// A part of a document that cannot be read, and is kept as it is.
///
/// It says where and why, and never what: the bytes of a damaged cache may be secrets out of place.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
/// use token_cache::msal::{Defect, Document, Field, Section};
///
/// let stored = br#"{"Account": [], "IdToken": {"a-key": {"secret": 7}}}"#.to_vec();
/// let stored = SecretBytes::from(stored);
/// let document = Document::parse(&stored)?;
///
/// let faults = document.faults();
/// assert_eq!(faults[0].section, Section::Account);
/// assert_eq!(faults[0].defect, Defect::NotAnObject);
/// assert_eq!(faults[1].to_string(), "record 0 of IdToken cannot be read: its secret is no string");
/// assert_eq!(document.to_bytes(), stored);
/// # Ok::<(), token_cache::msal::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The section.
    pub section: Section,
    /// Which record of it, counted from 0 as they are written; `None` for the section itself.
    pub position: Option<usize>,
    /// What is wrong with it.
    pub defect: Defect,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, position, defect } = self;
        match position {
            Some(position) => write!(f, "record {position} of {section} cannot be read: {defect}"),
            None => write!(f, "the section {section} cannot be read: {defect}"),
        }
    }
}

/// What is wrong with a [`Fault`].
///
/// # Example
///
/// ```
/// use token_cache::msal::{Defect, Field};
///
/// let defect = Defect::Missing { field: Field::Secret };
/// assert_eq!(defect.to_string(), "it has no secret");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Defect {
    /// Sections and records are objects; this is something else.
    NotAnObject,
    /// Another record of the section has the same key. Readers differ in which one they see, so none is used.
    RepeatedKey,
    /// The field is there twice. Readers differ in which one they see, so none is used.
    RepeatedField {
        /// The field.
        field: Field,
    },
    /// Arrays and objects are within each other more often than the [`Limits`](super::Limits) allow.
    TooDeep,
    /// The field must be there, and is not, or is null.
    Missing {
        /// The field.
        field: Field,
    },
    /// The field is no string.
    NotAString {
        /// The field.
        field: Field,
    },
    /// The field is a string that has half a surrogate pair in it.
    NotText {
        /// The field.
        field: Field,
    },
    /// The field is no whole number of seconds, neither as a number nor as a string.
    NotATime {
        /// The field.
        field: Field,
    },
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("it is no object"),
            Self::RepeatedKey => f.write_str("another one has the same key"),
            Self::RepeatedField { field } => write!(f, "it has {field} twice"),
            Self::TooDeep => f.write_str("it is nested too deep"),
            Self::Missing { field } => write!(f, "it has no {field}"),
            Self::NotAString { field } => write!(f, "its {field} is no string"),
            Self::NotText { field } => write!(f, "its {field} is no text"),
            Self::NotATime { field } => write!(f, "its {field} is no time"),
        }
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// A field of a record that this module knows.
        ///
        /// # Example
        ///
        /// ```
        /// use token_cache::msal::Field;
        ///
        /// assert_eq!(Field::HomeAccountId.name(), "home_account_id");
        /// ```
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Field {
            $($(#[$doc])* $variant,)*
        }

        impl Field {
            /// How many there are.
            pub(super) const COUNT: usize = [$($name),*].len();

            /// What the field is called in a document.
            ///
            /// # Example
            ///
            /// ```
            /// use token_cache::msal::Field;
            ///
            /// assert_eq!(Field::ExpiresOn.name(), "expires_on");
            /// ```
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The field that is called so.
            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The kind of a credential.
    CredentialType "credential_type",
    /// The token.
    Secret "secret",
    /// The user, in the tenant that is the user's home.
    HomeAccountId "home_account_id",
    /// The host of the authority.
    Environment "environment",
    /// The application.
    ClientId "client_id",
    /// The scopes.
    Target "target",
    /// The tenant.
    Realm "realm",
    /// How a token is presented.
    TokenType "token_type",
    /// When a token was stored.
    CachedAt "cached_at",
    /// Until when a token is valid.
    ExpiresOn "expires_on",
    /// Until when a token is valid while its issuer cannot be reached.
    ExtendedExpiresOn "extended_expires_on",
    /// From when on a token should be replaced, although it is valid.
    RefreshOn "refresh_on",
    /// The key that a token is bound to.
    KeyId "key_id",
    /// The same, as MSAL.NET writes it.
    Kid "kid",
    /// The same, as MSAL Go writes it.
    KeyIdGo "keyid",
    /// What else a token was asked for with, hashed.
    ExtCacheKey "ext_cache_key",
    /// The same, not hashed, as MSAL.NET writes it.
    Ext "ext",
    /// The same, not hashed, as MSAL Node writes it.
    AdditionalCacheKeyComponents "additionalCacheKeyComponents",
    /// The assertion that a token was exchanged for, hashed.
    UserAssertionHash "user_assertion_hash",
    /// The same, as MSAL Node writes it.
    UserAssertionHashNode "userAssertionHash",
    /// The claims that a token was asked for with, as MSAL Node writes them.
    RequestedClaims "requestedClaims",
    /// The same, hashed.
    RequestedClaimsHash "requestedClaimsHash",
    /// When a record was changed.
    LastModificationTime "last_modification_time",
    /// The family of applications that share refresh tokens.
    FamilyId "family_id",
    /// The user in the tenant of the record.
    LocalAccountId "local_account_id",
    /// The name that a user signs in with.
    Username "username",
    /// The kind of authority.
    AuthorityType "authority_type",
    /// How the user signed in.
    AccountSource "account_source",
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

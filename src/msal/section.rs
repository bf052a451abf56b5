//! The sections of the schema.

use std::fmt;

/// A section of a cache: one object whose members are records of one kind.
///
/// Documents may have further sections; they are kept as they are.
///
/// # Example
///
/// ```
/// use token_cache::msal::{Document, Section};
///
/// assert_eq!(Section::IdToken.name(), "IdToken");
/// assert_eq!(Document::new().len(Section::IdToken), 0);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Section {
    /// Access tokens.
    AccessToken,
    /// Refresh tokens, which may be those of a family of applications.
    RefreshToken,
    /// ID tokens.
    IdToken,
    /// Accounts of users.
    Account,
    /// What is known about applications.
    AppMetadata,
}

impl Section {
    /// Every section that this module reads.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Document, Section};
    ///
    /// let document = Document::new();
    /// assert!(Section::ALL.iter().all(|section| document.len(*section) == 0));
    /// ```
    pub const ALL: [Self; 5] =
        [Self::AccessToken, Self::RefreshToken, Self::IdToken, Self::Account, Self::AppMetadata];

    /// What the section is called in a document.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Section;
    ///
    /// let names = Section::ALL.map(Section::name);
    /// assert_eq!(names, ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"]);
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "AccessToken",
            Self::RefreshToken => "RefreshToken",
            Self::IdToken => "IdToken",
            Self::Account => "Account",
            Self::AppMetadata => "AppMetadata",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! The secret of a record.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::json::{Quoted, Unpaired};

/// A token: wiped if it is owned, redacted in `Debug`, compared in constant time, never serialised by itself.
///
/// Read from a document it borrows the document's bytes, so that reading makes no further copy of a secret.
///
/// # Example
///
/// ```
/// use token_cache::msal::Secret;
///
/// let secret = Secret::from("an-access-token".to_owned());
/// assert_eq!(format!("{secret:?}"), "Secret([REDACTED; 15])");
/// assert_eq!(secret.expose(), "an-access-token");
/// ```
#[derive(Clone)]
pub struct Secret<'a>(Inner<'a>);

#[derive(Clone)]
enum Inner<'a> {
    Borrowed(&'a str),
    Owned(Zeroizing<String>),
}

impl<'a> Secret<'a> {
    /// The token; the name can be grepped.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Secret;
    ///
    /// assert_eq!(Secret::from("a-token").expose(), "a-token");
    /// ```
    pub fn expose(&self) -> &str {
        match &self.0 {
            Inner::Borrowed(text) => text,
            Inner::Owned(text) => text,
        }
    }

    /// The same secret, in memory of its own that is wiped when it is dropped.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Secret;
    ///
    /// let kept: Secret<'static> = Secret::from("a-token").into_owned();
    /// assert_eq!(kept, Secret::from("a-token"));
    /// ```
    pub fn into_owned(self) -> Secret<'static> {
        Secret(Inner::Owned(match self.0 {
            Inner::Borrowed(text) => Zeroizing::new(text.to_owned()),
            Inner::Owned(text) => text,
        }))
    }

    pub(super) fn read(quoted: Quoted<'a>) -> Result<Self, Unpaired> {
        Ok(match quoted.decode()? {
            std::borrow::Cow::Borrowed(text) => Self(Inner::Borrowed(text)),
            std::borrow::Cow::Owned(text) => Self::from(text),
        })
    }
}

impl<'a> From<&'a str> for Secret<'a> {
    fn from(text: &'a str) -> Self {
        Self(Inner::Borrowed(text))
    }
}

impl From<String> for Secret<'_> {
    /// Takes the buffer over; its spare capacity is wiped with it.
    fn from(text: String) -> Self {
        Self(Inner::Owned(Zeroizing::new(text)))
    }
}

impl Eq for Secret<'_> {}

impl PartialEq for Secret<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret([REDACTED; {}])", self.expose().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_length_and_nothing_else() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret([REDACTED; 7])");
    }

    #[test]
    fn equality_is_about_the_text() {
        assert_eq!(Secret::from("a"), Secret::from("a".to_owned()));
        assert_ne!(Secret::from("a"), Secret::from("b"));
        assert_ne!(Secret::from("a"), Secret::from("aa"));
    }
}

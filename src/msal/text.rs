//! Text that is part of a document: borrowed where it was read, wiped where it was made.

use zeroize::Zeroizing;

/// JSON text of a document.
#[derive(Clone)]
pub(super) enum Text<'a> {
    /// As it was read.
    Read(&'a str),
    /// As it was made here, or copied from elsewhere.
    Made(Zeroizing<String>),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Read(text) => text,
            Self::Made(text) => text,
        }
    }

    /// The same text for a document that may live longer.
    pub(super) fn copied(&self) -> Text<'static> {
        Text::Made(Zeroizing::new(self.as_str().to_owned()))
    }
}

impl Eq for Text<'_> {}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

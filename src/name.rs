//! The name of a cache: what is accepted as one, and the file that it becomes.

use std::fmt;
use std::str::FromStr;

/// The name of a cache, checked by syntax alone.
///
/// A name is refused rather than repaired: two names that a repair would make equal would share one cache. The same
/// names are accepted on every operating system, so that a program does not lose its cache by moving.
///
/// # Example
///
/// ```
/// use token_cache::{CacheName, NameError, Partition};
///
/// let name: CacheName = "my_application".parse()?;
/// assert_eq!(name.as_str(), "my_application");
/// assert_eq!(name.file_name(Partition::Cae), "my_application.cae");
/// assert_eq!(CacheName::parse(CacheName::DEFAULT)?, CacheName::default());
/// assert_eq!("../escape".parse::<CacheName>(), Err(NameError::Separator));
/// # Ok::<(), NameError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CacheName(String);

impl CacheName {
    /// The name of the cache that Microsoft developer tools share (S11, S13).
    pub const DEFAULT: &'static str = "msal.cache";

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// The first rule of [`NameError`] that the name breaks.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        if name.trim().is_empty() {
            return Err(NameError::Blank);
        }
        if name.len() > LONGEST {
            return Err(NameError::TooLong { bytes: name.len(), limit: LONGEST });
        }
        if name == "." || name == ".." {
            return Err(NameError::Dots);
        }
        if name.contains(['/', '\\']) {
            return Err(NameError::Separator);
        }
        if name.contains(':') {
            return Err(NameError::Colon);
        }
        if let Some(character) = name.chars().find(|c| c.is_control()) {
            return Err(NameError::Control { code: character.into() });
        }
        if let Some(character) = name.chars().find(|c| BIDI_CONTROLS.contains(c)) {
            return Err(NameError::Bidi { code: character.into() });
        }
        if name.ends_with('.') || name.ends_with(char::is_whitespace) {
            return Err(NameError::TrailingDotOrSpace);
        }
        if is_device(name) {
            return Err(NameError::Device);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the cache's file; it also keeps the items of a keyring apart.
    pub fn file_name(&self, partition: Partition) -> String {
        format!("{self}{}", partition.suffix())
    }
}

impl Default for CacheName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl FromStr for CacheName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

impl fmt::Display for CacheName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which tokens a cache holds: those for clients with continuous access evaluation live apart (S12).
///
/// # Example: the two never share a file, nor an item
///
/// ```
/// use token_cache::{CacheName, Partition};
///
/// let name = CacheName::parse("my_application")?;
/// for partition in [Partition::NoCae, Partition::Cae] {
///     assert_eq!(name.file_name(partition), format!("my_application{}", partition.suffix()));
/// }
/// assert_ne!(Partition::NoCae.suffix(), Partition::Cae.suffix());
/// # Ok::<(), token_cache::NameError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Partition {
    /// Tokens for clients without continuous access evaluation.
    #[default]
    NoCae,
    /// Tokens for clients that handle claims challenges; they live longer and can be revoked.
    Cae,
}

impl Partition {
    /// What is appended to the cache's name, as in the SDKs for Python, .NET and Java.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::NoCae => ".nocae",
            Self::Cae => ".cae",
        }
    }
}

/// Why a name cannot be the name of a cache.
///
/// # Example: what is said of a name
///
/// ```
/// use token_cache::CacheName;
///
/// let error = CacheName::parse("../escape").expect_err("refused");
/// assert_eq!(
///     error.to_string(),
///     "it contains a path separator; a name cannot choose another folder"
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or white space only.
    #[error("it is blank; leave the name out to share the default cache")]
    Blank,
    /// A file system could not hold it together with the suffixes that are added.
    #[error("it has {bytes} bytes and at most {limit} fit into a file name with its suffixes")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The greatest length.
        limit: usize,
    },
    /// `.` or `..`.
    #[error("it names a folder, not a cache")]
    Dots,
    /// A slash or a backslash.
    #[error("it contains a path separator; a name cannot choose another folder")]
    Separator,
    /// A colon: a drive letter or an alternate data stream on Windows.
    #[error("it contains a colon, which Windows reads as a drive or a stream")]
    Colon,
    /// NUL or another control character.
    #[error("it contains the control character U+{code:04X}")]
    Control {
        /// The character.
        code: u32,
    },
    /// A character that changes the direction of the text, so that two names look alike.
    #[error("it contains the text direction control U+{code:04X}")]
    Bidi {
        /// The character.
        code: u32,
    },
    /// A dot or white space at the end: Windows drops them.
    #[error("it ends in a dot or a space, which Windows drops")]
    TrailingDotOrSpace,
    /// `CON`, `NUL`, `COM1` and the like, with or without an extension.
    #[error("it is the name of a Windows device")]
    Device,
}

/// Windows recognises a device by the part before the first dot, whatever its case and the spaces behind it.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_uppercase();
    if DEVICES.contains(&stem.as_str()) {
        return true;
    }
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    numbered.is_some_and(|number| {
        let mut characters = number.chars();
        matches!((characters.next(), characters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}

const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

/// Marks, embeddings, overrides and isolates.
const BIDI_CONTROLS: [char; 12] = [
    '\u{061C}', '\u{200E}', '\u{200F}', '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// A file name has at most 255 bytes; the longest one that is made of a name is `<name>.nocae.plaintext`.
const LONGEST: usize = 255 - ".nocae.plaintext".len();

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_name_and_its_files_are_those_of_the_python_sdk() {
        assert_eq!(CacheName::default().file_name(Partition::NoCae), "msal.cache.nocae");
        assert_eq!(CacheName::default().file_name(Partition::Cae), "msal.cache.cae");
        assert_eq!(CacheName::parse(CacheName::DEFAULT), Ok(CacheName::default()));
        assert_eq!("other".parse(), CacheName::parse("other"));
        assert_ne!("other".parse(), Ok(CacheName::default()));
    }

    #[test]
    fn each_rule_refuses_its_names() {
        let refused = [
            ("", NameError::Blank),
            (" \t", NameError::Blank),
            ("\u{3000}", NameError::Blank),
            (".", NameError::Dots),
            ("..", NameError::Dots),
            ("a/b", NameError::Separator),
            ("../a", NameError::Separator),
            ("/abs", NameError::Separator),
            ("a\\b", NameError::Separator),
            ("C:a", NameError::Colon),
            ("a:stream", NameError::Colon),
            ("a\0b", NameError::Control { code: 0 }),
            ("a\nb", NameError::Control { code: 0x0A }),
            ("a\u{85}b", NameError::Control { code: 0x85 }),
            ("a\u{202E}b", NameError::Bidi { code: 0x202E }),
            ("a.", NameError::TrailingDotOrSpace),
            ("a ", NameError::TrailingDotOrSpace),
            ("con", NameError::Device),
            ("NUL.txt", NameError::Device),
            ("Aux .b", NameError::Device),
            ("COM1", NameError::Device),
            ("lpt³.x", NameError::Device),
            ("CONIN$", NameError::Device),
        ];
        for (name, rule) in refused {
            assert_eq!(CacheName::parse(name), Err(rule), "{name:?}");
        }
    }

    #[test]
    fn names_that_only_look_dangerous_are_accepted() {
        for name in [
            "a b",
            ".hidden",
            "...a",
            "console",
            "COM10",
            "COMA",
            "é漢",
            "a.cae",
            "a.nocae.lockfile",
            "~root",
        ] {
            assert_eq!(CacheName::parse(name).expect("accepted").as_str(), name);
        }
    }

    #[test]
    fn the_longest_name_fits_with_every_suffix_and_the_next_one_is_refused() {
        let longest = "n".repeat(LONGEST);
        assert!(CacheName::parse(&longest).is_ok());
        let longer = "n".repeat(LONGEST + 1);
        let expected = NameError::TooLong { bytes: LONGEST + 1, limit: LONGEST };
        assert_eq!(CacheName::parse(&longer), Err(expected));
    }

    proptest! {
        #[test]
        fn an_accepted_name_is_one_ordinary_path_component(name in "\\PC{0,80}|[.a:/\\\\ \\x00-\\x1f]{0,6}") {
            let Ok(accepted) = CacheName::parse(&name) else { return Ok(()) };
            let file = accepted.file_name(Partition::NoCae);
            let components: Vec<_> = Path::new(&file).components().collect();
            prop_assert_eq!(components, vec![Component::Normal(file.as_ref())]);
            prop_assert!(!file.contains(['/', '\\', '\0', ':']));
            prop_assert!(file.len() <= 255);
        }

        #[test]
        fn two_names_never_share_a_file(a in "[a-c.]{1,6}", b in "[a-c.]{1,6}") {
            let (Ok(first), Ok(second)) = (CacheName::parse(&a), CacheName::parse(&b)) else { return Ok(()) };
            for left in [Partition::NoCae, Partition::Cae] {
                for right in [Partition::NoCae, Partition::Cae] {
                    let same_file = first.file_name(left) == second.file_name(right);
                    prop_assert_eq!(same_file, a == b && left == right);
                }
            }
        }
    }
}

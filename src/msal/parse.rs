//! From bytes to a document.
//!
//! The members of the document itself are walked here; their values are left to `serde_json`, which accepts or
//! refuses every byte of them and copies none. The records stay text until somebody asks for them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Section;
use super::document::{Content, Entry, Member};
use super::json::Json;
use super::text::Text;
use crate::fs::MAXIMUM_BYTES;

/// How large and how deep a document may be.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
/// use token_cache::msal::{Document, Limits, ParseError};
///
/// let stored = SecretBytes::from(br#"{"Future": [[]]}"#.to_vec());
/// let shallow = Limits { depth: 2, ..Limits::default() };
/// assert_eq!(Document::parse_within(&stored, shallow).unwrap_err(), ParseError::TooDeep { limit: 2 });
/// assert!(Document::parse(&stored).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The most bytes.
    pub bytes: usize,
    /// The most arrays and objects within each other; the document is the first. A record that is deeper is damaged;
    /// where it is not within a record, the document is refused.
    pub depth: usize,
}

impl Default for Limits {
    /// As many bytes as a cache may have in a file, and as deep as `System.Text.Json` reads, with which MSAL.NET does.
    fn default() -> Self {
        Self { bytes: usize::try_from(MAXIMUM_BYTES).unwrap_or(usize::MAX), depth: 64 }
    }
}

/// Why bytes are no cache. Nothing is read from them then, and nothing should be written over them.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
/// use token_cache::msal::{Document, ParseError};
///
/// let half = SecretBytes::from(br#"{"AccessToken": {"#.to_vec());
/// assert_eq!(Document::parse(&half).unwrap_err(), ParseError::Truncated);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is more than any cache has.
    #[error("the cache has {bytes} bytes, and at most {limit} are read; clear it to start anew")]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
        /// How many are read.
        limit: usize,
    },
    /// The bytes are no text.
    #[error("the cache is not UTF-8 from byte {at} on; clear it to start anew")]
    NotUtf8 {
        /// The first byte that is wrong.
        at: usize,
    },
    /// The text ends before the document does, as a writer leaves it that was killed.
    #[error("the cache ends too early; clear it to start anew")]
    Truncated,
    /// The text is no JSON.
    #[error("the cache is not JSON at byte {at}; clear it to start anew")]
    Syntax {
        /// Where it stops to be JSON.
        at: usize,
    },
    /// The document is JSON and no object, so it is something else than a cache.
    #[error("the cache is JSON and not an object; clear it to start anew")]
    NotAnObject,
    /// Arrays and objects are within each other more often than any cache needs.
    #[error("the cache is nested more than {limit} levels deep; clear it to start anew")]
    TooDeep {
        /// How deep is read.
        limit: usize,
    },
    /// A section is there twice. Readers differ in which one they see.
    #[error("the cache has the section {section} twice; clear it to start anew")]
    RepeatedSection {
        /// The section.
        section: Section,
    },
}

/// Splits a document into its members, and those that are sections into records.
pub(super) fn members(bytes: &[u8], limits: Limits) -> Result<Vec<Member<'_>>, ParseError> {
    if bytes.len() > limits.bytes {
        return Err(ParseError::TooLarge { bytes: bytes.len(), limit: limits.bytes });
    }
    // Whatever is handed out below was found to be text. Only a refusal needs to know about the rest.
    walk(bytes, limits).map_err(|error| match std::str::from_utf8(bytes) {
        Ok(_) => error,
        Err(error) => ParseError::NotUtf8 { at: error.valid_up_to() },
    })
}

fn walk(bytes: &[u8], limits: Limits) -> Result<Vec<Member<'_>>, ParseError> {
    let mut cursor = Cursor { bytes, at: 0, limits };
    let mut members = Vec::new();
    cursor.begin()?;
    while let Some(name) = cursor.name(members.is_empty())? {
        let section = Section::ALL.into_iter().find(|section| means(name, section.name()));
        let repeated = |member: &Member<'_>| section.is_some() && member.section() == section;
        if let (Some(section), true) = (section, members.iter().any(repeated)) {
            return Err(ParseError::RepeatedSection { section });
        }
        let content = match section {
            Some(section) if cursor.peek()? == b'{' => Content::Records(section, cursor.records()?),
            Some(section) => Content::Misshapen(section, Text::Read(cursor.raw(1)?)),
            None => Content::Unknown(Text::Read(cursor.raw(1)?)),
        };
        members.push(Member { name: Text::Read(name), content });
    }
    cursor.end()?;
    Ok(members)
}

/// Whether a name, with its quotes, means this text.
pub(super) fn means(name: &str, text: &str) -> bool {
    Json::accepted(name).string().is_some_and(|name| name.means(text))
}

/// A place in the text of a document.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: Limits,
}

impl<'a> Cursor<'a> {
    fn begin(&mut self) -> Result<(), ParseError> {
        match self.peek()? {
            b'{' if self.limits.depth == 0 => Err(ParseError::TooDeep { limit: 0 }),
            b'{' => {
                self.at += 1;
                Ok(())
            }
            // What would be a document of another kind; anything else is a syntax error where it is one.
            _ => {
                self.raw(0)?;
                self.end()?;
                Err(ParseError::NotAnObject)
            }
        }
    }

    /// The next name, with its quotes and with the cursor at its value, or `None` behind the last member.
    fn name(&mut self, first: bool) -> Result<Option<&'a str>, ParseError> {
        match self.peek()? {
            b'}' => {
                self.at += 1;
                return Ok(None);
            }
            b',' if !first => self.at += 1,
            _ if first => {}
            _ => return Err(ParseError::Syntax { at: self.at }),
        }
        if self.peek()? != b'"' {
            return Err(ParseError::Syntax { at: self.at });
        }
        let name = self.raw(1)?;
        if self.peek()? != b':' {
            return Err(ParseError::Syntax { at: self.at });
        }
        self.at += 1;
        Ok(Some(name))
    }

    fn end(&mut self) -> Result<(), ParseError> {
        match self.peek() {
            Err(_) => Ok(()),
            Ok(_) => Err(ParseError::Syntax { at: self.at }),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Result<u8, ParseError> {
        let rest = &self.bytes[self.at..];
        let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
        self.at += space;
        rest.get(space).copied().ok_or(ParseError::Truncated)
    }

    /// Any value, within so many others.
    fn raw(&mut self, within: usize) -> Result<&'a str, ParseError> {
        let value: &RawValue = self.value()?;
        self.check_depth(within, value.get())?;
        Ok(value.get())
    }

    /// The records of a section, which begins here.
    fn records(&mut self) -> Result<Vec<Entry<'a>>, ParseError> {
        let Records { mut entries, hashes } = self.value()?;
        self.check_depth(1, "{}")?;
        let deepest = self.limits.depth.saturating_sub(2);
        entries.iter_mut().for_each(|entry| entry.deepest = deepest);
        if any_equal(hashes) {
            mark_repeated(&mut entries);
        }
        Ok(entries)
    }

    fn check_depth(&self, within: usize, value: &str) -> Result<(), ParseError> {
        let limit = self.limits.depth;
        if within + Json::accepted(value).depth() > limit {
            return Err(ParseError::TooDeep { limit });
        }
        Ok(())
    }

    /// Lets `serde_json` read one value, and moves behind it.
    fn value<T: Deserialize<'a>>(&mut self) -> Result<T, ParseError> {
        let rest = &self.bytes[self.at..];
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
        match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                Ok(value)
            }
            Some(Err(error)) if !error.is_eof() => {
                let offset = offset(rest, &error);
                let is_number_cut_short = rest[offset..].iter().all(|byte| is_of_number(*byte));
                Err(if is_number_cut_short {
                    ParseError::Truncated
                } else {
                    ParseError::Syntax { at: self.at + offset }
                })
            }
            Some(Err(_)) | None => Err(ParseError::Truncated),
        }
    }
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Where an error is, which knows only its line and column. Its message is not used: it may quote the text.
fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(<[u8]>::len).sum();
    (before + error.column().saturating_sub(1)).min(text.len())
}

/// The members of a section: keys with their quotes, values as text.
struct Records<'a> {
    entries: Vec<Entry<'a>>,
    /// What each key hashes to, whatever its escapes.
    hashes: Vec<u64>,
}

impl<'a, 'de: 'a> Deserialize<'de> for Records<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordsVisitor)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the records of a section")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Records<'de>, A::Error> {
        let (mut entries, mut hashes) = (Vec::new(), Vec::new());
        // Random, so that no cache can be made to have keys that all hash to the same.
        let hasher = RandomState::new();
        // Raw on both sides: a key that is no text must not hide the other records.
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            hashes.push(hasher.hash_one(meaning(key.get())));
            let (key, value) = (Text::Read(key.get()), Text::Read(value.get()));
            entries.push(Entry { key, value, repeated: false, deepest: 0 });
        }
        Ok(Records { entries, hashes })
    }
}

/// Whether two hashes are equal; the keys of nearly every section differ, and their hashes show it.
fn any_equal(mut hashes: Vec<u64>) -> bool {
    hashes.sort_unstable();
    hashes.windows(2).any(|pair| pair[0] == pair[1])
}

/// Marks every record whose key another one has too.
fn mark_repeated(entries: &mut [Entry<'_>]) {
    let mut counts: HashMap<_, usize> = HashMap::with_capacity(entries.len());
    for entry in entries.iter() {
        *counts.entry(meaning(entry.key.as_str())).or_default() += 1;
    }
    let repeated: Vec<bool> = entries.iter().map(|entry| counts[&meaning(entry.key.as_str())] > 1).collect();
    drop(counts);
    entries.iter_mut().zip(repeated).for_each(|(entry, repeated)| entry.repeated = repeated);
}

/// What a key means, which is written with its quotes; one that is no text only means itself, and equals no other.
pub(super) fn meaning(key: &str) -> Result<Cow<'_, str>, &str> {
    Json::accepted(key).string().ok_or(key)?.decode().map_err(|_| key)
}

//! How two documents become one.

use std::collections::{HashMap, HashSet};

use super::change::{ChangeError, same};
use super::document::{Content, Document, Entry};
use super::parse::meaning;
use super::record::contract::Contract as _;
use super::{AccessToken, RefreshToken, Section, UnixTime};

impl Document<'_> {
    /// Takes over what another document has, and says how many parts that were.
    ///
    /// Of two records with the same key, the one that was stored later stays; where neither says when, the other
    /// document's, and where one does, that one. One that cannot be read never replaces another. Members that this module does not know are
    /// taken over if this document has none of that name.
    ///
    /// A document does not say what was removed from it, so this brings back what was removed from one of the two.
    /// Two processes that share a cache need no merge: each changes what is stored, in
    /// [`TokenCache::update`](crate::TokenCache::update).
    ///
    /// # Errors
    ///
    /// [`ChangeError::Misshapen`] if the other document has records for something that is called as their section,
    /// and is none.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Document, Query, RefreshToken, UnixTime};
    ///
    /// let token = |secret: &'static str, seconds| {
    ///     let mut token = RefreshToken::new(secret, "login.example", "a-client");
    ///     token.last_modification_time = Some(UnixTime::from_seconds(seconds));
    ///     token
    /// };
    /// let (mut document, mut other) = (Document::new(), Document::new());
    /// document.upsert(&token("older", 1_000))?;
    /// other.upsert(&token("newer", 2_000))?;
    ///
    /// assert_eq!(document.merge(&other)?, 1);
    /// assert_eq!(document.merge(&other)?, 0);
    /// let found: Vec<_> = document.refresh_tokens(&Query::new()).collect();
    /// assert_eq!(found[0].secret.expose(), "newer");
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn merge(&mut self, other: &Document<'_>) -> Result<usize, ChangeError> {
        // First everything that can fail, so that an error leaves the document as it was.
        for section in Section::ALL {
            if !other.entries(section).is_empty() {
                self.check_shape(section)?;
            }
        }
        let mut taken = 0;
        for member in &other.members {
            match &member.content {
                Content::Records(_, entries) if entries.is_empty() => {}
                Content::Records(section, entries) => {
                    let here = self.section(*section);
                    taken += merge_records(*section, here, entries);
                }
                Content::Misshapen(section, text) => {
                    if !self.members.iter().any(|known| known.section() == Some(*section)) {
                        self.add(member.name.copied(), Content::Misshapen(*section, text.copied()));
                        taken += 1;
                    }
                }
                Content::Unknown(text) => {
                    if !self.members.iter().any(|known| same(&known.name, &member.name)) {
                        self.add(member.name.copied(), Content::Unknown(text.copied()));
                        taken += 1;
                    }
                }
            }
        }
        if taken > 0 {
            self.unchanged = None;
        }
        Ok(taken)
    }
}

/// Takes over the records that are not here, or are older here, and says how many that were.
fn merge_records(section: Section, here: &mut Vec<Entry<'_>>, other: &[Entry<'_>]) -> usize {
    let places = places(here, other);
    let (mut taken, mut superseded) = (0, HashSet::new());
    for (entry, found) in other.iter().zip(places) {
        let Some((first, others)) = found.split_first() else {
            // One of several with the same key is as unusable here as it was there.
            let (key, value) = (entry.key.copied(), entry.value.copied());
            here.push(Entry { key, value, repeated: entry.repeated, deepest: entry.deepest });
            taken += 1;
            continue;
        };
        let stored = stored_at(section, entry);
        let is_newer = found.iter().all(|at| stored_at(section, &here[*at]) <= stored);
        if entry.defect(section).is_some() || !is_newer {
            continue;
        }
        let replaced = &mut here[*first];
        if replaced.repeated || replaced.value != entry.value {
            replaced.value = entry.value.copied();
            replaced.repeated = false;
            replaced.deepest = entry.deepest;
            superseded.extend(others.iter().copied());
            taken += 1;
        }
    }
    let mut at = 0..;
    here.retain(|_| at.next().is_none_or(|at| !superseded.contains(&at)));
    taken
}

/// Where the key of each record of another document is here.
fn places(here: &[Entry<'_>], other: &[Entry<'_>]) -> Vec<Vec<usize>> {
    let mut places: HashMap<_, Vec<usize>> = HashMap::with_capacity(here.len());
    for (at, entry) in here.iter().enumerate() {
        places.entry(meaning(entry.key.as_str())).or_default().push(at);
    }
    let places_of = |entry: &Entry<'_>| places.get(&meaning(entry.key.as_str())).cloned();
    other.iter().map(|entry| places_of(entry).unwrap_or_default()).collect()
}

/// When a record was stored, where the schema says.
fn stored_at(section: Section, entry: &Entry<'_>) -> Option<UnixTime> {
    let found = entry.found().ok()?;
    match section {
        Section::AccessToken => AccessToken::read(&found).ok()?.cached_at,
        Section::RefreshToken => RefreshToken::read(&found).ok()?.last_modification_time,
        Section::IdToken | Section::Account | Section::AppMetadata => None,
    }
}

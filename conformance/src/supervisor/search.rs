//! The search for canaries, as the witness needs it.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    case::CanaryRole,
    observation::{Encoding, Observer},
};

/// What was found.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(tag = "needle", content = "name", rename_all = "snake_case")]
pub enum Needle {
    /// The canary of a role.
    Canary(CanaryRole),
    /// The leak that was planted for an observer.
    Liveness(Observer),
}

/// What is searched for: needles with their values.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Needles(pub Vec<(Needle, String)>);

impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(needle, _)| needle)).finish()
    }
}

/// A needle, and how it was written down.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Sighting {
    /// What.
    pub(super) needle: Needle,
    /// How.
    pub(super) encoding: Encoding,
}

/// A sequence of writes whose bytes belong together: one process and one file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct StreamKey {
    /// The process; 0 for a file that is read as a whole.
    pub(super) process: u32,
    /// The device of the file.
    pub(super) device: u64,
    /// The inode of the file.
    pub(super) inode: u64,
}

/// Finds canaries.
pub(super) trait Search {
    /// What is in bytes that stand alone.
    fn whole(&self, bytes: &[u8]) -> Vec<Sighting>;
    /// What has become visible in a stream with these bytes; tails are carried along.
    fn stream(&mut self, key: StreamKey, bytes: &[u8]) -> Vec<Sighting>;
    /// What only the end of a stream shows; forgets the stream.
    fn end(&mut self, key: StreamKey) -> Vec<Sighting>;
    /// A text with canaries replaced by `{role}`.
    fn redact(&self, text: &str) -> String;
}

/// The search for a set of needles.
pub(super) fn search(needles: Needles) -> Box<dyn Search> {
    Box::new(RawSearch { needles, tails: HashMap::new() })
}

/// Finds canaries byte for byte.
struct RawSearch {
    needles: Needles,
    tails: HashMap<StreamKey, Vec<u8>>,
}

impl Search for RawSearch {
    fn whole(&self, bytes: &[u8]) -> Vec<Sighting> {
        let holds = |value: &str| {
            !value.is_empty() && bytes.windows(value.len()).any(|window| window == value.as_bytes())
        };
        self.needles
            .0
            .iter()
            .filter(|(_, value)| holds(value))
            .map(|(needle, _)| Sighting { needle: needle.clone(), encoding: Encoding::Raw })
            .collect()
    }

    fn stream(&mut self, key: StreamKey, bytes: &[u8]) -> Vec<Sighting> {
        let mut joined = self.tails.remove(&key).unwrap_or_default();
        joined.extend_from_slice(bytes);
        let found = self.whole(&joined);
        let longest = self.needles.0.iter().map(|(_, value)| value.len()).max().unwrap_or(0);
        let kept = joined.len().saturating_sub(longest.saturating_sub(1));
        joined.drain(..kept);
        if self.tails.len() >= MAX_STREAMS
            && let Some(other) = self.tails.keys().next().copied()
        {
            self.tails.remove(&other);
        }
        self.tails.insert(key, joined);
        found
    }

    fn end(&mut self, key: StreamKey) -> Vec<Sighting> {
        self.tails.remove(&key);
        Vec::new()
    }

    fn redact(&self, text: &str) -> String {
        self.needles.0.iter().filter(|(_, value)| !value.is_empty()).fold(
            text.to_owned(),
            |text, (needle, value)| {
                let name = match needle {
                    Needle::Canary(role) => format!("{{{role}}}"),
                    Needle::Liveness(observer) => format!("{{liveness of {observer}}}"),
                };
                text.replace(value, &name)
            },
        )
    }
}

const MAX_STREAMS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StreamKey = StreamKey { process: 1, device: 2, inode: 3 };

    fn searching_for(value: &str) -> Box<dyn Search> {
        search(Needles(vec![(Needle::Canary(CanaryRole("token".into())), value.into())]))
    }

    #[test]
    fn a_needle_that_is_split_over_two_pieces_is_found_once_both_are_there() {
        let mut search = searching_for("abcdef");
        assert!(search.stream(KEY, b"xxabc").is_empty());
        assert_eq!(search.stream(KEY, b"defyy").len(), 1);
        assert!(search.stream(KEY, b"zz").is_empty());
    }

    #[test]
    fn pieces_of_different_streams_do_not_join() {
        let mut search = searching_for("abcdef");
        assert!(search.stream(KEY, b"abc").is_empty());
        assert!(search.stream(StreamKey { inode: 4, ..KEY }, b"def").is_empty());
    }

    #[test]
    fn a_redacted_text_names_the_role() {
        assert_eq!(searching_for("abcdef").redact("--token=abcdef"), "--token={token}");
    }

    #[test]
    fn the_debug_form_of_needles_has_no_values() {
        let needles = Needles(vec![(Needle::Canary(CanaryRole("token".into())), "abcdef".into())]);
        assert_eq!(format!("{needles:?}"), r#"[Canary(CanaryRole("token"))]"#);
    }
}

//! Canaries in single texts and in the streams of many files, bounded.

use std::{cell::Cell, collections::HashMap};

use crate::{
    canary::{CanarySet, Hit, Needle, Scanner, StreamScanner},
    observation::Encoding,
};

/// A hit without its place: offsets within single writes say nothing about a file.
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

/// Finds the canaries of a world.
pub(super) struct Search {
    scanner: Scanner,
    streams: HashMap<StreamKey, StreamScanner>,
    exhausted: Cell<bool>,
}

impl Search {
    /// The search for a set of canaries.
    pub(super) fn new(canaries: &CanarySet) -> Self {
        Self { scanner: canaries.scanner(), streams: HashMap::new(), exhausted: Cell::new(false) }
    }

    /// What is in bytes that stand alone.
    pub(super) fn whole(&self, bytes: &[u8]) -> Vec<Sighting> {
        let search = self.scanner.search(bytes);
        if search.exhausted {
            self.exhausted.set(true);
        }
        sightings(search.hits)
    }

    /// What has become visible in a stream with these bytes; tails are carried along.
    pub(super) fn stream(&mut self, key: StreamKey, bytes: &[u8]) -> Vec<Sighting> {
        if self.streams.len() >= MAX_STREAMS && !self.streams.contains_key(&key) {
            // A canary that is split over writes to more files than this could be missed.
            self.exhausted.set(true);
            self.streams.clear();
        }
        let stream = self.streams.entry(key).or_insert_with(|| StreamScanner::new(self.scanner.clone()));
        sightings(stream.push(bytes))
    }

    /// What only the end of a stream shows; forgets the stream.
    pub(super) fn end(&mut self, key: StreamKey) -> Vec<Sighting> {
        let Some(mut stream) = self.streams.remove(&key) else { return Vec::new() };
        let hits = stream.finish();
        if stream.exhausted() {
            self.exhausted.set(true);
        }
        sightings(hits)
    }

    /// A text with canaries replaced by `{role}`.
    pub(super) fn redact(&self, text: &str) -> String {
        self.scanner.redact(text)
    }

    /// Whether something could not be searched to the end.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }
}

fn sightings(hits: Vec<Hit>) -> Vec<Sighting> {
    hits.into_iter().map(|Hit { needle, encoding, .. }| Sighting { needle, encoding }).collect()
}

const MAX_STREAMS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CanaryRole;

    const KEY: StreamKey = StreamKey { process: 1, device: 2, inode: 3 };

    fn token() -> (Search, String) {
        let role = CanaryRole("token".into());
        let canaries = CanarySet::generate([role.clone()]);
        let text = canaries.text(&role).unwrap().to_owned();
        (Search::new(&canaries), text)
    }

    #[test]
    fn a_canary_that_is_split_over_two_pieces_is_found_once_both_are_there() {
        let (mut search, text) = token();
        let (head, tail) = text.split_at(7);
        assert!(search.stream(KEY, head.as_bytes()).is_empty());
        assert_eq!(search.stream(KEY, tail.as_bytes()).len(), 1);
        assert!(search.stream(KEY, b"zz").is_empty());
    }

    #[test]
    fn pieces_of_different_streams_do_not_join() {
        let (mut search, text) = token();
        let (head, tail) = text.split_at(7);
        assert!(search.stream(KEY, head.as_bytes()).is_empty());
        assert!(search.stream(StreamKey { inode: 4, ..KEY }, tail.as_bytes()).is_empty());
    }

    #[test]
    fn a_redacted_text_names_the_role() {
        let (search, text) = token();
        assert_eq!(search.redact(&format!("--token={text}")), "--token={token}");
    }

    #[test]
    fn more_streams_than_can_be_kept_are_a_loss() {
        let (mut search, _text) = token();
        for inode in 0..=MAX_STREAMS as u64 {
            assert!(!search.is_exhausted());
            search.stream(StreamKey { inode, ..KEY }, b"x");
        }
        assert!(search.is_exhausted());
    }
}

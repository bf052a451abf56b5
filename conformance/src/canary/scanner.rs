//! The search for every canary of a set, however it was written down.

use std::{collections::BTreeSet, fmt, sync::Arc};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{
    CanarySet, Hit, Needle,
    decode::{self, Container, Escape},
    pattern::{self, Form},
};
use crate::observation::Encoding;

/// Finds every canary of a set in bytes. Cheap to clone.
///
/// One pass finds what is raw, reversed, UTF-16, hexadecimal and base64 at any alignment. Where the bytes hold white
/// space, escapes, long runs of base64 or headers of gzip or zlib, what these decode to is searched in the same way,
/// two layers deep. Work and memory are bounded whatever the bytes are; [`Search::exhausted`] says when the bound
/// was reached.
#[derive(Clone)]
pub struct Scanner {
    inner: Arc<Inner>,
}

struct Inner {
    automaton: AhoCorasick,
    /// What each pattern of the automaton means.
    patterns: Vec<(Needle, Form)>,
}

/// The result of a search.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Search {
    /// What was found, each needle once per encoding.
    pub hits: Vec<Hit>,
    /// Whether decoding came to its bound, so that not finding something says nothing.
    pub exhausted: bool,
}

impl Scanner {
    pub(super) fn new(set: &CanarySet) -> Self {
        let roles = set.role_entries().map(|(role, text)| (Needle::Canary(role.clone()), text));
        let liveness = set.liveness_entries().map(|(observer, text)| (Needle::Liveness(observer), text));
        let mut patterns = Vec::new();
        let mut texts = Vec::new();
        for (needle, canary) in roles.chain(liveness) {
            for (form, text) in pattern::forms(canary) {
                patterns.push((needle.clone(), form));
                texts.push(text);
            }
        }
        // Every session makes one and searches little with it: a table that is faster to search takes longer to make
        // than all its searches take.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(texts)
            .expect("a few hundred short patterns fit an automaton");
        Self { inner: Arc::new(Inner { automaton, patterns }) }
    }

    /// What is found in the bytes, each needle once per encoding.
    pub fn scan(&self, data: &[u8]) -> Vec<Hit> {
        self.search(data).hits
    }

    /// What is found in the bytes, and whether everything could be searched.
    pub fn search(&self, data: &[u8]) -> Search {
        let allowance = data.len().saturating_mul(ALLOWANCE_PER_BYTE).saturating_add(ALLOWANCE);
        let mut run = Run { inner: &self.inner, seen: BTreeSet::new(), allowance, search: Search::default() };
        run.layer(data, Outer { encoding: None, source: &|offset| offset }, DEPTH);
        run.search
    }

    /// The text with every canary that stands in it replaced by `{role}`, or by `{role as base64}` and the like.
    ///
    /// Forms that only decoding shows stay; texts that may hold those are not to be shown.
    pub fn redact(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut rest = 0;
        for found in self.inner.automaton.find_iter(text) {
            redacted.push_str(&text[rest..found.start()]);
            let (needle, form) = &self.inner.patterns[found.pattern().as_usize()];
            match form {
                Form::Certain(Encoding::Raw) => redacted.push_str(&format!("{{{needle}}}")),
                Form::Certain(encoding) => redacted.push_str(&format!("{{{needle} as {encoding}}}")),
                Form::Utf16 => redacted.push_str(&format!("{{{needle} as UTF-16}}")),
            }
            rest = found.end();
        }
        redacted.push_str(&text[rest..]);
        redacted
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needles: BTreeSet<String> =
            self.inner.patterns.iter().map(|(needle, _)| needle.to_string()).collect();
        f.debug_tuple("Scanner").field(&needles).finish()
    }
}

/// What a layer was decoded from.
#[derive(Clone, Copy)]
struct Outer<'a> {
    /// The outermost form, or `None` for the bytes that were given.
    encoding: Option<Encoding>,
    /// Where in the bytes that were given a byte of the layer comes from, or the form that it is in.
    source: &'a dyn Fn(usize) -> usize,
}

/// One search.
struct Run<'a> {
    inner: &'a Inner,
    seen: BTreeSet<(Needle, Encoding)>,
    /// How many bytes may still be decoded.
    allowance: usize,
    search: Search,
}

impl Run<'_> {
    /// Searches bytes and everything that they decode to in at most `depth` further layers.
    fn layer(&mut self, data: &[u8], outer: Outer<'_>, depth: usize) {
        self.undecoded(data, outer);
        for (offset, text) in decode::stretches(data) {
            self.stretch(text, Outer { source: &|index| (outer.source)(offset + index), ..outer }, depth);
        }
        if depth == 0 {
            return;
        }
        self.unescaped(data, outer, &decode::PERCENT, depth);
        self.unescaped(data, outer, &decode::JSON, depth);
        self.containers(data, outer, depth);
    }

    fn undecoded(&mut self, data: &[u8], outer: Outer<'_>) {
        for found in self.inner.automaton.find_iter(data) {
            let (needle, form) = &self.inner.patterns[found.pattern().as_usize()];
            let encoding = outer.encoding.unwrap_or_else(|| match form {
                Form::Certain(encoding) => *encoding,
                Form::Utf16 => pattern::byte_order(data, found.start(), found.end()),
            });
            if self.seen.insert((needle.clone(), encoding)) {
                let offset = (outer.source)(found.start()) as u64;
                self.search.hits.push(Hit { needle: needle.clone(), encoding, offset });
            }
        }
    }

    /// A stretch as it stands, and without its white space.
    ///
    /// Leaving out white space is no layer of its own: base64 is usually broken into lines.
    fn stretch(&mut self, text: &[u8], outer: Outer<'_>, depth: usize) {
        self.base64(text, outer, depth);
        if !text.iter().any(|byte| decode::is_white_space(*byte)) || !self.take(text.len()) {
            return;
        }
        let joined: Vec<u8> = decode::without_white_space(text).map(|(_, byte)| byte).collect();
        let source = |index| source_of(decode::without_white_space(text), index, outer);
        let outer = Outer { source: &source, ..outer };
        self.undecoded(&joined, outer);
        self.base64(&joined, outer, depth);
    }

    fn base64(&mut self, text: &[u8], outer: Outer<'_>, depth: usize) {
        if depth == 0 {
            return;
        }
        for (offset, decoded) in decode::base64_runs(text) {
            if !self.take(decoded.len()) {
                return;
            }
            let encoding = outer.encoding.or(Some(Encoding::Base64));
            self.layer(&decoded, Outer { encoding, source: &|_| (outer.source)(offset) }, depth - 1);
        }
    }

    fn unescaped(&mut self, data: &[u8], outer: Outer<'_>, escape: &Escape, depth: usize) {
        for (offset, escaped) in escape.neighbourhoods(data) {
            if !self.take(escaped.len()) {
                return;
            }
            let decoded: Vec<u8> = escape.decode(escaped).map(|(_, byte)| byte).collect();
            let within = Outer { source: &|index| (outer.source)(offset + index), ..outer };
            let source = |index| source_of(escape.decode(escaped), index, within);
            let encoding = outer.encoding.or(Some(escape.encoding));
            self.layer(&decoded, Outer { encoding, source: &source }, depth - 1);
        }
    }

    fn containers(&mut self, data: &[u8], outer: Outer<'_>, depth: usize) {
        let mut offset = 0;
        while offset < data.len() {
            let Some(container) = Container::at(&data[offset..]) else {
                offset += 1;
                continue;
            };
            if !self.take(COST_OF_CONTAINER) {
                return;
            }
            let inflated = container.inflate(self.allowance);
            self.search.exhausted |= inflated.cut;
            self.allowance = self.allowance.saturating_sub(inflated.bytes.len());
            let encoding = outer.encoding.or(Some(container.encoding));
            let begin = Outer { encoding, source: &|_| (outer.source)(offset) };
            match inflated.consumed {
                Some(consumed) => {
                    self.layer(&inflated.bytes, begin, depth - 1);
                    offset += consumed;
                }
                // Most of these never were a stream: they are not worth further layers.
                None => {
                    self.layer(&inflated.bytes, begin, 0);
                    offset += 1;
                }
            }
        }
    }

    /// Takes bytes from the allowance, or notes that it does not suffice.
    fn take(&mut self, bytes: usize) -> bool {
        match self.allowance.checked_sub(bytes) {
            Some(rest) => {
                self.allowance = rest;
                true
            }
            None => {
                self.search.exhausted = true;
                false
            }
        }
    }
}

/// The place of a decoded byte, found by decoding once more: hits are rare, and nothing need be remembered for them.
fn source_of(mut decoded: impl Iterator<Item = (usize, u8)>, index: usize, outer: Outer<'_>) -> usize {
    let (offset, _) = decoded.nth(index).expect("a hit lies within what was decoded");
    (outer.source)(offset)
}

/// How many layers are decoded: base64 of gzip is two.
const DEPTH: usize = 2;

/// How many bytes a search may decode, beside [`ALLOWANCE_PER_BYTE`] for each byte that it is given.
const ALLOWANCE: usize = 16 * 1024 * 1024;
const ALLOWANCE_PER_BYTE: usize = 8;

/// What an attempt to inflate costs even when it fails at once: two bytes that look like a header are cheap to write.
const COST_OF_CONTAINER: usize = 1024;

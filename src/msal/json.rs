//! The text of a JSON value that the parse has accepted, read in place.
//!
//! The grammar is checked once, by `serde_json`. What is here only finds its way through text that has passed: it
//! needs no second parser, copies nothing, and leaves no copy of a secret in a buffer that nobody wipes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::mem;

use memchr::{memchr, memchr2};
use zeroize::Zeroizing;

/// The text of one valid JSON value, without white space around it.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Text that was accepted by the parse, or made by the writer.
    pub(super) const fn accepted(text: &'a str) -> Self {
        Self(text)
    }

    pub(super) const fn text(self) -> &'a str {
        self.0
    }

    pub(super) fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(super) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// The string that this is, if it is one.
    pub(super) fn string(self) -> Option<Quoted<'a>> {
        self.0.starts_with('"').then_some(Quoted(self.0))
    }

    /// Whether this is a string that means `text`.
    pub(super) fn means(self, text: &str) -> bool {
        self.string().is_some_and(|quoted| quoted.means(text))
    }

    /// As [`means`](Self::means), whatever letters of ASCII are capitals.
    pub(super) fn means_ignoring_case(self, text: &str) -> bool {
        self.string().is_some_and(|quoted| quoted.means_ignoring_case(text))
    }

    /// The members of an object in order; nothing else has any.
    pub(super) fn members(self) -> Members<'a> {
        Members(self.0.strip_prefix('{').unwrap_or_default())
    }

    /// How many arrays and objects are within each other at most.
    pub(super) fn depth(self) -> usize {
        let bytes = self.0.as_bytes();
        // Nearly every field is a string.
        if !matches!(bytes.first(), Some(b'{' | b'[')) {
            return 0;
        }
        let (mut depth, mut deepest, mut at) = (0_usize, 0, 0);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => at = closing_quote(bytes, at + 1),
                _ => {}
            }
            at += 1;
        }
        deepest
    }
}

/// A string, with its quotes and escapes.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'a>(&'a str);

impl<'a> Quoted<'a> {
    pub(super) const fn with_quotes(self) -> &'a str {
        self.0
    }

    /// What stands between the quotes.
    pub(super) fn escaped(self) -> &'a str {
        self.0.get(1..self.0.len() - 1).unwrap_or_default()
    }

    /// The string that is meant; only one with escapes needs a copy.
    pub(super) fn decode(self) -> Result<Cow<'a, str>, Unpaired> {
        let escaped = self.escaped();
        if memchr(b'\\', escaped.as_bytes()).is_none() {
            return Ok(Cow::Borrowed(escaped));
        }
        // No escape is shorter than what it stands for, so the buffer never grows and leaves no copy behind.
        let mut decoded = Zeroizing::new(String::with_capacity(escaped.len()));
        decode(escaped, &mut decoded)?;
        Ok(Cow::Owned(mem::take(&mut *decoded)))
    }

    /// Whether the string that is meant is this one.
    pub(super) fn means(self, text: &str) -> bool {
        self.is_meant(text, |one, other| one == other)
    }

    /// As [`means`](Self::means), whatever letters of ASCII are capitals.
    pub(super) fn means_ignoring_case(self, text: &str) -> bool {
        self.is_meant(text, str::eq_ignore_ascii_case)
    }

    fn is_meant(self, text: &str, equals: fn(&str, &str) -> bool) -> bool {
        let escaped = self.escaped();
        match escaped.len().cmp(&text.len()) {
            Ordering::Less => false,
            // An escape is longer than what it stands for: with one, less would be meant.
            Ordering::Equal => equals(escaped, text) && memchr(b'\\', escaped.as_bytes()).is_none(),
            Ordering::Greater => self.decode().is_ok_and(|decoded| equals(&decoded, text)),
        }
    }
}

fn decode(mut rest: &str, decoded: &mut String) -> Result<(), Unpaired> {
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        let mut escape = rest[at + 1..].chars();
        match escape.next() {
            Some('b') => decoded.push('\u{08}'),
            Some('f') => decoded.push('\u{0C}'),
            Some('n') => decoded.push('\n'),
            Some('r') => decoded.push('\r'),
            Some('t') => decoded.push('\t'),
            Some('u') => {
                rest = code_point(escape.as_str(), decoded)?;
                continue;
            }
            Some(itself) => decoded.push(itself),
            None => {}
        }
        rest = escape.as_str();
    }
    decoded.push_str(rest);
    Ok(())
}

/// Half of a surrogate pair, without the other: JSON can write it, and it is no text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unpaired;

/// Decodes what follows `\u`, and returns what follows that.
fn code_point<'a>(escape: &'a str, decoded: &mut String) -> Result<&'a str, Unpaired> {
    let (first, rest) = unit(escape).ok_or(Unpaired)?;
    if let Some(character) = char::from_u32(first) {
        decoded.push(character);
        return Ok(rest);
    }
    let (second, rest) = rest.strip_prefix("\\u").and_then(unit).ok_or(Unpaired)?;
    if !(0xD800..0xDC00).contains(&first) || !(0xDC00..0xE000).contains(&second) {
        return Err(Unpaired);
    }
    let pair = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    decoded.push(char::from_u32(pair).ok_or(Unpaired)?);
    Ok(rest)
}

/// One unit of UTF-16 in four digits.
fn unit(escape: &str) -> Option<(u32, &str)> {
    let (digits, rest) = escape.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

/// The members of an object that are yet to come.
pub(super) struct Members<'a>(&'a str);

impl<'a> Iterator for Members<'a> {
    /// The name and the value.
    type Item = (Quoted<'a>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0.as_bytes();
        // Between two members, and behind the last, there is nothing that has a quote in it.
        let name = memchr(b'"', bytes)?;
        let name_end = closing_quote(bytes, name + 1) + 1;
        let colon = match bytes.get(name_end)? {
            b':' => name_end,
            _ => name_end + memchr(b':', bytes.get(name_end..)?)?,
        };
        let value = colon + 1 + bytes.get(colon + 1..)?.iter().position(|byte| !is_space(*byte))?;
        let value_end = match bytes.get(value)? {
            b'"' => closing_quote(bytes, value + 1) + 1,
            b'{' | b'[' => closing_bracket(bytes, value) + 1,
            _ => value + bytes.get(value..)?.iter().position(|byte| ends_scalar(*byte))?,
        };
        let member = (Quoted(self.0.get(name..name_end)?), Json(self.0.get(value..value_end)?));
        self.0 = self.0.get(value_end..)?;
        Some(member)
    }
}

/// Where the string that begins at `at`, behind its quote, is closed.
fn closing_quote(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at;
        }
        // What is escaped is no quote.
        at += 2;
    }
    bytes.len()
}

/// Where the array or object that begins at `at` is closed.
fn closing_bracket(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return at,
            b'}' | b']' => depth -= 1,
            b'"' => at = closing_quote(bytes, at + 1),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

const fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']') || is_space(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_name_that_is_escaped_means_the_same() {
        let escaped = Json::accepted(r#""secr\u0065t""#).string().expect("it is a string");
        assert!(escaped.means("secret"));
        assert!(!escaped.means("secrets"));
        assert!(!escaped.means(r"secr\u0065t"));
    }

    #[test]
    fn white_space_may_be_wherever_json_allows_it() {
        let text = "{ \"a\" \t:\r\n [ ] ,\n\"b\"   : 7 , \"c\" :\"d\" }";
        let found: Vec<_> =
            Json::accepted(text).members().map(|(name, value)| (name.escaped(), value.text())).collect();
        assert_eq!(found, [("a", "[ ]"), ("b", "7"), ("c", "\"d\"")]);
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        for broken in [r"\ud83d", r"\ude00", r"\ud83dx", r"\ud83d\n", r"\ud83d\ud83d", r"\ude00\ud83d"] {
            assert_eq!(Quoted(&format!("\"{broken}\"")).decode(), Err(Unpaired), "{broken}");
        }
        assert_eq!(Quoted(r#""\ud83d\ude00""#).decode(), Ok(Cow::Borrowed("\u{1F600}")));
    }

    #[test]
    fn what_looks_like_a_bracket_in_a_string_is_none() {
        assert_eq!(Json::accepted(r#"{"a": "[[{", "b": [{}]}"#).depth(), 3);
        assert_eq!(Json::accepted(r#"{"a": "\"[[{"}"#).depth(), 1);
        assert_eq!(Json::accepted("[]").depth(), 1);
        assert_eq!(Json::accepted("7").depth(), 0);
    }

    proptest! {
        /// Every member is found where the real parser finds it, whatever the values are.
        #[test]
        fn members_are_those_that_the_parser_finds(value in object(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("a value can be written");
            let found: serde_json::Map<String, Value> = Json::accepted(&text)
                .members()
                .map(|(name, value)| {
                    let name = name.decode().expect("it was written from text").into_owned();
                    (name, serde_json::from_str(value.text()).expect("it is one whole value"))
                })
                .collect();
            prop_assert_eq!(&Value::Object(found), &value);
            prop_assert_eq!(Json::accepted(&text).depth(), depth(&value));
        }

        #[test]
        fn a_string_is_decoded_as_the_parser_decodes_it(text in any::<String>()) {
            let written = serde_json::to_string(&text).expect("text can be written");
            let quoted = Json::accepted(&written).string().expect("it is a string");
            prop_assert_eq!(&quoted.decode().expect("it was written from text"), &text);
            prop_assert!(quoted.means(&text));
        }
    }

    fn object() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\[\\]{}:,\"\\\\ ]{0,6}".prop_map(Value::from),
        ];
        let value = scalar.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        prop::collection::hash_map("[a-c\"\\\\{]{0,4}", value, 0..6)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
            Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }
}

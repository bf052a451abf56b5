use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::stored;
use crate::SecretBytes;
use crate::msal::{Defect, Document, Limits, ParseError, Query, Section};

fn error(text: &str) -> ParseError {
    Document::parse(&stored(text)).expect_err(text)
}

#[test]
fn text_that_ends_too_early_is_told_from_text_that_is_wrong() {
    let whole = r#"{"AccessToken": {"a-key": {"secret": "a\"b", "n": [1, true]}}, "Later": -1.5e3}"#;
    assert!(Document::parse(&stored(whole)).is_ok());
    for end in 0..whole.len() {
        assert_eq!(error(&whole[..end]), ParseError::Truncated, "{end} of {} bytes", whole.len());
    }
}

#[test]
fn an_error_says_at_which_byte_the_text_stops_to_be_json() {
    for (text, at) in [
        ("{'a': 1}", 1),
        (r#"{"a" 1}"#, 5),
        (r#"{"a": 1 "b": 2}"#, 8),
        (r#"{,"a": 1}"#, 1),
        (r#"{"a": 1,}"#, 8),
        (r#"{"a": 1}}"#, 8),
        (r#"{"a": 1} {"b": 2}"#, 9),
        ("\u{FEFF}{}", 0),
        ("{\n\"a\":\nx}", 7),
        ("{\"é\":\n x}", 8),
        (r#"{"AccessToken": {"k": {]}}"#, 23),
    ] {
        assert_eq!(error(text), ParseError::Syntax { at }, "{text:?}");
    }
}

#[test]
fn json_that_is_no_object_is_no_cache() {
    for text in ["[]", "null", "\"text\"", "7", " [{\"AccessToken\": {}}] "] {
        assert_eq!(error(text), ParseError::NotAnObject, "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_no_cache() {
    for (bytes, at) in [
        (&b"{\"a\": \"\xFF\"}"[..], 7),
        (b"{\"\xFF\": 1}", 2),
        (b"{\"AccessToken\": {\"\xFF\": 1}}", 18),
        (b"{\"AccessToken\": {\"k\": {\"secret\": \"\xC3\"}}}", 34),
        (b"{}\xFF", 2),
        (b"{\"a\": x \xFF", 8),
        (b"\xFF\xFE{\0}\0", 0),
    ] {
        let error = Document::parse(&SecretBytes::from(bytes.to_vec())).expect_err("it is no text");
        assert_eq!(error, ParseError::NotUtf8 { at }, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_section_that_is_there_twice_is_refused_however_it_is_escaped() {
    let text = r#"{"Account": {}, "Acc\u006funt": {}}"#;
    assert_eq!(error(text), ParseError::RepeatedSection { section: Section::Account });
    // What this module does not know, it does not judge.
    assert!(Document::parse(&stored(r#"{"Later": 1, "Later": 2}"#)).is_ok());
}

#[test]
fn a_document_is_empty_as_long_as_nothing_is_in_it_whatever_that_is() {
    for (text, is_empty) in [
        ("{}", true),
        (r#"{"Account": {}}"#, true),
        (r#"{"Account": {"a-key": null}}"#, false),
        (r#"{"Account": 7}"#, false),
        (r#"{"Later": {}}"#, false),
    ] {
        let stored = stored(text);
        assert_eq!(Document::parse(&stored).expect("it is a document").is_empty(), is_empty, "{text}");
    }
}

#[test]
fn the_limit_of_size_is_the_last_size_that_is_read() {
    let text = stored("{  }");
    let limits = |bytes| Limits { bytes, ..Limits::default() };
    assert!(Document::parse_within(&text, limits(4)).is_ok());
    let error = Document::parse_within(&text, limits(3)).expect_err("it is longer");
    assert_eq!(error, ParseError::TooLarge { bytes: 4, limit: 3 });
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn a_document_that_is_too_deep_outside_of_its_records_is_refused() {
    let limit = Limits::default().depth;
    for before in [r#"{"Later": "#, r#"{"Account": "#] {
        let text = |levels| format!("{before}{}}}", nested(levels));
        assert!(Document::parse(&stored(&text(limit - 1))).is_ok(), "{before}");
        assert_eq!(error(&text(limit)), ParseError::TooDeep { limit }, "{before}");
    }
    assert_eq!(error(&nested(limit + 1)), ParseError::TooDeep { limit });
}

#[test]
fn a_record_that_is_too_deep_is_damaged_and_hides_no_other() {
    let whole = r#""home_account_id": "u.t", "environment": "e""#;
    let limit = Limits::default().depth;
    for field in ["later", "realm", r"\u0061"] {
        let text = |levels| {
            let deep = nested(levels);
            stored(&format!(
                r#"{{"Account": {{"deep": {{{whole}, "{field}": {deep}}}, "whole": {{{whole}}}}}}}"#
            ))
        };
        let (most, more) = (text(limit - 3), text(limit - 2));
        let most = Document::parse(&most).expect("it is a document");
        assert!(most.faults().iter().all(|fault| fault.defect != Defect::TooDeep), "{field}");
        let more = Document::parse(&more).expect("it is a document");
        let defects: Vec<_> = more.faults().iter().map(|fault| (fault.position, fault.defect)).collect();
        assert_eq!(defects, [(Some(0), Defect::TooDeep)], "{field}");
        assert_eq!(more.accounts(&Query::new()).count(), 1, "{field}");
    }
}

#[test]
fn depth_that_would_exhaust_a_stack_is_an_error() {
    let text = format!("{{\"Account\": {{\"k\": {}", "[".repeat(4_000_000));
    assert_eq!(error(&text), ParseError::Truncated);
    let text = format!(r#"{{"a": {}{}}}"#, "{\"a\":[".repeat(1_000_000), "]}".repeat(1_000_000));
    assert_eq!(error(&text), ParseError::TooDeep { limit: 64 });
}

#[test]
fn limits_of_nothing_admit_nothing() {
    let limits = Limits { depth: 0, ..Limits::default() };
    let error = Document::parse_within(&stored("{}"), limits).expect_err("it is one deep");
    assert_eq!(error, ParseError::TooDeep { limit: 0 });
    let limits = Limits { depth: 1, ..Limits::default() };
    assert!(Document::parse_within(&stored("{}"), limits).is_ok());
    let error = Document::parse_within(&stored(r#"{"Account": {}}"#), limits).expect_err("it is two deep");
    assert_eq!(error, ParseError::TooDeep { limit: 1 });
    let limits = Limits { depth: 2, ..Limits::default() };
    let text = stored(r#"{"Account": {"k": {}}}"#);
    let document = Document::parse_within(&text, limits).expect("only its record is too deep");
    assert_eq!(document.faults()[0].defect, Defect::TooDeep);
}

#[test]
fn an_error_holds_nothing_of_the_text() {
    let text = r#"{"AccessToken": {"k": {"secret": "hunter2" hunter2}}}"#;
    let error = error(text);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(error.to_string(), "the cache is not JSON at byte 43; clear it to start anew");
}

proptest! {
    /// Exactly what `serde_json` takes for an object is a document, whatever the damage to one that was whole.
    #[test]
    fn a_document_is_what_the_parser_of_everybody_else_accepts(
        at in 0..WHOLE.len(),
        with in prop_oneof![Just(""), Just("\""), Just("{"), Just("}"), Just("]"), Just("\\"), Just(","), Just("0"), Just("\u{1}")],
        drop in 0_usize..3,
    ) {
        let end = (at + drop).min(WHOLE.len());
        let text = format!("{}{with}{}", &WHOLE[..at], &WHOLE[end..]);
        let accepted = serde_json::from_str::<IgnoredAny>(&text).is_ok() && text.starts_with('{');
        let text = stored(&text);
        let parsed = Document::parse(&text);
        prop_assert_eq!(parsed.is_ok(), accepted, "{:?}", parsed.err());
    }

    #[test]
    fn bytes_that_are_no_text_are_found_wherever_they_are(at in 0..WHOLE.len(), byte in 0x80_u8..) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        bytes[at] = byte;
        let error = Document::parse(&SecretBytes::from(bytes)).expect_err("one byte above ASCII is no text");
        prop_assert_eq!(error, ParseError::NotUtf8 { at });
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = SecretBytes::from(bytes);
        if let Ok(document) = Document::parse(&bytes) {
            document.faults();
        }
    }
}

const WHOLE: &str = r#"{"AccessToken": {"a-key": {"secret": "a\"\\b", "later": [1.5, {"a": null}]}, "b": {}}, "Later": [{}, -1]}"#;

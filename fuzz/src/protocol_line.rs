//! Protocol lines: what is decoded says what was sent, and what cannot be decoded is not repeated.

use sealcheck::protocol::{LineError, RequestKind, Tag, decode_reply, decode_request, unknown_request};
use serde_json::Value;

use crate::{Seeds, seeds, text};

/// The kind of a request, and a line without its tag.
pub fn check(bytes: &[u8]) {
    let mut line = bytes;
    let kind = KINDS[usize::from(text::byte(&mut line)) % KINDS.len()];
    let sent = serde_json::from_slice::<Value>(line).ok();
    // The harness counts in whole numbers; others may lose their last digit on the way.
    if sent.as_ref().and_then(|sent| sent.get("seq")).is_some_and(holds_fraction) {
        return;
    }
    request(line, sent.as_ref());
    reply(line, kind, sent.as_ref());
}

/// Requests and replies of every kind, as the recordings have them.
pub fn seeds() -> Seeds {
    let mut lines = Vec::new();
    for recording in seeds::files("fixtures/recordings", &[".rec.json"]) {
        let recording: Value = serde_json::from_slice(&recording).expect("a recording is JSON");
        exchanges(&recording, &mut lines);
    }
    let replies = [
        (0, r#"{"seq":1,"request":"hello","protocol":[1],"harness":"sealcheck 0.1.0","log":"default"}"#),
        (
            1,
            r#"{"seq":1,"request":"open","store":"a","options":{"name":"n"},"interaction":"never","deadline_ms":5}"#,
        ),
        (2, r#"{"seq":1,"request":"put","store":"a","partition":"nocae","value":"c2M="}"#),
        (3, r#"{"seq":1,"request":"get","store":"a","partition":"cae"}"#),
        (8, r#"{"seq":1,"request":"bye"}"#),
        (1, r#"{"seq":1,"ok":{"self_report":{"encrypted":true,"location":"/x"}}}"#),
        (2, r#"{"seq":1,"ok":{"state":"s"}}"#),
        (3, r#"{"seq":1,"ok":{"value":"c2M=","state":null}}"#),
        (5, r#"{"seq":1,"ok":{"names":["a","b"]}}"#),
        (6, r#"{"seq":1,"ok":{"text":"t"}}"#),
        (7, r#"{"seq":1,"ok":{}}"#),
        (
            3,
            r#"{"seq":1,"error":{"category":"locked","phase":"get","native":{"type":"T","message":"m","chain":["c"]}}}"#,
        ),
        (4, r#"{"seq":1,"unsupported":{"what":"request:remove","reason":"r","issue":"i"}}"#),
        (4, r#"{"seq":1,"adapter_error":{"message":"m"}}"#),
        (4, r#"{"seq":1,"request":"dance"}"#),
    ];
    lines.extend(replies.map(|(kind, line)| [&[kind], line.as_bytes()].concat()));
    lines
}

fn request(line: &[u8], sent: Option<&Value>) {
    match decode_request(line) {
        Ok((seq, request)) => {
            assert_eq!(unknown_request(line), None, "what is decoded is known");
            let sent = sent.expect("what is decoded is JSON");
            assert_eq!(sent.get("seq"), Some(&seq));
            let written = untagged(&tag().encode_request(&seq, &request));
            says_what_was_sent(&serde_json::from_slice(&written).expect("we write JSON"), sent);
            assert_eq!(decode_request(&written), Ok((seq, request)), "a request comes back from its line");
        }
        Err(error) => {
            let unknown = unknown_request(line).is_some();
            assert!(!unknown || sent.is_some(), "an unknown request is JSON");
            keeps_to_itself(&error, line);
        }
    }
}

fn reply(line: &[u8], kind: RequestKind, sent: Option<&Value>) {
    let seq = sent.and_then(|sent| sent.get("seq")).cloned().unwrap_or(Value::Null);
    match decode_reply(line, &seq, kind) {
        Ok(reply) => {
            let written = untagged(&tag().encode_reply(&seq, &reply));
            says_what_was_sent(
                &serde_json::from_slice(&written).expect("we write JSON"),
                sent.expect("what is decoded is JSON"),
            );
            assert_eq!(decode_reply(&written, &seq, kind), Ok(reply), "a reply comes back from its line");
            let other = Value::from(format!("{seq}?"));
            assert!(matches!(decode_reply(line, &other, kind), Err(LineError::WrongSequence { .. })));
        }
        Err(error) => keeps_to_itself(&error, line),
    }
}

/// A line that is no JSON may be anything, a token too: its error names the place alone.
fn keeps_to_itself(error: &LineError, line: &[u8]) {
    if let LineError::NotJson { cause } = error {
        assert!(cause.len() < 64 && cause.is_ascii(), "{cause}");
    }
    if let Ok(line) = std::str::from_utf8(line)
        && line.len() > 64
    {
        assert!(!error.to_string().contains(line), "the error repeats the line");
    }
}

/// Whether everything that was understood was said, and as what it is: a list is no object, whatever its items are.
fn says_what_was_sent(understood: &Value, sent: &Value) {
    match (understood, sent) {
        (Value::Object(understood), Value::Object(sent)) => {
            for (key, understood) in understood {
                if let Some(sent) = sent.get(key) {
                    says_what_was_sent(understood, sent);
                }
            }
        }
        (Value::Array(understood), Value::Array(sent)) => {
            assert_eq!(understood.len(), sent.len());
            understood.iter().zip(sent).for_each(|(understood, sent)| says_what_was_sent(understood, sent));
        }
        // A default, said aloud.
        (_, Value::Null) => {}
        (understood, sent) => assert_eq!(understood, sent, "something else was said"),
    }
}

/// Every object within that looks like a message, with each kind of request that it may answer.
fn exchanges(value: &Value, lines: &mut Seeds) {
    match value {
        Value::Object(members) => {
            if ["request", "ok", "error", "unsupported", "adapter_error"]
                .iter()
                .any(|key| members.contains_key(*key))
            {
                let mut message = members.clone();
                message.entry("seq").or_insert_with(|| 1.into());
                let kind = u8::try_from(lines.len() % KINDS.len()).expect("there are nine");
                lines.push([&[kind], Value::Object(message).to_string().as_bytes()].concat());
            }
            members.values().for_each(|member| exchanges(member, lines));
        }
        Value::Array(items) => items.iter().for_each(|item| exchanges(item, lines)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn holds_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(holds_fraction),
        Value::Object(members) => members.values().any(holds_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn untagged(line: &str) -> Vec<u8> {
    assert!(!line.contains('\n'), "a line is one line");
    tag().strip(line.as_bytes()).expect("it begins with the tag").to_vec()
}

fn tag() -> Tag {
    Tag::from_text("0123456789abcdef")
}

const KINDS: [RequestKind; 9] = [
    RequestKind::Hello,
    RequestKind::Open,
    RequestKind::Put,
    RequestKind::Get,
    RequestKind::Remove,
    RequestKind::List,
    RequestKind::Render,
    RequestKind::Close,
    RequestKind::Bye,
];

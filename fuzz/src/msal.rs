//! Documents of the MSAL schema: what is not known or not touched stays, and what is put in comes out.

use serde::de::IgnoredAny;
use serde_json::Value;
use token_cache::SecretBytes;
use token_cache::msal::{
    AccessToken, Account, AppMetadata, Document, IdToken, ParseError, Query, RefreshToken, UnixTime,
};

use crate::{Seeds, seeds};

/// The bytes of a document.
pub fn check(bytes: &[u8]) {
    let stored = SecretBytes::from(bytes.to_vec());
    let syntax = serde_json::from_slice::<IgnoredAny>(bytes);
    let mut document = match Document::parse(&stored) {
        Ok(document) => document,
        Err(error) => return refused(&error, bytes, syntax.is_ok()),
    };
    // The other parser gives up at 128 levels, which a damaged record may have.
    let recurses = syntax.as_ref().is_err_and(|error| error.to_string().starts_with("recursion limit"));
    assert!(syntax.is_ok() || recurses, "what is read is JSON: {syntax:?}");
    assert!(document.to_bytes() == stored, "a document that was not changed is written as it was read");

    let before = counts(&document);
    let faults = document.faults().len();
    let meaning = serde_json::from_slice::<Value>(bytes).ok();
    let token = token();
    if document.upsert(&token).is_err() {
        assert!(document.to_bytes() == stored, "a change that is refused changes nothing");
        return;
    }
    let written = document.to_bytes();
    let read = Document::parse(&written).expect("what is written can be read");
    let found: Vec<_> = read.access_tokens(&ours()).collect();
    assert_eq!(found.len(), 1, "what was put in is there, once");
    assert!(found[0].secret.expose() == SECRET && found[0].scopes().eq([SCOPE]));
    let after = counts(&read);
    assert!(read.faults().len() <= faults, "a change damages nothing");
    assert!(before[0] + 1 >= after[0] && after[0] >= before[0], "one token came, at most");
    assert_eq!(before[1..], after[1..], "and nothing else");
    if let Some(meaning) = &meaning {
        keeps(meaning, &serde_json::from_slice(written.expose()).expect("JSON"));
    }
    drop(read);

    document.remove::<AccessToken<'_>>(&ours());
    assert_eq!(document.access_tokens(&ours()).count(), 0, "what was removed is gone");
    document.discard_faults();
    let written = document.to_bytes();
    let read = Document::parse(&written).expect("what is written can be read");
    assert_eq!(read.faults(), [], "what is damaged is gone, and nothing else became so");
    assert_eq!(counts(&read), counts(&document), "what is written is what there was");
}

/// Caches of real libraries, and what is no cache.
pub fn seeds() -> Seeds {
    let mut seeds = seeds::files("fixtures/corrupt", &[".json", ".bin"]);
    seeds.extend(seeds::files("fixtures/caches", &[".json"]));
    seeds.push(br#"{"AccessToken":{"a":{"credential_type":"AccessToken","secret":"s","home_account_id":"u.t","environment":"login.microsoftonline.com","client_id":"c","target":"a b","realm":"t","cached_at":"1","expires_on":"2","refresh_on":"3","key_id":"k","token_type":"pop"}},"RefreshToken":{"r":{"credential_type":"RefreshToken","secret":"s","home_account_id":"u.t","environment":"e","client_id":"c","family_id":"1","target":"a"}},"IdToken":{"i":{"credential_type":"IdToken","secret":"s","home_account_id":"u.t","environment":"e","client_id":"c","realm":"t"}},"Account":{"a":{"home_account_id":"u.t","environment":"e","realm":"t","local_account_id":"l","username":"n","authority_type":"MSSTS"}},"AppMetadata":{"m":{"client_id":"c","environment":"e","family_id":"1"}},"Future":[1,{"x":null}]}"#.to_vec());
    seeds
}

fn refused(error: &ParseError, bytes: &[u8], is_json: bool) {
    let right = match error {
        ParseError::NotUtf8 { at } => {
            std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == *at)
        }
        ParseError::Truncated | ParseError::Syntax { .. } => !is_json,
        ParseError::NotAnObject => !matches!(bytes.trim_ascii_start().first(), Some(b'{')),
        ParseError::TooDeep { .. } => bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() > 64,
        ParseError::RepeatedSection { .. } => true,
        _ => false,
    };
    assert!(right, "{error} of {:?}", String::from_utf8_lossy(bytes));
}

fn counts(document: &Document<'_>) -> [usize; 5] {
    let all = Query::new().including_bound();
    [
        document.find::<AccessToken<'_>>(&all).count(),
        document.find::<RefreshToken<'_>>(&all).count(),
        document.find::<IdToken<'_>>(&all).count(),
        document.find::<Account<'_>>(&all).count(),
        document.find::<AppMetadata<'_>>(&all).count(),
    ]
}

/// Everything that was there is there, but for what has the key of the new token.
fn keeps(before: &Value, after: &Value) {
    let (before, after) = (before.as_object().expect("an object"), after.as_object().expect("an object"));
    for (name, before) in before {
        let after = after.get(name).unwrap_or_else(|| panic!("{name:?} is lost"));
        let Some(tokens) = before.as_object().filter(|_| name == "AccessToken") else {
            assert_eq!(after, before, "{name:?} was changed");
            continue;
        };
        for (key, token) in tokens {
            assert!(key.contains(CLIENT) || after[key] == *token, "the token {key:?} was changed");
        }
    }
}

fn token() -> AccessToken<'static> {
    let expires = UnixTime::from(std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_102_444_800));
    let mut token = AccessToken::new(SECRET, "login.microsoftonline.com", CLIENT, expires);
    token.set_scopes([SCOPE]);
    token
}

fn ours() -> Query {
    Query::new().without_account().client(CLIENT).scopes([SCOPE])
}

const CLIENT: &str = "9a6f5c1e-fuzz";
const SCOPE: &str = "https://sealcheck.test/.default";
const SECRET: &str = "put in by the search";

//! Options from JSON: an object of known members of the right types, and nothing that looks like one.

use serde_json::Value;
use token_cache::TokenCachePersistenceOptions;

use crate::Seeds;

/// The text of the options.
pub fn check(bytes: &[u8]) {
    let options = serde_json::from_slice::<TokenCachePersistenceOptions>(bytes);
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        assert!(options.is_err(), "what is no JSON is no options");
        return;
    };
    let Ok(options) = options else {
        // A member that is there twice is refused; what is left of it in a map does not show that.
        assert!(!is_options(&value) || repeats(bytes, &value), "{value} are options");
        return;
    };
    assert!(is_options(&value), "{value} are no options");
    let name = value.get("name").and_then(Value::as_str);
    assert_eq!(options.cache_name(), name.unwrap_or("msal.cache"));
    let consent = value.get("allow_unencrypted_storage").and_then(Value::as_bool);
    assert_eq!(
        options.allows_unencrypted_storage(),
        consent.unwrap_or(false),
        "consent is what was said, no more"
    );
    let written = serde_json::to_vec(&options).expect("options are plain data");
    let read = serde_json::from_slice(&written).expect("they were written by us");
    assert_eq!(options, read, "options survive being kept");
}

/// Options, and what looks like them.
pub fn seeds() -> Seeds {
    let texts = [
        "{}",
        r#"{"name": "my_application"}"#,
        r#"{"allow_unencrypted_storage": true, "name": "msal.cache"}"#,
        r#"{"allow_unencrypted": true}"#,
        r#"{"allow_unencrypted_storage": "yes"}"#,
        r#"{"name": "a", "name": "b"}"#,
        r#"["my_application", true]"#,
        "null",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Whether a value is what the documentation says of options.
fn is_options(value: &Value) -> bool {
    let Value::Object(members) = value else { return false };
    members.iter().all(|(key, value)| match key.as_str() {
        "name" => value.is_string(),
        "allow_unencrypted_storage" => value.is_boolean(),
        _ => false,
    })
}

/// Whether a member may be there twice: the text then has more colons outside of its texts than the map has members.
fn repeats(bytes: &[u8], value: &Value) -> bool {
    let (mut colons, mut in_text, mut escaped) = (0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b':' if !in_text => colons += 1,
            _ => {}
        }
    }
    value.as_object().is_some_and(|members| colons > members.len())
}

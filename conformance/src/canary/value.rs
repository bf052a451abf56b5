//! The cache document that carries a canary through an implementation.

use serde_json::{Map, Value, json};

/// A minimal valid document of MSAL's unified cache schema, whose only access token is the canary.
///
/// Padding grows the document by that many bytes that do not compress, in a member beside the secret that readers of
/// the schema keep and ignore.
pub fn cache_document(canary: &str, padding: usize) -> Vec<u8> {
    let mut token = json!({
        "credential_type": "AccessToken",
        "secret": canary,
        "home_account_id": HOME_ACCOUNT,
        "environment": ENVIRONMENT,
        "client_id": CLIENT,
        "target": TARGET,
        "realm": REALM,
        "token_type": "Bearer",
        "cached_at": CACHED_AT,
        "expires_on": EXPIRES_ON,
        "extended_expires_on": EXPIRES_ON,
    });
    if padding > 0 {
        token["sealcheck_padding"] = incompressible(padding).into();
    }
    let account = json!({
        "home_account_id": HOME_ACCOUNT,
        "environment": ENVIRONMENT,
        "realm": REALM,
        "local_account_id": "sealcheck",
        "username": "user@sealcheck.test",
        "authority_type": "MSSTS",
    });
    let document = json!({
        "AccessToken": { key(&[HOME_ACCOUNT, ENVIRONMENT, "accesstoken", CLIENT, REALM, TARGET]): token },
        "Account": { key(&[HOME_ACCOUNT, ENVIRONMENT, REALM]): account },
        "AppMetadata": {
            key(&["appmetadata", ENVIRONMENT, CLIENT]): { "client_id": CLIENT, "environment": ENVIRONMENT },
        },
    });
    serde_json::to_vec(&document).expect("a document of texts is valid JSON")
}

/// The secret of a document's only access token.
pub fn canary_of_document(document: &[u8]) -> Option<String> {
    let document: Map<String, Value> = serde_json::from_slice(document).ok()?;
    let mut tokens = document.get("AccessToken")?.as_object()?.values();
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return None;
    };
    token.get("secret")?.as_str().map(String::from)
}

/// Entries are found by the lower-case parts of their identity, joined by hyphens.
fn key(parts: &[&str]) -> String {
    parts.join("-").to_lowercase()
}

/// Letters that look random and are always the same: what is compressed must grow as well.
fn incompressible(length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letters = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'A' + u8::try_from(state % 26).expect("a remainder of 26 is a byte"))
    });
    letters.collect()
}

const HOME_ACCOUNT: &str = "sealcheck.00000000-0000-4000-8000-000000000001";
const ENVIRONMENT: &str = "login.sealcheck.test";
const CLIENT: &str = "00000000-0000-4000-8000-000000000002";
const REALM: &str = "00000000-0000-4000-8000-000000000003";
const TARGET: &str = "https://sealcheck.test/.default";

/// 2026-01-01 and 2100-01-01: the document is valid whenever it is read, and the same in every run.
const CACHED_AT: &str = "1767225600";
const EXPIRES_ON: &str = "4102444800";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canary_of_a_document_is_the_secret_of_its_token() {
        assert_eq!(canary_of_document(&cache_document("scSecret", 0)).as_deref(), Some("scSecret"));
        assert_eq!(canary_of_document(&cache_document("scSecret", 99)).as_deref(), Some("scSecret"));
    }

    #[test]
    fn padding_grows_the_document_by_its_length_and_its_member() {
        let bare = cache_document("scSecret", 0).len();
        let one = cache_document("scSecret", 1).len();
        assert_eq!(one - bare, r#","sealcheck_padding":"A""#.len());
        assert_eq!(cache_document("scSecret", 1001).len() - one, 1000);
    }

    #[test]
    fn every_entry_has_the_key_that_its_members_give() {
        let document: Value = serde_json::from_slice(&cache_document("scSecret", 0)).unwrap();
        let tokens = document["AccessToken"].as_object().unwrap();
        let (found, token) = tokens.iter().next().unwrap();
        let parts = ["home_account_id", "environment", "credential_type", "client_id", "realm", "target"]
            .map(|member| token[member].as_str().unwrap());
        assert_eq!(*found, key(&parts));
    }

    #[test]
    fn a_document_with_two_tokens_or_none_has_no_single_canary() {
        assert_eq!(canary_of_document(br#"{"AccessToken":{"a":{"secret":"x"},"b":{"secret":"y"}}}"#), None);
        assert_eq!(canary_of_document(br#"{"AccessToken":{}}"#), None);
        assert_eq!(canary_of_document(b"{}"), None);
        assert_eq!(canary_of_document(b"gibberish"), None);
    }
}

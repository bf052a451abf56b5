//! The only user, and the tokens that say who that is.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::discovery::TENANT;

/// What an id token is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Audience<'a> {
    /// The authority's address as the client knows it.
    pub(super) base: &'a str,
    pub(super) client_id: &'a str,
    /// What the client wants to find again in the token.
    pub(super) nonce: Option<&'a str>,
}

/// An id token that clients can read. Its signature is the secret: nobody verifies it, and it makes each token another.
pub(super) fn id_token(audience: Audience<'_>, secret: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut claims = json!({
        "iss": format!("{}/{TENANT}/v2.0", audience.base),
        "aud": audience.client_id,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        "name": "Sealcheck User",
        "oid": USER,
        "preferred_username": USERNAME,
        "sub": USER,
        "tid": TENANT,
        "ver": "2.0",
    });
    if let Some(nonce) = audience.nonce {
        claims["nonce"] = nonce.into();
    }
    let header = json!({ "alg": "RS256", "kid": "sealcheck", "typ": "JWT" });
    format!("{}.{}.{secret}", segment(&header), segment(&claims))
}

/// What clients build the identity of an account from.
pub(super) fn client_info() -> String {
    segment(&json!({ "uid": USER, "utid": TENANT }))
}

fn segment(value: &Value) -> String {
    base64url(value.to_string().as_bytes())
}

/// Base64 with the alphabet of URLs, without padding.
pub(super) fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

const USER: &str = "5ea1c4ec-0000-4000-8000-000000000003";
const USERNAME: &str = "user@sealcheck.test";
/// As long as an access token.
pub(super) const LIFETIME_SECONDS: u64 = 3599;

//! A cache as MSAL writes it.

use token_cache::SecretBytes;
use token_cache::msal::{AccessToken, Document, Query, RefreshToken, UnixTime};

/// A document of about this size: one access token, and a refresh token that fills it up.
pub(crate) fn of_size(size: usize) -> SecretBytes {
    let expires = UnixTime::from_seconds(4_000_000_000);
    let mut token = AccessToken::new("the-access-token", HOST, CLIENT, expires);
    token.set_scopes([SCOPE]);
    let filler = "r".repeat(size.saturating_sub(OVERHEAD));
    let mut document = Document::new();
    document.upsert(&token).expect("a token");
    document.upsert(&RefreshToken::new(filler.as_str(), HOST, CLIENT)).expect("a token");
    document.to_bytes()
}

/// The access token in a document.
pub(crate) fn token(bytes: &SecretBytes) -> String {
    let document = Document::parse(bytes).expect("a document");
    let query = Query::new().environment(HOST).client(CLIENT).scopes([SCOPE]);
    let token = document.access_tokens(&query).next().expect("one token");
    token.secret.expose().to_owned()
}

const HOST: &str = "login.microsoftonline.com";
const CLIENT: &str = "00000000-0000-0000-0000-000000000000";
const SCOPE: &str = "https://management.azure.com/.default";

/// What is in it beside the refresh token, about.
const OVERHEAD: usize = 1200;

//! What documents do as a whole.
//!
//! | file | holds |
//! |---|---|
//! | `parsing.rs` | what is a document, and what is not |
//! | `damage.rs` | what is damaged locks out nothing else, and is kept |
//! | `finding.rs` | what meets a query |
//! | `changing.rs` | putting in, removing, merging |
//! | `golden.rs` | caches that the real libraries wrote |
//! | `model.rs` | the same against a model that is a plain map of `serde_json` values |

mod changing;
mod damage;
mod finding;
mod golden;
mod model;
mod parsing;

use super::{AccessToken, Account, Document, RefreshToken, UnixTime};
use crate::SecretBytes;

const HOUR: UnixTime = UnixTime::from_seconds(3_600);

fn stored(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn written(document: &Document<'_>) -> String {
    String::from_utf8(document.to_bytes().expose().to_vec()).expect("a document is text")
}

/// The document means the same to another reader.
fn meaning(document: &Document<'_>) -> serde_json::Value {
    serde_json::from_slice(document.to_bytes().expose()).expect("a document is JSON")
}

fn access_token(secret: &'static str) -> AccessToken<'static> {
    let mut token = AccessToken::new(secret, "login.microsoftonline.com", "a-client", HOUR);
    token.home_account_id = Some("a-user.a-tenant".into());
    token.realm = Some("a-tenant".into());
    token.set_scopes(["User.Read", "Mail.Read"]);
    token
}

fn refresh_token(secret: &'static str, client: &'static str) -> RefreshToken<'static> {
    let mut token = RefreshToken::new(secret, "login.microsoftonline.com", client);
    token.home_account_id = Some("a-user.a-tenant".into());
    token
}

fn account() -> Account<'static> {
    let mut account = Account::new("a-user.a-tenant", "login.microsoftonline.com");
    account.realm = Some("a-tenant".into());
    account
}

fn secrets<'a>(tokens: impl IntoIterator<Item = AccessToken<'a>>) -> Vec<String> {
    tokens.into_iter().map(|token| token.secret.expose().to_owned()).collect()
}

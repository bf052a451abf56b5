//! What a credential keeps in a cache: entries of MSAL's unified schema, found by the parts of their identity.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::authority::Tokens;

/// A cache as a credential reads and changes it. What it does not know stays as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Document(Map<String, Value>);

/// What entries are found by, beside the scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    /// The authority's name.
    pub(super) environment: &'a str,
    /// The client.
    pub(super) client_id: &'a str,
    /// The tenant.
    pub(super) tenant: &'a str,
    /// The user's account; empty for the client itself.
    pub(super) account: &'a str,
}

impl Document {
    /// The document that is stored; an empty one where nothing is.
    ///
    /// # Errors
    ///
    /// What is stored is not a JSON object.
    pub(super) fn parse(stored: Option<&[u8]>) -> Result<Self, serde_json::Error> {
        stored.map_or_else(|| Ok(Self::default()), |bytes| serde_json::from_slice(bytes).map(Self))
    }

    /// The document as it is stored.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("a map of JSON values is JSON")
    }

    /// The access token for a scope, while it is good.
    pub(super) fn access_token(&self, identity: Identity<'_>, scope: &str) -> Option<&str> {
        self.entries("AccessToken")
            .find(|entry| {
                of(entry, identity)
                    && text(entry, "realm") == identity.tenant
                    && text(entry, "target") == scope
                    && text(entry, "expires_on").parse::<u64>().is_ok_and(|end| end > now() + MARGIN)
            })
            .map(|entry| text(entry, "secret"))
    }

    /// The refresh token of the user.
    pub(super) fn refresh_token(&self, identity: Identity<'_>) -> Option<&str> {
        let mut entries = self.entries("RefreshToken");
        entries.find(|entry| of(entry, identity)).map(|entry| text(entry, "secret"))
    }

    /// The only account of an authority that has a refresh token, whichever client of the family brought it, and that
    /// client.
    pub(super) fn only_user(&self, environment: &str) -> Option<(&str, &str)> {
        let mut users = self.entries("RefreshToken").filter(|entry| {
            text(entry, "environment") == environment && !text(entry, "family_id").is_empty()
        });
        let (first, others) = (users.next()?, users.next());
        others.is_none().then(|| (text(first, "home_account_id"), text(first, "client_id")))
    }

    /// Adds what the authority issued; what has the same identity is replaced.
    pub(super) fn add(&mut self, identity: Identity<'_>, scope: &str, tokens: &Tokens) {
        let Identity { environment, client_id, tenant, account } = identity;
        let key = |parts: &[&str]| parts.join("-").to_lowercase();
        let entry = |kind: &str, secret: &str| {
            json!({
                "credential_type": kind,
                "secret": secret,
                "home_account_id": account,
                "environment": environment,
                "client_id": client_id,
            })
        };
        if let Some(secret) = &tokens.access_token {
            let mut found = entry("AccessToken", secret);
            found["realm"] = tenant.into();
            found["target"] = scope.into();
            found["cached_at"] = now().to_string().into();
            found["expires_on"] = (now() + tokens.lifetime).to_string().into();
            let key = key(&[account, environment, "accesstoken", client_id, tenant, scope]);
            self.put("AccessToken", key, found);
        }
        if let Some(secret) = &tokens.refresh_token {
            let mut found = entry("RefreshToken", secret);
            found["family_id"] = tokens.family.clone().unwrap_or_default().into();
            self.put("RefreshToken", key(&[account, environment, "refreshtoken", client_id, ""]), found);
        }
        if let Some(secret) = &tokens.id_token {
            let mut found = entry("IdToken", secret);
            found["realm"] = tenant.into();
            self.put("IdToken", key(&[account, environment, "idtoken", client_id, tenant]), found);
        }
        if !account.is_empty() {
            let found = json!({
                "home_account_id": account,
                "environment": environment,
                "realm": tenant,
                "authority_type": "MSSTS",
            });
            self.put("Account", key(&[account, environment, tenant]), found);
        }
    }

    fn put(&mut self, kind: &str, key: String, entry: Value) {
        let entries = self.0.entry(kind).or_insert_with(|| Value::Object(Map::new()));
        if !entries.is_object() {
            *entries = Value::Object(Map::new());
        }
        entries[key] = entry;
    }

    fn entries(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.get(kind).and_then(Value::as_object).into_iter().flat_map(Map::values)
    }
}

fn of(entry: &Value, identity: Identity<'_>) -> bool {
    text(entry, "environment") == identity.environment
        && text(entry, "client_id") == identity.client_id
        && text(entry, "home_account_id") == identity.account
}

fn text<'a>(entry: &'a Value, member: &str) -> &'a str {
    entry[member].as_str().unwrap_or_default()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A token that ends within this many seconds is as good as ended.
const MARGIN: u64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Identity<'_> = Identity { environment: "e", client_id: "c", tenant: "t", account: "u.t" };

    #[test]
    fn what_was_added_is_found_by_its_identity_and_by_no_other() {
        let document = signed_in("a", "r");
        assert_eq!(document.access_token(USER, "s"), Some("a"));
        assert_eq!(document.refresh_token(USER), Some("r"));
        assert_eq!(document.only_user("e"), Some(("u.t", "c")));
        assert_eq!(document.access_token(USER, "other"), None);
        for other in [
            Identity { environment: "x", ..USER },
            Identity { client_id: "x", ..USER },
            Identity { account: "x", ..USER },
        ] {
            assert_eq!((document.access_token(other, "s"), document.refresh_token(other)), (None, None));
        }
        assert_eq!(document.access_token(Identity { tenant: "x", ..USER }, "s"), None);
        assert_eq!(document.only_user("x"), None);
    }

    #[test]
    fn what_has_the_same_identity_is_replaced_and_the_rest_stays() {
        let mut document = Document::parse(Some(br#"{"Other":{"x":1}}"#)).expect("it is an object");
        for tokens in [tokens("a", "r"), tokens("b", "q")] {
            document.add(USER, "s", &tokens);
        }
        assert_eq!((document.access_token(USER, "s"), document.refresh_token(USER)), (Some("b"), Some("q")));
        let stored = Document::parse(Some(&document.to_bytes())).expect("we wrote it");
        assert_eq!(stored.0["Other"]["x"], 1);
        assert_eq!(stored.refresh_token(USER), Some("q"));
    }

    #[test]
    fn a_token_that_is_about_to_end_is_not_given() {
        let mut document = Document::default();
        document.add(USER, "s", &Tokens { lifetime: MARGIN, ..tokens("a", "r") });
        assert_eq!(document.access_token(USER, "s"), None);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for stored in [&b"[]"[..], b"gibberish", b""] {
            assert!(Document::parse(Some(stored)).is_err());
        }
        assert_eq!(Document::parse(None).expect("nothing is stored").only_user("e"), None);
    }

    fn signed_in(access: &str, refresh: &str) -> Document {
        let mut document = Document::default();
        document.add(USER, "s", &tokens(access, refresh));
        document
    }

    fn tokens(access: &str, refresh: &str) -> Tokens {
        Tokens {
            access_token: Some(access.into()),
            refresh_token: Some(refresh.into()),
            id_token: Some("i".into()),
            account: "u.t".into(),
            family: Some("1".into()),
            lifetime: 3600,
        }
    }
}

//! Caches to measure on.

use std::fmt::Write as _;

use token_cache::SecretBytes;
use token_cache::msal::{Query, UnixTime};

/// A cache with so many access tokens, in the layout of MSAL for Python.
///
/// A user has ten of them, for the scopes of ten resources, and a refresh token, an ID token and an account.
pub(crate) struct Cache {
    pub(crate) tokens: usize,
    pub(crate) secrets: Secrets,
}

/// How long the tokens are.
#[derive(Clone, Copy)]
pub(crate) enum Secrets {
    /// Signed claims, as Microsoft Entra ID issues them: the bulk of a real cache.
    Long,
    /// Opaque and short, so that the structure is the bulk of the cache.
    Short,
}

impl Secrets {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Long => "1600 B",
            Self::Short => "64 B",
        }
    }

    fn text(self, seed: usize) -> String {
        let length = match self {
            Self::Long => 1_600,
            Self::Short => 64,
        };
        let mut state = seed as u64 + 1;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(ALPHABET[(state >> 58) as usize])
            })
            .collect()
    }
}

impl Cache {
    pub(crate) fn bytes(&self) -> SecretBytes {
        let users = self.tokens.div_ceil(10);
        let mut text = String::from("{\n    \"AccessToken\": {");
        section(&mut text, self.tokens, |text, token| {
            let (user, tenant, scope) = (user_of(token), tenant_of(token), scope_of(token));
            let secret = self.secrets.text(token);
            write!(
                text,
                "\"{user}-login.microsoftonline.com-accesstoken-{CLIENT}-{tenant}-{}\": {{\n            \
                 \"credential_type\": \"AccessToken\",\n            \"secret\": \"{secret}\",\n            \
                 \"home_account_id\": \"{user}\",\n            \"environment\": \"login.microsoftonline.com\",\n            \
                 \"client_id\": \"{CLIENT}\",\n            \"target\": \"{scope}\",\n            \
                 \"realm\": \"{tenant}\",\n            \"token_type\": \"Bearer\",\n            \
                 \"cached_at\": \"1700000000\",\n            \"expires_on\": \"1700003600\",\n            \
                 \"extended_expires_on\": \"1700003600\"\n        }}",
                scope.to_lowercase()
            )
        });
        text.push_str("\n    },\n    \"RefreshToken\": {");
        section(&mut text, users, |text, user| {
            let secret = self.secrets.text(self.tokens + user);
            let user = user_of(user * 10);
            write!(
                text,
                "\"{user}-login.microsoftonline.com-refreshtoken-{CLIENT}--\": {{\n            \
                 \"credential_type\": \"RefreshToken\",\n            \"secret\": \"{secret}\",\n            \
                 \"home_account_id\": \"{user}\",\n            \"environment\": \"login.microsoftonline.com\",\n            \
                 \"client_id\": \"{CLIENT}\",\n            \"target\": \"\",\n            \
                 \"last_modification_time\": \"1700000000\"\n        }}"
            )
        });
        text.push_str("\n    },\n    \"Account\": {");
        section(&mut text, users, |text, user| {
            let (user, tenant) = (user_of(user * 10), tenant_of(user * 10));
            write!(
                text,
                "\"{user}-login.microsoftonline.com-{tenant}\": {{\n            \
                 \"home_account_id\": \"{user}\",\n            \"environment\": \"login.microsoftonline.com\",\n            \
                 \"realm\": \"{tenant}\",\n            \"local_account_id\": \"{tenant}\",\n            \
                 \"username\": \"alex@contoso.example\",\n            \"authority_type\": \"MSSTS\"\n        }}"
            )
        });
        text.push_str("\n    }\n}");
        SecretBytes::from(text.into_bytes())
    }

    /// The query of a credential for one of the tokens.
    pub(crate) fn query_for(&self, token: usize) -> Query {
        Query::new()
            .account(user_of(token))
            .environment("login.microsoftonline.com")
            .client(CLIENT)
            .tenant(tenant_of(token))
            .scopes([scope_of(token)])
            .valid_at(UnixTime::from_seconds(1_700_000_300))
    }
}

fn section(text: &mut String, count: usize, write: impl Fn(&mut String, usize) -> std::fmt::Result) {
    for at in 0..count {
        text.push_str(if at == 0 { "\n        " } else { ",\n        " });
        write(text, at).expect("memory can always be written to");
    }
}

fn user_of(token: usize) -> String {
    format!("{:08x}-1111-4222-8333-444455556666.{}", token / 10, tenant_of(token))
}

fn tenant_of(token: usize) -> String {
    format!("f645ad92-e38d-4d1a-b510-{:012x}", token / 10 % 7)
}

fn scope_of(token: usize) -> String {
    format!("https://resource-{}.example/.default", token % 10)
}

const CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

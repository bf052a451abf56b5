//! Asks an authority for tokens: by the client's secret, by a user's sign-in, by a refresh token.

use std::{thread, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{
    https::{Answer, Client, HttpsError},
    protocol,
};

/// An authority as one client of it asks it.
#[derive(Debug)]
pub(super) struct Authority {
    client: Client,
    parameters: protocol::Authority,
}

/// What an authority issued.
#[derive(Clone, Debug)]
pub(in crate::adapter::reference) struct Tokens {
    pub(in crate::adapter::reference) access_token: Option<String>,
    pub(in crate::adapter::reference) refresh_token: Option<String>,
    pub(in crate::adapter::reference) id_token: Option<String>,
    /// The user's account; empty for the client itself.
    pub(super) account: String,
    /// The clients that may redeem the refresh token as well.
    pub(super) family: Option<String>,
    pub(super) lifetime: u64,
}

impl Authority {
    /// An authority that is asked nothing yet.
    ///
    /// # Errors
    ///
    /// [`AuthorityError::Connection`] for an address that is none, and a CA file that cannot be used.
    pub(super) fn new(parameters: protocol::Authority) -> Result<Self, AuthorityError> {
        let client = Client::new(&parameters.url, parameters.proxy.as_deref(), &parameters.ca_file)?;
        Ok(Self { client, parameters })
    }

    /// The name that entries of a cache have it under: without the port.
    pub(super) fn environment(&self) -> &str {
        let name = self.parameters.url.trim_start_matches("https://");
        name.split(':').next().unwrap_or(name)
    }

    pub(super) fn tenant(&self) -> &str {
        &self.parameters.tenant
    }

    pub(super) fn client_id(&self) -> &str {
        &self.parameters.client_id
    }

    /// Tokens by the client's own secret.
    pub(super) fn by_secret(&self, asked: Asked<'_>) -> Result<Tokens, AuthorityError> {
        let secret =
            [("grant_type", "client_credentials"), ("client_secret", &self.parameters.client_secret)];
        self.token(asked, &secret)
    }

    /// Tokens by a user who enters a code on another device.
    #[expect(
        clippy::disallowed_methods,
        reason = "the authority says how long to wait between polls (RFC 8628)"
    )]
    pub(super) fn by_device_code(&self, asked: Asked<'_>) -> Result<Tokens, AuthorityError> {
        let scopes = with_user(asked.scope);
        let form = [("client_id", self.client_id()), ("scope", &scopes)];
        let begun: DeviceCode = read(self.client.post(&self.path("devicecode"), &form)?)?;
        let poll = [("grant_type", DEVICE_CODE_GRANT), ("device_code", &begun.device_code)];
        for _ in 0..MAX_POLLS {
            match self.token(asked, &poll) {
                Err(AuthorityError::Refused { error }) if error == "authorization_pending" => {
                    thread::sleep(Duration::from_secs(begun.interval));
                }
                other => return other,
            }
        }
        Err(AuthorityError::NobodySignedIn)
    }

    /// Tokens by a user who signs in in a browser; the browser is this client itself.
    pub(super) fn by_browser(&self, asked: Asked<'_>) -> Result<Tokens, AuthorityError> {
        let (scopes, verifier, state) = (with_user(asked.scope), random(), random());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = [
            ("client_id", self.client_id()),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", &scopes),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let page = self.client.get(&self.path("authorize"), &query)?;
        let back = page.location.as_deref().and_then(|location| location.strip_prefix(REDIRECT));
        let fields: Vec<_> = match back.and_then(|back| back.strip_prefix('?')) {
            Some(query) => form_urlencoded::parse(query.as_bytes()).collect(),
            None => return Err(refusal(&page)),
        };
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value);
        let Some(code) = field("code").filter(|_| field("state") == Some(&state)) else {
            return Err(AuthorityError::NobodySignedIn);
        };
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", &verifier),
        ];
        self.token(asked, &redeem)
    }

    /// Tokens for a refresh token.
    pub(super) fn by_refresh_token(
        &self,
        asked: Asked<'_>,
        refresh_token: &str,
    ) -> Result<Tokens, AuthorityError> {
        self.token(asked, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    fn token(&self, asked: Asked<'_>, grant: &[(&str, &str)]) -> Result<Tokens, AuthorityError> {
        let is_user = !grant.iter().any(|(name, _)| *name == "client_secret");
        let scopes = if is_user { with_user(asked.scope) } else { asked.scope.into() };
        let mut form = vec![("client_id", self.client_id()), ("client_info", "1"), ("scope", &*scopes)];
        if asked.revocable == Revocable::AtOnce {
            form.push(("claims", CLAIMS));
        }
        form.extend_from_slice(grant);
        let issued: Issued = read(self.client.post(&self.path("token"), &form)?)?;
        let account = match &issued.client_info {
            Some(info) => account(info).ok_or(AuthorityError::Unreadable)?,
            None => String::new(),
        };
        Ok(Tokens {
            access_token: Some(issued.access_token),
            refresh_token: issued.refresh_token,
            id_token: issued.id_token,
            account,
            family: issued.foci,
            lifetime: issued.expires_in,
        })
    }

    fn path(&self, endpoint: &str) -> String {
        format!("/{}/oauth2/v2.0/{endpoint}", self.parameters.tenant)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) scope: &'a str,
    pub(super) revocable: Revocable,
}

/// Whether the service is to ask again before a token ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Revocable {
    /// It need not.
    AtItsEnd,
    /// It does: continuous access evaluation.
    AtOnce,
}

/// A scope with what brings a refresh token and an id token.
fn with_user(scope: &str) -> String {
    format!("{scope} offline_access openid profile")
}

/// The identity of an account, from what the authority says about it.
fn account(client_info: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct ClientInfo {
        uid: String,
        utid: String,
    }
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(client_info).ok()?;
    let ClientInfo { uid, utid } = serde_json::from_slice(&decoded).ok()?;
    Some(format!("{uid}.{utid}"))
}

#[derive(Deserialize)]
struct DeviceCode {
    device_code: String,
    interval: u64,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
    refresh_token: Option<String>,
    id_token: Option<String>,
    client_info: Option<String>,
    foci: Option<String>,
}

fn read<T: serde::de::DeserializeOwned>(answer: Answer) -> Result<T, AuthorityError> {
    if answer.status != 200 {
        return Err(refusal(&answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| AuthorityError::Unreadable)
}

fn refusal(answer: &Answer) -> AuthorityError {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Refusal { error }) => AuthorityError::Refused { error },
        Err(_) => AuthorityError::Unreadable,
    }
}

fn random() -> String {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Why an authority issued nothing.
#[derive(Debug, thiserror::Error)]
pub(in crate::adapter::reference) enum AuthorityError {
    #[error("the authority cannot be reached: {0}")]
    Connection(#[from] HttpsError),
    #[error("nobody signed in")]
    NobodySignedIn,
    #[error("the authority refuses: {error}")]
    Refused { error: String },
    #[error("the authority's answer is not understood")]
    Unreadable,
}

const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REDIRECT: &str = "http://localhost:8400";
/// That the client can handle a service that asks again.
const CLAIMS: &str = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;
const MAX_POLLS: usize = 8;

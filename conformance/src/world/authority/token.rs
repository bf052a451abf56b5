//! The token endpoint: client credentials, device code, authorization code, refresh token.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    answer::refused,
    discovery::{CLIENT_ID, TENANT, base, is_public_client, is_tenant},
    identity::{Audience, LIFETIME_SECONDS, client_info, id_token},
    issuer::{Issuer, Subject, Tokens},
    ledger::NotHonoured,
    request::{Fields, FormFields},
};
use crate::{
    case::CanaryRole,
    observation::{Grant, TokenRefusal},
};

/// Answers whoever asks for a token.
pub(super) async fn token(
    State(issuer): State<Arc<Issuer>>,
    Path(tenant): Path<String>,
    Extension(form): Extension<Option<FormFields>>,
    headers: HeaderMap,
) -> Response {
    let form = form.unwrap_or_default();
    let Some(fields) = form.unique() else {
        issuer.refuse(grant_named(""), "", TokenRefusal::Malformed);
        return refused(TokenRefusal::Malformed);
    };
    let grant = grant_named(fields.get("grant_type"));
    let asking = Asking { issuer: &issuer, tenant: &tenant, fields: &fields };
    match asking.granted(&grant) {
        Ok(granted) => {
            let tokens = issuer.issue(grant, &granted.scope, granted.role, granted.subject);
            Json(body(&tokens, &granted, fields.get("client_id"), &base(&issuer, &headers))).into_response()
        }
        Err((refusal, scope)) => {
            issuer.refuse(grant, &scope, refusal);
            refused(refusal)
        }
    }
}

/// A request whose right is to be found out.
struct Asking<'a> {
    issuer: &'a Issuer,
    tenant: &'a str,
    fields: &'a Fields<'a>,
}

/// What a request has a right to.
struct Granted<'a> {
    scope: String,
    role: &'a CanaryRole,
    subject: Subject,
    nonce: Option<String>,
}

/// Why a request has no right, and the scope that it was about.
type Refused = (TokenRefusal, String);

impl<'a> Asking<'a> {
    fn granted(&self, grant: &Grant) -> Result<Granted<'a>, Refused> {
        match grant {
            Grant::ClientCredentials => self.by_secret(),
            Grant::DeviceCode => self.by_device_code(),
            Grant::AuthorizationCode => self.by_authorization_code(),
            Grant::RefreshToken => self.by_refresh_token(),
            Grant::Unknown(_) | Grant::DeviceAuthorization | Grant::Authorization => {
                let named = !self.fields.get("grant_type").is_empty();
                self.refuse(if named { TokenRefusal::UnknownGrant } else { TokenRefusal::Malformed })
            }
        }
    }

    fn by_secret(&self) -> Result<Granted<'a>, Refused> {
        if self.tenant != TENANT || self.fields.get("client_id") != CLIENT_ID {
            return self.refuse(TokenRefusal::UnknownClient);
        }
        if self.fields.get("client_secret") != self.issuer.client_secret() {
            return self.refuse(TokenRefusal::WrongSecret);
        }
        self.resource(self.fields.get("scope"), Subject::Client, None)
    }

    fn by_device_code(&self) -> Result<Granted<'a>, Refused> {
        self.public_client()?;
        let code = self.fields.get("device_code");
        let scope = self.issuer.ledger(|ledger| ledger.scope_of_device(code).map(String::from));
        match self.issuer.ledger(|ledger| ledger.redeem_device(code)) {
            Ok(scope) => self.resource(&scope, Subject::User, None),
            Err(why) => Err((refusal(why), self.told(&scope.unwrap_or_default()))),
        }
    }

    fn by_authorization_code(&self) -> Result<Granted<'a>, Refused> {
        self.public_client()?;
        let [code, redirect_uri, verifier] =
            ["code", "redirect_uri", "code_verifier"].map(|name| self.fields.get(name));
        match self.issuer.ledger(|ledger| ledger.redeem_code(code, redirect_uri, verifier)) {
            Ok(found) if found.client_id == self.fields.get("client_id") => {
                self.resource(&found.scope, Subject::User, found.nonce)
            }
            Ok(_) => self.refuse(TokenRefusal::UnknownClient),
            Err(why) => self.refuse(refusal(why)),
        }
    }

    /// A refresh token is replaced at each use; which scope it was first given for does not matter.
    fn by_refresh_token(&self) -> Result<Granted<'a>, Refused> {
        self.public_client()?;
        let granted = self.resource(self.fields.get("scope"), Subject::User, None)?;
        match self.issuer.ledger(|ledger| ledger.replace(self.fields.get("refresh_token"))) {
            Ok(()) => Ok(granted),
            Err(why) => self.refuse(refusal(why)),
        }
    }

    fn public_client(&self) -> Result<(), Refused> {
        if is_tenant(self.tenant) && is_public_client(self.fields.get("client_id")) {
            Ok(())
        } else {
            Err((TokenRefusal::UnknownClient, self.told(self.fields.get("scope"))))
        }
    }

    fn resource(
        &self,
        scopes: &str,
        subject: Subject,
        nonce: Option<String>,
    ) -> Result<Granted<'a>, Refused> {
        match self.issuer.resource(scopes) {
            Some((scope, role)) => Ok(Granted { scope: scope.into(), role, subject, nonce }),
            None => Err((TokenRefusal::UnknownScope, scopes.into())),
        }
    }

    fn refuse<T>(&self, refusal: TokenRefusal) -> Result<T, Refused> {
        Err((refusal, self.told(self.fields.get("scope"))))
    }

    /// The scope as it is recorded: the one of a token where there is one, else all that was said.
    fn told(&self, scopes: &str) -> String {
        self.issuer.resource(scopes).map_or(scopes, |(scope, _)| scope).into()
    }
}

fn body(tokens: &Tokens, granted: &Granted<'_>, client_id: &str, base: &str) -> Value {
    let mut body = json!({
        "token_type": "Bearer",
        "scope": granted.scope,
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": tokens.access_token,
    });
    if let Some(user) = &tokens.user {
        let audience = Audience { base, client_id, nonce: granted.nonce.as_deref() };
        body["refresh_token"] = user.refresh_token.as_str().into();
        body["id_token"] = id_token(audience, &user.id_token_secret).into();
        body["client_info"] = client_info().into();
        // The family of clients that may redeem each other's refresh tokens.
        body["foci"] = "1".into();
    }
    body
}

fn grant_named(text: &str) -> Grant {
    match text {
        "client_credentials" => Grant::ClientCredentials,
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => Grant::DeviceCode,
        "authorization_code" => Grant::AuthorizationCode,
        "refresh_token" => Grant::RefreshToken,
        other => Grant::Unknown(other.into()),
    }
}

fn refusal(why: NotHonoured) -> TokenRefusal {
    match why {
        NotHonoured::Pending => TokenRefusal::Pending,
        NotHonoured::Unknown => TokenRefusal::UnknownCode,
        NotHonoured::Replaced => TokenRefusal::ReplacedToken,
    }
}

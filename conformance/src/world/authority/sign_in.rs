//! Where a user signs in: by a code that is entered elsewhere, or in a browser. This user always does, at once.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use form_urlencoded::Serializer;
use serde_json::json;

use super::{
    answer::refused,
    discovery::{base, is_public_client, is_tenant},
    issuer::Issuer,
    ledger::Authorization,
    request::{Fields, FormFields},
};
use crate::observation::{Grant, TokenRefusal};

/// The first half of a sign-in by device code: what the client polls with, and what the user is to enter.
pub(super) async fn device(
    State(issuer): State<Arc<Issuer>>,
    Path(tenant): Path<String>,
    Extension(form): Extension<Option<FormFields>>,
    headers: HeaderMap,
) -> Response {
    let form = form.unwrap_or_default();
    let begun = form.unique().ok_or((TokenRefusal::Malformed, String::new())).and_then(|fields| {
        let scope = begin(&issuer, &tenant, &fields)?;
        Ok((issuer.ledger(|ledger| ledger.begin_device(&scope)), scope))
    });
    match begun {
        Ok((code, scope)) => {
            issuer.ask_user(Grant::DeviceAuthorization, &scope);
            let place = format!("{}/devicelogin", base(&issuer, &headers));
            Json(json!({
                "device_code": code,
                "user_code": USER_CODE,
                "verification_uri": place,
                "expires_in": CODE_SECONDS,
                "interval": 1,
                "message": format!("To sign in, open {place} and enter the code {USER_CODE}."),
            }))
            .into_response()
        }
        Err((refusal, scope)) => {
            issuer.refuse(Grant::DeviceAuthorization, &scope, refusal);
            refused(refusal)
        }
    }
}

/// The page on which a user signs in: it leads back to the client at once.
pub(super) async fn authorize(
    State(issuer): State<Arc<Issuer>>,
    Path(tenant): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = FormFields(fields);
    let signed_in = form.unique().ok_or((TokenRefusal::Malformed, String::new())).and_then(|fields| {
        let scope = begin(&issuer, &tenant, &fields)?;
        sign_in(&fields, &scope).ok_or((TokenRefusal::Malformed, scope))
    });
    match signed_in {
        Ok(authorization) => {
            issuer.ask_user(Grant::Authorization, &authorization.scope);
            let uri = authorization.redirect_uri.clone();
            let code = issuer.ledger(|ledger| ledger.authorize(authorization));
            let fields = form.unique().expect("it was just read");
            let state = fields.get("state");
            if fields.get("response_mode") == "form_post" {
                posted(&uri, &code, state)
            } else {
                led(&uri, &code, state)
            }
        }
        Err((refusal, scope)) => {
            issuer.refuse(Grant::Authorization, &scope, refusal);
            refused(refusal)
        }
    }
}

/// The scope of a token that a known client wants for the user.
fn begin(issuer: &Issuer, tenant: &str, fields: &Fields<'_>) -> Result<String, (TokenRefusal, String)> {
    let scopes = fields.get("scope");
    if !is_tenant(tenant) || !is_public_client(fields.get("client_id")) {
        return Err((TokenRefusal::UnknownClient, scopes.into()));
    }
    match issuer.resource(scopes) {
        Some((scope, _)) => Ok(scope.into()),
        None => Err((TokenRefusal::UnknownScope, scopes.into())),
    }
}

/// A sign-in that only who began it can redeem: PKCE is not optional here, and the client listens on loopback.
fn sign_in(fields: &Fields<'_>, scope: &str) -> Option<Authorization> {
    let redirect_uri = fields.get("redirect_uri");
    let is_local = ["http://localhost:", "http://127.0.0.1:", "http://[::1]:"]
        .iter()
        .any(|start| redirect_uri.starts_with(start));
    let has_challenge =
        fields.get("code_challenge_method") == "S256" && !fields.get("code_challenge").is_empty();
    (is_local && has_challenge && fields.get("response_type") == "code").then(|| Authorization {
        scope: scope.into(),
        client_id: fields.get("client_id").into(),
        redirect_uri: redirect_uri.into(),
        challenge: fields.get("code_challenge").into(),
        nonce: Some(fields.get("nonce")).filter(|nonce| !nonce.is_empty()).map(String::from),
    })
}

/// Sends the browser back with the code in the address.
fn led(uri: &str, code: &str, state: &str) -> Response {
    let separator = if uri.contains('?') { '&' } else { '?' };
    let address = format!("{uri}{separator}");
    let start = address.len();
    let mut fields = Serializer::for_suffix(address, start);
    fields.append_pair("code", code);
    if !state.is_empty() {
        fields.append_pair("state", state);
    }
    Redirect::to(&fields.finish()).into_response()
}

/// Has the browser post the code to the client.
fn posted(uri: &str, code: &str, state: &str) -> Response {
    let [uri, state] = [uri, state].map(escaped);
    Html(format!(
        "<!DOCTYPE html><title>Signed in</title><form method=\"post\" action=\"{uri}\">\
         <input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <input type=\"hidden\" name=\"state\" value=\"{state}\">\
         <button>Continue</button></form><script>document.forms[0].submit()</script>"
    ))
    .into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

const USER_CODE: &str = "SEALCHECK";
const CODE_SECONDS: u64 = 900;

//! Which path is answered by what, and how a refusal is said.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::json;

use super::{discovery, issuer::Issuer, request::observe, sign_in, token::token};
use crate::observation::TokenRefusal;

/// Every path that is answered.
pub(super) fn routes(issuer: Arc<Issuer>) -> Router {
    Router::new()
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(sign_in::device))
        .route("/{tenant}/oauth2/v2.0/authorize", get(sign_in::authorize))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/beacon", post(beacon))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&issuer), observe))
        .with_state(issuer)
}

/// Where the liveness leak of the network observer is posted.
async fn beacon() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))).into_response()
}

async fn wrong_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({ "error": "method_not_allowed" }))).into_response()
}

/// A refusal in the words of RFC 6749 section 5.2 and RFC 8628 section 3.5.
pub(super) fn refused(refusal: TokenRefusal) -> Response {
    let (status, error, description) = match refusal {
        TokenRefusal::Malformed => (BAD, "invalid_request", "not a form with one grant and what it needs"),
        TokenRefusal::UnknownGrant => (BAD, "unsupported_grant_type", "the grant is not known here"),
        TokenRefusal::UnknownClient => (BAD, "unauthorized_client", "no such client in this tenant"),
        TokenRefusal::WrongSecret => {
            (StatusCode::UNAUTHORIZED, "invalid_client", "the client secret is wrong")
        }
        TokenRefusal::UnknownScope => (BAD, "invalid_scope", "the scope is not of this authority"),
        TokenRefusal::Pending => (BAD, "authorization_pending", "the user has not entered the code yet"),
        TokenRefusal::UnknownCode => (BAD, "invalid_grant", "the code or token is not known here"),
        TokenRefusal::ReplacedToken => {
            (BAD, "invalid_grant", "the refresh token was replaced by a newer one before")
        }
    };
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;

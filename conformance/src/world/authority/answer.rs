//! What the authority answers: discovery, tokens, and 404 for the rest.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    issuer::Issuer,
    request::{FormFields, observe},
};

/// Every path that is answered.
pub(super) fn routes(issuer: Arc<Issuer>) -> Router {
    Router::new()
        .route("/common/discovery/instance", get(instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/beacon", post(beacon))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&issuer), observe))
        .with_state(issuer)
}

/// Instance discovery: this host is its own and only alias.
async fn instance(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    Json(json!({
        "tenant_discovery_endpoint": format!("{}/common/v2.0/.well-known/openid-configuration", issuer.url),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST] }],
    }))
}

/// What one tenant tells clients about its endpoints.
async fn configuration(State(issuer): State<Arc<Issuer>>, Path(tenant): Path<String>) -> Json<Value> {
    let base = format!("{}/{tenant}", issuer.url);
    Json(json!({
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": null,
        "cloud_instance_name": HOST,
    }))
}

/// The token endpoint: client credentials with the client's secret in the form.
async fn token(
    State(issuer): State<Arc<Issuer>>,
    Path(tenant): Path<String>,
    Extension(form): Extension<Option<FormFields>>,
) -> Response {
    let form = form.unwrap_or_default();
    let fields: BTreeMap<&str, &str> =
        form.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    let (grant, scope) = (field("grant_type"), field("scope"));

    let refused = if fields.is_empty() || fields.len() != form.0.len() || grant.is_empty() {
        Some(Refusal::Request)
    } else if grant != "client_credentials" {
        Some(Refusal::Grant)
    } else if tenant != TENANT || field("client_id") != CLIENT_ID {
        Some(Refusal::Tenant)
    } else if field("client_secret") != issuer.client_secret() {
        Some(Refusal::Client)
    } else {
        None
    };
    let decision = match refused {
        Some(refusal) => Err(refusal),
        None => issuer.role_of(scope).ok_or(Refusal::Scope),
    };
    match decision {
        Ok(role) => {
            let token = issuer.issue(grant, scope, role);
            Json(json!({
                "token_type": "Bearer",
                "scope": scope,
                "expires_in": LIFETIME_SECONDS,
                "ext_expires_in": LIFETIME_SECONDS,
                "access_token": token,
            }))
            .into_response()
        }
        Err(refusal) => {
            issuer.refuse(grant, scope);
            refusal.into_response()
        }
    }
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

/// Why no token is issued, in the words of RFC 6749 section 5.2.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Request,
    Grant,
    Tenant,
    Client,
    Scope,
}

impl Refusal {
    fn into_response(self) -> Response {
        let (status, error, description) = match self {
            Self::Request => (StatusCode::BAD_REQUEST, "invalid_request", "not a form with one grant_type"),
            Self::Grant => (StatusCode::BAD_REQUEST, "unsupported_grant_type", "only client_credentials"),
            Self::Tenant => (StatusCode::BAD_REQUEST, "unauthorized_client", "no such client in this tenant"),
            Self::Client => (StatusCode::UNAUTHORIZED, "invalid_client", "the client secret is wrong"),
            Self::Scope => (StatusCode::BAD_REQUEST, "invalid_scope", "the scope is not of this authority"),
        };
        (status, Json(json!({ "error": error, "error_description": description }))).into_response()
    }
}

/// The name in the authority's URL; some libraries drop the port where they use it as a key.
pub(super) const HOST: &str = "localhost";
/// The only tenant.
pub(super) const TENANT: &str = "5ea1c4ec-0000-4000-8000-000000000001";
/// The only client.
pub(super) const CLIENT_ID: &str = "5ea1c4ec-0000-4000-8000-000000000002";
/// Long enough that no library thinks of refreshing during a case.
const LIFETIME_SECONDS: u32 = 3599;

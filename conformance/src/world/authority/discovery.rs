//! What clients ask before they ask for a token: the authority's aliases and endpoints.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header::HOST},
};
use serde_json::{Value, json};

use super::issuer::Issuer;

/// Instance discovery: the host that was asked is its own and only alias.
pub(super) async fn instance(State(issuer): State<Arc<Issuer>>, headers: HeaderMap) -> Json<Value> {
    let base = base(&issuer, &headers);
    let host = host(&base);
    Json(json!({
        "tenant_discovery_endpoint": format!("{base}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

/// What one tenant tells clients about its endpoints.
pub(super) async fn configuration(
    State(issuer): State<Arc<Issuer>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Json<Value> {
    let address = base(&issuer, &headers);
    let base = format!("{address}/{tenant}");
    Json(json!({
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": null,
        "cloud_instance_name": host(&address),
    }))
}

/// The address by which the client came: its own name, or the public one that a proxy leads here.
pub(super) fn base(issuer: &Issuer, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    if name == PUBLIC_NAME { format!("https://{PUBLIC_NAME}") } else { issuer.url.clone() }
}

/// The name in an address, without the port: some libraries drop it where they use the name as a key.
fn host(base: &str) -> &str {
    let name = base.trim_start_matches("https://");
    name.split(':').next().unwrap_or(name)
}

/// Whether a tenant in a path is the only one there is, or a word for whichever one the user belongs to.
pub(super) fn is_tenant(tenant: &str) -> bool {
    [TENANT, "organizations", "common"].contains(&tenant)
}

/// Whether the user may sign in to a client: ours, or the one by which Microsoft's developer tools share their tokens.
pub(super) fn is_public_client(client_id: &str) -> bool {
    [CLIENT_ID, DEVELOPER_TOOLS].contains(&client_id)
}

/// The name in the authority's URL.
pub(super) const NAME: &str = "localhost";
/// The name under which libraries look for an authority if nobody tells them another; a proxy leads them here.
pub(super) const PUBLIC_NAME: &str = "login.microsoftonline.com";
/// The only tenant.
pub(super) const TENANT: &str = "5ea1c4ec-0000-4000-8000-000000000001";
/// The only client of ours.
pub(super) const CLIENT_ID: &str = "5ea1c4ec-0000-4000-8000-000000000002";
/// The client of `az` and its kin, which is in the family whose members may redeem each other's refresh tokens.
const DEVELOPER_TOOLS: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

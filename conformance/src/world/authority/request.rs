//! Reads each request within bounds, and shows every part of it to the leak scan before it is answered.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Form, FromRequest as _, Query, Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{CONNECTION, CONTENT_TYPE},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::issuer::Issuer;
use crate::observation::SessionIndex;

/// One part of a request, as the leak scan gets it.
#[derive(Clone, Copy, Debug)]
pub struct RequestPart<'a> {
    /// The session during which the request came.
    pub session: Option<SessionIndex>,
    /// The path of the request, canaries replaced by `{role}`; `(not TLS)` for bytes that were no TLS.
    pub path: &'a str,
    /// `path`, `query`, `header:NAME`, the name of a form field, `field names`, `body` or `bytes`.
    pub field: &'a str,
    /// What it held.
    pub bytes: &'a [u8],
}

/// The fields of a form, in the order of the body.
#[derive(Clone, Debug, Default)]
pub(super) struct FormFields(pub(super) Vec<(String, String)>);

/// The fields of a form, none of which is there twice; one that is absent is empty.
#[derive(Debug)]
pub(super) struct Fields<'a>(BTreeMap<&'a str, &'a str>);

impl FormFields {
    /// The fields by name, or `None` if one is there twice.
    pub(super) fn unique(&self) -> Option<Fields<'_>> {
        let fields: BTreeMap<_, _> =
            self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        (fields.len() == self.0.len()).then_some(Fields(fields))
    }
}

impl<'a> Fields<'a> {
    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> &'a str {
        self.0.get(name).copied().unwrap_or_default()
    }
}

/// Shows a request to the leak scan, then hands it on with its form already decoded.
pub(super) async fn observe(State(issuer): State<Arc<Issuer>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    see_head(&issuer, &parts);
    let path = parts.uri.path().to_owned();
    let (bytes, end) = read(body).await;
    let fields = if is_form(&parts.headers) { decode(&bytes).await } else { None };
    see_body(&issuer, &path, &bytes, fields.as_ref());
    let refusal = match end {
        End::Complete => {
            parts.extensions.insert(fields);
            return next.run(Request::from_parts(parts, Body::from(bytes))).await;
        }
        End::TooLong => {
            issuer.lose(format!(
                "a request body was longer than {MAX_BODY_BYTES} bytes; the rest was not read"
            ));
            StatusCode::PAYLOAD_TOO_LARGE
        }
        End::Broken => StatusCode::BAD_REQUEST,
        End::TooSlow => StatusCode::REQUEST_TIMEOUT,
    };
    // What is left of the body must not be taken for the next request.
    (refusal, [(CONNECTION, "close")]).into_response()
}

fn see_head(issuer: &Issuer, parts: &Parts) {
    let path = parts.uri.path();
    issuer.see(path, "path", path.as_bytes());
    if let Some(query) = parts.uri.query() {
        issuer.see(path, "query", query.as_bytes());
        if let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            for (name, value) in &pairs {
                issuer.see(path, "query", format!("{name}={value}").as_bytes());
            }
        }
    }
    for (name, value) in &parts.headers {
        issuer.see(path, &format!("header:{name}"), value.as_bytes());
    }
}

/// A form is shown field by field, so that the one field that carries the client's secret can be told from the rest.
fn see_body(issuer: &Issuer, path: &str, bytes: &[u8], fields: Option<&FormFields>) {
    let Some(FormFields(fields)) = fields else {
        if !bytes.is_empty() {
            issuer.see(path, "body", bytes);
        }
        return;
    };
    for (name, value) in fields {
        issuer.see(path, "field names", name.as_bytes());
        issuer.see(path, name, value.as_bytes());
    }
}

/// How the reading of a body ended.
enum End {
    Complete,
    TooLong,
    Broken,
    TooSlow,
}

/// Reads at most [`MAX_BODY_BYTES`] of a body; what was read before a bad end is kept for the scan.
async fn read(body: Body) -> (Vec<u8>, End) {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else { return End::Broken };
            let room = MAX_BODY_BYTES - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return End::TooLong;
            }
        }
        End::Complete
    };
    let end = timeout(BODY, reading).await.unwrap_or(End::TooSlow);
    (bytes, end)
}

fn is_form(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let kind = value.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(FORM)
}

/// The fields of a form, or `None` for bytes that are none.
async fn decode(bytes: &[u8]) -> Option<FormFields> {
    std::str::from_utf8(bytes).ok()?;
    let request = Request::builder()
        .method(Method::POST)
        .header(CONTENT_TYPE, FORM)
        .body(Body::from(bytes.to_vec()))
        .expect("method and header are valid");
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.ok()?;
    Some(FormFields(fields))
}

/// The longest body that is read.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;
const BODY: Duration = Duration::from_secs(10);
const FORM: &str = "application/x-www-form-urlencoded";

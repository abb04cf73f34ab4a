//! What every response gets, whatever the route: a request id, a line in the log,
//! the nonce for the next proof, the headers that keep browsers careful, and for a
//! rejection the problem document.
//!
//! The log holds method, path, status and time. Never a header, a query or a body:
//! tokens, proofs and codes travel there.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ferry_protocol::problem::ProblemCode;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::auth::dpop::DPOP_NONCE;
use crate::problem::{Rejection, code_text};
use crate::state::AppState;

/// The header that carries a request's id, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request that takes longer is given up: a worker's long poll takes 25 s.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What keeps browsers careful, whatever the answer is.
const CAREFUL: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), ambient-light-sensor=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), \
         display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), \
         idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
         picture-in-picture=(), screen-wake-lock=(), serial=(), storage-access=(), usb=(), \
         xr-spatial-tracking=()",
    ),
];

/// Longest request id that is taken from a client.
const MAX_REQUEST_ID: usize = 64;

/// Around every route.
pub async fn finish(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers()).unwrap_or_else(|| state.stamp().uuid().to_string());
    let method = request.method().clone();
    // The route, as it was registered: identifiers in paths would only be noise.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("request", %method, route, request_id = id);
    let begun = Instant::now();
    let mut response = async {
        let response = match tokio::time::timeout(TIMEOUT, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Rejection::unavailable("the request took longer than a minute").into_response(),
        };
        let response = write_problem(response, &id);
        let millis = begun.elapsed().as_millis();
        tracing::info!(status = response.status().as_u16(), millis, "answered");
        response
    }
    .instrument(span)
    .await;
    add_headers(&state, response.headers_mut(), &id);
    response
}

/// A panic in a handler: the request fails, the server goes on. What it was about
/// may hold anything, and is not repeated.
pub fn on_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    Rejection::internal("a handler panicked").into_response()
}

/// A path that no route has.
pub async fn not_found() -> Rejection {
    Rejection::new(ProblemCode::NotFound, "The server has no such route.")
}

/// A method that the route does not know.
pub async fn method_not_allowed() -> Rejection {
    Rejection::new(
        ProblemCode::MethodNotAllowed,
        "The route does not know this method.",
    )
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let legal = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(legal)).then(|| id.to_owned())
}

fn write_problem(mut response: Response, request_id: &str) -> Response {
    let Some(rejection) = response.extensions_mut().remove::<Rejection>() else {
        return response;
    };
    tracing::debug!(
        code = code_text(rejection.code),
        detail = rejection.detail,
        "rejected"
    );
    let (mut parts, _) = response.into_parts();
    if let Some(challenge) = challenge(rejection.code) {
        parts.headers.insert(WWW_AUTHENTICATE, challenge);
    }
    let unavailable = (rejection.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
    if let Some(seconds) = rejection.retry_after_s.or(unavailable) {
        parts.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let body = Json(rejection.problem(Some(request_id.to_owned())))
        .into_response()
        .into_body();
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, Body::new(body))
}

/// RFC 9449 §7.1 and §9: what a request that is not let in is told.
fn challenge(code: ProblemCode) -> Option<HeaderValue> {
    let challenge = match code {
        ProblemCode::UseDpopNonce => r#"DPoP error="use_dpop_nonce", algs="ES256""#,
        ProblemCode::InvalidDpopProof => r#"DPoP error="invalid_dpop_proof", algs="ES256""#,
        ProblemCode::InvalidToken => r#"DPoP error="invalid_token", algs="ES256""#,
        _ => return None,
    };
    Some(HeaderValue::from_static(challenge))
}

fn add_headers(state: &AppState, headers: &mut HeaderMap, request_id: &str) {
    // Both are of characters that a header takes.
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Ok(nonce) = HeaderValue::from_str(&state.nonces().current(state.now())) {
        headers.insert(DPOP_NONCE, nonce);
    }
    for (name, value) in CAREFUL {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // The web app's files have others.
    let policy = "default-src 'none'; frame-ancestors 'none'";
    for (name, value) in [(CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, policy)] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

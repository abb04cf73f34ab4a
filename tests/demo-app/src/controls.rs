//! `/test/…`: what only tests may ask. Served with `--test-controls` alone, since
//! it shows HttpOnly cookies and ends other people's sessions.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::routes::{self, App};
use crate::users;

/// The routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/test/echo", get(echo).post(echo))
        .route("/test/set", get(set_by_query).post(set_by_body))
        .route("/test/sign-out-everywhere", post(sign_out_everywhere))
        .route("/test/bind", get(bind))
        .with_state(app)
}

/// The `Cookie` header, byte for byte; one line each if there are several.
async fn echo(headers: HeaderMap) -> Response {
    let lines: Vec<_> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    ([(CONTENT_TYPE, "application/octet-stream")], lines.join(&b'\n')).into_response()
}

/// Asks the browser to bind the session to the device (Device Bound Session Credentials).
/// One that does asks for the registration next, which is not there.
async fn bind() -> Response {
    let registration = HeaderValue::from_static("(ES256);path=\"/test/register\";challenge=\"c\"");
    (
        [(
            HeaderName::from_static("secure-session-registration"),
            registration,
        )],
        "bound",
    )
        .into_response()
}

/// Sets each `line` of the query, which is a raw `Set-Cookie` value.
async fn set_by_query(Query(query): Query<Vec<(String, String)>>) -> Response {
    set(query
        .iter()
        .filter(|(name, _)| name == "line")
        .map(|(_, line)| line.as_bytes()))
}

/// Sets each line of the body, which is a raw `Set-Cookie` value of any bytes
/// but control characters.
async fn set_by_body(body: Bytes) -> Response {
    set(body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()))
}

fn set<'l>(lines: impl Iterator<Item = &'l [u8]>) -> Response {
    let mut headers = HeaderMap::new();
    for line in lines {
        match HeaderValue::from_bytes(line) {
            Ok(value) => headers.append(SET_COOKIE, value),
            Err(_) => return (StatusCode::BAD_REQUEST, "a line cannot be a header").into_response(),
        };
    }
    let count = headers.len();
    (headers, format!("set {count}\n")).into_response()
}

/// Signs `user` out of every session on the server; the browsers keep their
/// cookies. Answers with the number of sessions.
async fn sign_out_everywhere(
    State(app): State<Arc<App>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let name = query
        .iter()
        .find(|(name, _)| name == "user")
        .map(|(_, user)| user.as_str());
    match name.and_then(users::find) {
        Some(user) => {
            let notes = routes::lock(&app.sessions).end_everywhere(user);
            (notes + app.chat.end_everywhere(user))
                .to_string()
                .into_response()
        }
        None => (StatusCode::NOT_FOUND, "no such user").into_response(),
    }
}

//! The web app, out of this program: the files that `./build.sh` made of `cloud/web`
//! are part of it (an unoptimised build reads them from their folder).
//!
//! Whatever path is no route of the API ends here. One whose last part has a dot names
//! a file; any other is a page of the app, which finds out itself which. Paths are only
//! ever names in a list, and those that try to be more (`..`, percent-encoding) name
//! nothing.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::middleware;
use crate::state::AppState;

/// What a page of the app is.
const INDEX: &str = "index.html";

/// The app is of its own files alone, and talks to its own server alone. Nothing is
/// inline, and no other site frames it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'none'",
);

/// Names stay the same from build to build: a browser asks each time, and is mostly
/// told that nothing has changed.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// What a page says where the app is not there.
const MISSING: &str =
    "The web app is not part of this build. Build it with ./build.sh, then build the server.\n";

/// A file of the web app.
#[derive(Clone, Debug)]
pub struct File {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// SHA-256 of it.
    pub hash: [u8; 32],
}

/// Where the files of the web app are.
pub trait Files: Send + Sync {
    /// The file of this name, such as `icons/128.png`.
    fn get(&self, name: &str) -> Option<File>;
}

/// The files that are part of this program.
#[derive(Clone, Copy, Debug, Default, rust_embed::RustEmbed)]
#[folder = "../web/dist/"]
#[allow_missing = true]
pub struct Embedded;

impl Files for Embedded {
    fn get(&self, name: &str) -> Option<File> {
        let file = <Self as rust_embed::RustEmbed>::get(name)?;
        Some(File {
            bytes: file.data,
            hash: file.metadata.sha256_hash(),
        })
    }
}

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked<'a> {
    /// A page of the app.
    Page,
    /// A file by its name.
    File(&'a str),
    /// Nothing that could be there.
    Nothing,
}

/// Answers for every path that is no route of the API.
pub async fn serve(State(state): State<AppState>, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match asked(request.uri().path()) {
        Asked::Page if reads => match state.web().get(INDEX) {
            Some(index) => answer(&state, INDEX, index, request.headers()),
            None => missing(),
        },
        Asked::File(name) if reads => match state.web().get(name) {
            Some(file) => answer(&state, name, file, request.headers()),
            None => middleware::not_found().await.into_response(),
        },
        _ => middleware::not_found().await.into_response(),
    }
}

fn asked(path: &str) -> Asked<'_> {
    let name = path.strip_prefix('/').unwrap_or(path);
    let legal = |part: &str| {
        let char = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
        !part.starts_with('.') && part.bytes().all(char)
    };
    let is_api = name == "v1" || name.starts_with("v1/");
    // Those are kept beside what they are made of, and are nothing by themselves.
    let is_compressed = name.ends_with(".gz");
    if is_api || is_compressed || !name.split('/').all(legal) {
        return Asked::Nothing;
    }
    match name.rsplit('/').next() {
        Some(last) if last.contains('.') => Asked::File(name),
        _ => Asked::Page,
    }
}

/// A file, compressed if it was compressed beforehand and the client takes that;
/// nothing but its tag if the client has it.
fn answer(state: &AppState, name: &str, plain: File, asked: &HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CACHE_CONTROL, ASK_AGAIN);
    let mut file = plain;
    if let Some(compressed) = state.web().get(&format!("{name}.gz")) {
        headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
        if takes_gzip(asked) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            file = compressed;
        }
    }
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(file.hash));
    let has_it = has(asked, &tag);
    // Of characters that a header takes.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    if has_it {
        headers.remove(CONTENT_ENCODING);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (headers, Body::from(bytes)).into_response()
}

fn missing() -> Response {
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, ASK_AGAIN)];
    (StatusCode::SERVICE_UNAVAILABLE, headers, MISSING).into_response()
}

/// RFC 9110 §12.5.3, as far as it is about gzip.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let mut any = false;
    for coding in list(asked, ACCEPT_ENCODING) {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = quality
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse() == Ok(0.0));
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return !refused,
            "*" => any = !refused,
            _ => {}
        }
    }
    any
}

/// RFC 9110 §13.1.2: whether the client has what this tag is of.
fn has(asked: &HeaderMap, tag: &str) -> bool {
    list(asked, IF_NONE_MATCH).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The members of a header that is a list.
fn list(headers: &HeaderMap, name: axum::http::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_page_a_file_or_nothing() {
        for page in ["/", "", "/invitation", "/accounts/one", "/v1x", "/v2/me"] {
            assert_eq!(asked(page), Asked::Page, "{page}");
        }
        for file in ["web.css", "icons/128.png", "ferry_web_bg.wasm", "a/b.c/d.js"] {
            assert_eq!(asked(&format!("/{file}")), Asked::File(file));
        }
        for nothing in [
            "/v1",
            "/v1/",
            "/v1/no-such-route",
            "/v1/a.js",
            "/..",
            "/../web.css",
            "/icons/../../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/..%2f..%2fCargo.toml",
            "/icons%2F128.png",
            "/..\\Cargo.toml",
            "/web.css%00",
            "/.git/config",
            "/index.html.gz",
        ] {
            assert_eq!(asked(nothing), Asked::Nothing, "{nothing}");
        }
    }

    #[test]
    fn gzip_is_sent_to_whom_takes_it() {
        let takes = |value: &'static str| {
            let value = (ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_gzip(&HeaderMap::from_iter([value]))
        };
        for yes in ["gzip", "gzip, deflate, br", "br;q=1, GZIP;q=0.5", "*"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip; q=0.0, *", "*;q=0", "gzippy"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}

//! The web app, as a browser gets it. Its files are made up here: which there are in
//! `cloud/web/dist` does not matter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::{HeaderMap, Request, StatusCode};
use ferry_protocol::api::Me;
use ferry_protocol::problem::ProblemCode;
use sha2::{Digest as _, Sha256};

use crate::client::Answer;
use crate::fixture::{ADA, BASE, PASSWORD, Server};
use ferry_server::web::{File, Files};

/// Files by name.
struct App(BTreeMap<&'static str, &'static [u8]>);

impl Files for App {
    fn get(&self, name: &str) -> Option<File> {
        let bytes = self.0.get(name)?;
        Some(File {
            bytes: Cow::Borrowed(bytes),
            hash: Sha256::digest(bytes).into(),
        })
    }
}

const PLAIN: &[u8] = b"\0asm, as it is";
const COMPRESSED: &[u8] = b"the same, smaller";

async fn server() -> Server {
    let files: [(&str, &[u8]); 9] = [
        ("index.html", b"<!doctype html>"),
        ("web.css", b"body {}"),
        ("main.js", b"run()"),
        ("ferry_web_bg.wasm", PLAIN),
        ("ferry_web_bg.wasm.gz", COMPRESSED),
        ("manifest.webmanifest", b"{}"),
        ("icons/128.png", b"png"),
        // Names that no path may reach.
        ("../secret.txt", b"secret"),
        (".git/config", b"secret"),
    ];
    Server::start_with_web(App(files.into_iter().collect())).await
}

async fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Vec::new()).unwrap();
    server.client().send_raw(request).await.unwrap()
}

async fn get(server: &Server, path: &str) -> Answer {
    send(server, "GET", path, &[]).await
}

#[tokio::test]
async fn every_page_is_the_app() {
    let server = server().await;
    for path in ["/", "/?from=mail", "/invitation", "/accounts/one"] {
        let page = get(&server, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.body, b"<!doctype html>", "{path}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    }
    let head = send(&server, "HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.headers["content-length"], "15");
}

#[tokio::test]
async fn every_file_has_its_type() {
    let server = server().await;
    for (path, kind, body) in [
        ("/index.html", "text/html; charset=utf-8", "<!doctype html>"),
        ("/web.css", "text/css; charset=utf-8", "body {}"),
        ("/main.js", "text/javascript; charset=utf-8", "run()"),
        ("/ferry_web_bg.wasm", "application/wasm", "\0asm, as it is"),
        ("/manifest.webmanifest", "application/manifest+json", "{}"),
        ("/icons/128.png", "image/png", "png"),
    ] {
        let file = get(&server, path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert_eq!(file.headers["content-type"], kind, "{path}");
        assert_eq!(file.headers["cache-control"], "no-cache", "{path}");
        assert_eq!(file.body, body.as_bytes(), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let server = server().await;
    for path in [
        "/other.js",
        "/icons/16.png",
        "/v1",
        "/v1/",
        "/v1/no-such-route",
        "/v1/main.js",
        "/../secret.txt",
        "/icons/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2Fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "//../secret.txt",
        "/.git/config",
        "/ferry_web_bg.wasm.gz",
    ] {
        let answer = get(&server, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.code(), ProblemCode::NotFound, "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = send(&server, method, "/", &[]).await;
        assert_eq!(answer.code(), ProblemCode::NotFound, "{method}");
    }
}

#[tokio::test]
async fn a_client_that_takes_gzip_gets_what_was_compressed() {
    let server = server().await;
    let path = "/ferry_web_bg.wasm";
    let gzip = ("accept-encoding", "br, gzip");
    let compressed = send(&server, "GET", path, &[gzip]).await;
    assert_eq!(compressed.body, COMPRESSED);
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert_eq!(compressed.headers["content-type"], "application/wasm");
    let plain = send(&server, "GET", path, &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(plain.body, PLAIN);
    assert!(!plain.headers.contains_key("content-encoding"));
    // A cache keeps the two apart.
    for answer in [&compressed, &plain] {
        assert_eq!(answer.headers["vary"], "accept-encoding");
    }
    assert_ne!(compressed.headers["etag"], plain.headers["etag"]);
    let only_plain = send(&server, "GET", "/main.js", &[gzip]).await;
    assert_eq!(only_plain.body, b"run()");
    assert!(!only_plain.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn a_client_that_has_a_file_is_told_so() {
    let server = server().await;
    let path = "/ferry_web_bg.wasm";
    let gzip = ("accept-encoding", "gzip");
    let first = send(&server, "GET", path, &[gzip]).await;
    let tag = first.headers["etag"].to_str().unwrap();
    for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = send(&server, "GET", path, &[gzip, ("if-none-match", &known)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{known}");
        assert!(again.body.is_empty());
        for header in ["etag", "cache-control", "vary", "content-security-policy"] {
            assert_eq!(again.headers[header], first.headers[header], "{header}");
        }
    }
    // The tag is of the one that was compressed; and another file has another.
    for other in [
        send(&server, "GET", path, &[("if-none-match", tag)]).await,
        send(&server, "GET", "/main.js", &[("if-none-match", tag)]).await,
    ] {
        assert_eq!(other.status, StatusCode::OK);
    }
}

/// What every answer has; the policy differs.
fn is_careful(headers: &HeaderMap) {
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
    assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    let denied = headers["permissions-policy"].to_str().unwrap();
    for what in ["camera=()", "microphone=()", "geolocation=()"] {
        assert!(denied.contains(what), "{denied}");
    }
}

#[tokio::test]
async fn the_app_may_do_little() {
    let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'";
    let (whole, without) = (server().await, Server::start().await);
    for (server, path, status) in [
        (&whole, "/", StatusCode::OK),
        (&whole, "/main.js", StatusCode::OK),
        (&without, "/", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let answer = get(server, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["content-security-policy"], policy, "{path}");
        is_careful(&answer.headers);
    }
    for path in ["/other.js", "/v1/health", "/v1/no-such-route"] {
        let answer = get(&whole, path).await;
        let strictest = "default-src 'none'; frame-ancestors 'none'";
        assert_eq!(answer.headers["content-security-policy"], strictest, "{path}");
        is_careful(&answer.headers);
    }
}

#[tokio::test]
async fn a_build_without_the_app_says_so() {
    let server = Server::start().await;
    for path in ["/", "/invitation"] {
        let page = get(&server, path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.headers["content-type"], "text/plain; charset=utf-8");
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains("./build.sh"), "{text}");
    }
    assert_eq!(get(&server, "/main.js").await.code(), ProblemCode::NotFound);
    assert_eq!(get(&server, "/v1/health").await.status, StatusCode::NO_CONTENT);
}

/// A page of the app says where it is from with each request that changes something,
/// and so does the extension. It makes no difference: nothing goes along by itself.
#[tokio::test]
async fn the_app_uses_the_api_of_its_own_origin_and_no_other_page_does() {
    let server = server().await;
    let workspace = server.workspace("Acme").await;
    server.user(workspace, ADA).await;
    let client = server.client();
    client.sign_in(ADA, PASSWORD).await.ok::<serde_json::Value>();
    for origin in [BASE, "moz-extension://0"] {
        // A proof is good once.
        let proof = client.proof(&client.claims(&axum::http::Method::GET, "/v1/me", &[]));
        let mut request = client.request(&axum::http::Method::GET, "/v1/me", Vec::new(), &proof);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let answer = client.send_raw(request).await.unwrap();
        assert_eq!(answer.ok::<Me>().user.email, ADA, "{origin}");
        assert!(!allows_anybody(&answer.headers), "{origin}");
    }
    // What a browser asks before it sends a proof from elsewhere: it is not allowed to.
    for path in ["/v1/me", "/v1/sign-in", "/v1/device", "/openapi.json", "/"] {
        let asked = [
            ("origin", "https://evil.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization, dpop"),
        ];
        let answer = send(&server, "OPTIONS", path, &asked).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(!allows_anybody(&answer.headers), "{path}");
    }
}

fn allows_anybody(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name.as_str().starts_with("access-control-"))
}

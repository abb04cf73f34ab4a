//! An app over HTTPS, with a certificate authority made for the test: it signs
//! people in by the cookie `sid`, rotates the cookie `rotating` at every visit, and
//! remembers what it was sent.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::serve::Listener;
use ferry_catalogue::App;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_rustls::server::TlsStream;

/// Nothing takes longer in these tests.
const LIMIT: Duration = Duration::from_secs(90);

/// The app, running.
pub(crate) struct TestApp {
    pub(crate) port: u16,
    /// The authority's certificate, as a PEM file.
    pub(crate) ca: PathBuf,
    _dir: tempfile::TempDir,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Who is signed in, by the value of `sid`.
    sessions: Mutex<HashMap<String, String>>,
    requests: watch::Sender<Vec<Request>>,
    /// Status of the check page, for an app that fails.
    failing: Mutex<Option<u16>>,
    /// The `sid` of whom the check page gives no answer.
    held: watch::Sender<Option<String>>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The Cookie header, byte for byte.
    pub(crate) cookie: Vec<u8>,
    pub(crate) user_agent: String,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (ca_pem, server) = certificates();
        let ca = dir.path().join("ca.pem");
        std::fs::write(&ca, ca_pem).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/me", get(me))
            .route("/sign-in", get(|| async { Html("Please sign in") }))
            .route("/redirect", get(redirect))
            .route("/page", get(page))
            .fallback(|| async { "seen" })
            .layer(axum::middleware::from_fn_with_state(shared.clone(), remember))
            .with_state(shared.clone());
        let listener = TlsListener::new(listener, address, server);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            port: address.port(),
            ca,
            _dir: dir,
            shared,
        }
    }

    /// Its definition: the check page names the user.
    pub(crate) fn definition(&self) -> App {
        let at = |path: &str| self.url("app.test", path);
        serde_json::from_value(serde_json::json!({
            "id": "custom-app",
            "name": "App",
            "domains": ["app.test", "partner.test"],
            "sign_in": at("/sign-in"),
            "check": at("/me"),
            "signed_in": { "all": ["sid"] },
            "identity": [{
                "strength": "active",
                "from": { "page": at("/me") },
                "steps": [{ "after": "<b>" }, { "before": "</b>" }],
            }],
        }))
        .unwrap()
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    pub(crate) fn sign_in(&self, sid: &str, user: &str) {
        self.shared
            .sessions
            .lock()
            .unwrap()
            .insert(sid.to_owned(), user.to_owned());
    }

    pub(crate) fn sign_out(&self, sid: &str) {
        self.shared.sessions.lock().unwrap().remove(sid);
    }

    /// Gives no answer to whoever comes with `sid` from now on, until it is let go.
    pub(crate) fn hold(&self, sid: Option<&str>) {
        self.shared.held.send_replace(sid.map(str::to_owned));
    }

    pub(crate) fn fail_with(&self, status: Option<u16>) {
        *self.shared.failing.lock().unwrap() = status;
    }

    /// The requests to a path so far.
    pub(crate) fn requests(&self, path: &str) -> Vec<Request> {
        let requests = self.shared.requests.borrow();
        let to_path = requests.iter().filter(|request| request.path == path);
        to_path.cloned().collect()
    }

    /// Waits until a path has been asked for so many times; the last of the requests.
    pub(crate) async fn until_requested(&self, path: &str, times: usize) -> Request {
        let mut requests = self.shared.requests.subscribe();
        let enough = |all: &Vec<Request>| all.iter().filter(|request| request.path == path).count() >= times;
        let waiting = tokio::time::timeout(LIMIT, requests.wait_for(enough));
        let Ok(Ok(_)) = waiting.await else {
            panic!("waited too long for {path}");
        };
        self.requests(path).swap_remove(times - 1)
    }
}

impl Request {
    fn of(request: &axum::extract::Request) -> Self {
        let header = |name: HeaderName| {
            let value = request.headers().get(name);
            value.map(|value| value.as_bytes().to_vec()).unwrap_or_default()
        };
        let text = |name| String::from_utf8_lossy(&header(name)).into_owned();
        Self {
            path: request.uri().path().to_owned(),
            cookie: header(axum::http::header::COOKIE),
            user_agent: text(axum::http::header::USER_AGENT),
        }
    }

    /// The cookies in the Cookie header, sorted.
    pub(crate) fn cookies(&self) -> Vec<String> {
        let header = String::from_utf8(self.cookie.clone()).unwrap();
        let mut cookies: Vec<_> = header
            .split("; ")
            .filter(|pair| !pair.is_empty())
            .map(str::to_owned)
            .collect();
        cookies.sort();
        cookies
    }
}

async fn remember(
    State(shared): State<Arc<Shared>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    shared
        .requests
        .send_modify(|requests| requests.push(Request::of(&request)));
    next.run(request).await
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let header = headers.get("cookie")?.to_str().ok()?;
    let mut pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// The page that only signed-in people see.
async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let sid = cookie(&headers, "sid");
    let mut held = shared.held.subscribe();
    // The sender is in what this function holds.
    let _ = held.wait_for(|held| held.is_none() || *held != sid).await;
    if let Some(status) = *shared.failing.lock().unwrap() {
        return (StatusCode::from_u16(status).unwrap(), "no").into_response();
    }
    let user = sid.and_then(|sid| shared.sessions.lock().unwrap().get(&sid).cloned());
    let Some(user) = user else {
        return Redirect::to("/sign-in?next=/me").into_response();
    };
    let visits: u32 = cookie(&headers, "rotating")
        .and_then(|visits| visits.parse().ok())
        .unwrap_or(0);
    let rotated = format!("rotating={}; Path=/; Secure; HttpOnly; Max-Age=3600", visits + 1);
    (
        AppendHeaders([("set-cookie", rotated)]),
        Html(format!("<p>Hello <b>{user}</b>")),
    )
        .into_response()
}

async fn redirect(Query(query): Query<HashMap<String, String>>) -> Redirect {
    Redirect::to(&query["to"])
}

/// A page with this body.
async fn page(Query(query): Query<HashMap<String, String>>) -> Html<String> {
    Html(query["body"].clone())
}

/// A new authority, and a certificate for the tests' hosts.
fn certificates() -> (String, ServerConfig) {
    let mut ca = CertificateParams::default();
    valid_today(&mut ca);
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_key = KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let hosts = ["app.test", "*.app.test", "partner.test", "foreign.test"];
    let mut leaf = CertificateParams::new(hosts.map(str::to_owned)).unwrap();
    valid_today(&mut leaf);
    let key = KeyPair::generate().unwrap();
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (ca_pem, server)
}

/// Chromium takes certificates of at most 398 days.
fn valid_today(certificate: &mut CertificateParams) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    #[expect(
        clippy::disallowed_methods,
        reason = "a certificate must be valid while the test runs"
    )]
    let now = SystemTime::now();
    certificate.not_before = (now - DAY).into();
    certificate.not_after = (now + 30 * DAY).into();
}

/// Connections whose handshake is done.
struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    fn new(listener: TcpListener, address: SocketAddr, config: ServerConfig) -> Self {
        let (send, ready) = mpsc::channel(16);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let (acceptor, send) = (acceptor.clone(), send.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = send.send((stream, peer)).await;
                    }
                });
            }
        });
        Self { address, ready }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

//! The line between the extension and the server, in the hands of a test: it keeps
//! what went over it, can hold a message at either end, and can put lies into the
//! server's mouth.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context, Result};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// More than the server takes, so that it is the server that refuses.
const BODY_LIMIT: usize = 16 << 20;

/// A line that is up.
pub struct Wire {
    /// The address that the extension is told, without a slash at the end.
    pub address: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    server: OnceLock<String>,
    client: reqwest::Client,
    state: Mutex<Tapped>,
}

/// What has been seen and what is still to be done.
#[derive(Default)]
struct Tapped {
    exchanges: Vec<Exchange>,
    holds: Vec<Hold>,
    lies: Vec<Lie>,
}

/// A request and how it was answered.
#[derive(Clone)]
pub struct Exchange {
    /// Method.
    pub method: Method,
    /// Path.
    pub path: String,
    /// The request's body.
    pub sent: Bytes,
    /// The status of the answer; `None`: there was none yet.
    pub status: Option<StatusCode>,
    /// The answer's body.
    pub received: Bytes,
}

/// A message that the extension sends, or the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Consent is given.
    Consent,
    /// A one-time key is asked for.
    Begin,
    /// The sealed session is uploaded.
    Upload,
    /// The session is deleted.
    Delete,
}

impl Message {
    fn is(self, method: &Method, path: &str) -> bool {
        let begins = path.ends_with("/transfers");
        match self {
            Self::Consent => method == Method::POST && path.ends_with("/consents"),
            Self::Begin => method == Method::POST && begins,
            Self::Upload => method == Method::PUT && path.contains("/transfers/"),
            Self::Delete => method == Method::DELETE && path.ends_with("/session"),
        }
    }
}

/// Where on the line a message is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the server sees it.
    Before(Message),
    /// After the server has answered, before the extension sees the answer.
    After(Message),
}

struct Hold {
    point: Point,
    reached: oneshot::Sender<()>,
    released: oneshot::Receiver<()>,
}

/// A message that will be held; it goes on when this is dropped.
pub struct Held {
    reached: oneshot::Receiver<()>,
    _release: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the message is there.
    pub async fn reached(&mut self) -> Result<()> {
        tokio::time::timeout(crate::wait::PATIENCE, &mut self.reached)
            .await
            .context("the message that was to be held never came")?
            .context("the line is down")
    }
}

struct Lie {
    about: Message,
    tell: Box<dyn Fn(&mut Value) + Send>,
}

impl Wire {
    /// Puts up a line whose other end is not connected yet.
    pub async fn put_up() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            server: OnceLock::new(),
            client: crate::http::client().build()?,
            state: Mutex::default(),
        });
        let app = axum::Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // It ends with the test, which sees for itself if there is no answer.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            address,
            shared,
            serving,
        })
    }

    /// Connects the other end.
    pub fn connect(&self, server: &str) -> Result<()> {
        self.shared
            .server
            .set(server.to_owned())
            .ok()
            .context("the line is connected already")
    }

    /// What has gone over the line so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.state().exchanges.clone()
    }

    /// The messages of this kind that the extension has sent so far.
    pub fn sent(&self, message: Message) -> Vec<Exchange> {
        let mut exchanges = self.exchanges();
        exchanges.retain(|exchange| message.is(&exchange.method, &exchange.path));
        exchanges
    }

    /// Holds the next message at this point.
    pub fn hold(&self, point: Point) -> Held {
        let (reached, when_reached) = oneshot::channel();
        let (release, released) = oneshot::channel();
        self.shared.state().holds.push(Hold {
            point,
            reached,
            released,
        });
        Held {
            reached: when_reached,
            _release: release,
        }
    }

    /// From now on, changes what the server answers to messages of this kind.
    pub fn lie(&self, about: Message, tell: impl Fn(&mut Value) + Send + 'static) {
        self.shared.state().lies.push(Lie {
            about,
            tell: Box::new(tell),
        });
    }

    /// From now on, lets the server say the truth.
    pub fn stop_lying(&self) {
        self.shared.state().lies.clear();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Tapped> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at a point, if a test wants that.
    async fn pause(&self, method: &Method, path: &str, after: bool) {
        let hold = {
            let holds = &mut self.state().holds;
            let here = |hold: &Hold| match hold.point {
                Point::Before(message) => !after && message.is(method, path),
                Point::After(message) => after && message.is(method, path),
            };
            holds.iter().position(here).map(|at| holds.remove(at))
        };
        if let Some(hold) = hold {
            // The test may have ended.
            let _ = hold.reached.send(());
            let _ = hold.released.await;
        }
    }

    /// The answer as the extension is to see it.
    fn told(&self, method: &Method, path: &str, body: Bytes) -> Bytes {
        let state = self.state();
        let mut lies = state
            .lies
            .iter()
            .filter(|lie| lie.about.is(method, path))
            .peekable();
        if lies.peek().is_none() {
            return body;
        }
        let Ok(mut value) = serde_json::from_slice(&body) else {
            return body;
        };
        lies.for_each(|lie| (lie.tell)(&mut value));
        value.to_string().into()
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match forward(&shared, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn forward(shared: &Shared, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method, parts.uri.path().to_owned());
    if path == crate::web_page::PATH {
        return Ok(Html(crate::web_page::HTML).into_response());
    }
    let sent = to_bytes(body, BODY_LIMIT).await?;
    let number = {
        let exchanges = &mut shared.state().exchanges;
        exchanges.push(Exchange {
            method: method.clone(),
            path: path.clone(),
            sent: sent.clone(),
            status: None,
            received: Bytes::new(),
        });
        exchanges.len() - 1
    };

    shared.pause(&method, &path, false).await;
    let server = shared.server.get().context("the line is not connected")?;
    // The host stays as the extension wrote it: proofs are about that address.
    let answer = shared
        .client
        .request(method.clone(), format!("{server}{}", parts.uri))
        .headers(parts.headers)
        .body(sent)
        .send()
        .await?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if !is_about_the_hop(name) {
            response = response.header(name, value);
        }
    }
    let status = answer.status();
    let received = answer.bytes().await?;
    let told = if status.is_success() {
        shared.told(&method, &path, received.clone())
    } else {
        received.clone()
    };
    {
        let exchange = &mut shared.state().exchanges[number];
        exchange.status = Some(status);
        exchange.received = received;
    }
    shared.pause(&method, &path, true).await;
    Ok(response.body(Body::from(told))?)
}

/// Headers about one connection, or about bytes that a lie may have changed.
fn is_about_the_hop(name: &HeaderName) -> bool {
    [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
    ]
    .contains(name)
}

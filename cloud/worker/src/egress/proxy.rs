//! The forward proxy of one browser context: plain HTTP by absolute-form requests
//! (RFC 9112 §3.2.2), everything else by CONNECT tunnels (RFC 9110 §9.3.6).
//!
//! It resolves names itself and connects to the very address that it checked, so
//! a name that changes its address in between gains nothing. What it refuses is
//! answered with 502, as an app that does not answer is: the page learns nothing
//! about what is on the worker's network.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri, client, server};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::rules::{Refused, Rules};

/// How long a host may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// At most so many refusals are remembered; a page may cause any number.
const MAX_REFUSALS: usize = 64;

/// A forward proxy on loopback. Ends, with all its connections, when dropped.
pub struct Proxy {
    address: SocketAddr,
    refusals: Refusals,
    /// Closes when the proxy is dropped.
    _open: watch::Sender<()>,
}

/// A connection that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The host, as the browser asked for it.
    pub host: String,
    /// Why.
    pub why: Refused,
}

type Refusals = Arc<Mutex<Vec<Refusal>>>;
type Body = BoxBody<Bytes, hyper::Error>;

/// What every connection needs.
#[derive(Clone)]
struct Shared {
    rules: Arc<Rules>,
    refusals: Refusals,
    closed: watch::Receiver<()>,
}

impl Proxy {
    /// Starts a proxy for one app's rules, on a port that the system chooses.
    pub async fn start(rules: Rules) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (open, closed) = watch::channel(());
        let refusals = Refusals::default();
        let shared = Shared {
            rules: Arc::new(rules),
            refusals: refusals.clone(),
            closed,
        };
        tokio::spawn(accept(listener, shared));
        Ok(Self {
            address,
            refusals,
            _open: open,
        })
    }

    /// The proxy's address, as browsers take it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first refusals, oldest first, each host once.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn accept(listener: TcpListener, shared: Shared) {
    let mut closed = shared.closed.clone();
    // Dropping the set ends its tasks.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = closed.changed() => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, shared.clone()));
                }
                // Out of file descriptors, most likely: others will be closed.
                Err(error) => tracing::warn!(%error, "the egress proxy cannot accept a connection"),
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Shared) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    let connection = server::conn::http1::Builder::new()
        .preserve_header_case(true)
        .title_case_headers(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the egress proxy ended");
    }
}

impl Shared {
    async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        let Some((host, port)) = target(request.method(), request.uri()) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let stream = match self.connect(&host, port).await {
            Ok(stream) => stream,
            Err(why) => {
                tracing::debug!(host, port, %why, "egress refused");
                self.remember(Refusal { host, why });
                return empty(StatusCode::BAD_GATEWAY);
            }
        };
        if request.method() == Method::CONNECT {
            self.tunnel(request, stream);
            return empty(StatusCode::OK);
        }
        self.forward(request, stream).await.unwrap_or_else(|error| {
            tracing::debug!(host, port, %error, "an app's server did not answer");
            self.remember(Refusal {
                host,
                why: Refused::Unreachable,
            });
            empty(StatusCode::BAD_GATEWAY)
        })
    }

    /// Connects to an address of the host that the rules allow.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Refused> {
        self.rules.host(host, port)?;
        let addresses: Vec<IpAddr> = match self.rules.fixed_address(host) {
            Some(address) => vec![address],
            None => {
                let found = tokio::net::lookup_host((host, port)).await;
                found
                    .map_err(|_| Refused::Unreachable)?
                    .map(|address| address.ip())
                    .collect()
            }
        };
        let own = own_addresses();
        let mut refused = Refused::Unreachable;
        for address in addresses {
            if let Err(why) = self.rules.address(host, address, &own) {
                refused = why;
                continue;
            }
            let connecting = TcpStream::connect((address, port));
            if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT_LIMIT, connecting).await {
                return Ok(stream);
            }
            refused = Refused::Unreachable;
        }
        Err(refused)
    }

    /// Copies bytes both ways once the browser has read the 200.
    fn tunnel(mut self, request: Request<Incoming>, mut stream: TcpStream) {
        tokio::spawn(async move {
            let Ok(browser) = hyper::upgrade::on(request).await else {
                return;
            };
            let mut browser = TokioIo::new(browser);
            tokio::select! {
                _ = self.closed.changed() => {}
                // Either side may end it at any time; that is no error of ours.
                _ = tokio::io::copy_bidirectional(&mut browser, &mut stream) => {}
            }
        });
    }

    /// Sends the request on, one connection for each.
    async fn forward(
        &self,
        request: Request<Incoming>,
        stream: TcpStream,
    ) -> Result<Response<Body>, hyper::Error> {
        let (mut sender, connection) = client::conn::http1::Builder::new()
            .preserve_header_case(true)
            .handshake(TokioIo::new(stream))
            .await?;
        let mut closed = self.closed.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = closed.changed() => {}
                _ = connection => {}
            }
        });
        let mut response = sender.send_request(to_origin(request)).await?;
        remove_hop_by_hop(response.headers_mut());
        Ok(response.map(BodyExt::boxed))
    }

    fn remember(&self, refusal: Refusal) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() < MAX_REFUSALS && !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
}

/// The addresses of this machine's interfaces, now. If they cannot be had, what is
/// refused by its range is refused all the same.
fn own_addresses() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces.iter().map(if_addrs::Interface::ip).collect(),
        Err(error) => {
            tracing::warn!(%error, "cannot list this machine's addresses");
            Vec::new()
        }
    }
}

/// Host and port that a request is for; `None` if it is not a request to a proxy.
fn target(method: &Method, uri: &Uri) -> Option<(String, u16)> {
    let authority = uri.authority()?;
    // No user names: they are how one host is dressed up as another.
    if authority.as_str().contains('@') {
        return None;
    }
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = match (method, uri.scheme_str()) {
        (&Method::CONNECT, None) => authority.port_u16()?,
        (_, Some("http")) => authority.port_u16().unwrap_or(80),
        _ => return None,
    };
    Some((host, port))
}

/// The request as the app's server expects it: origin form, and no header that is
/// meant for the proxy.
fn to_origin(mut request: Request<Incoming>) -> Request<Incoming> {
    let uri = request.uri();
    let host = uri
        .authority()
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let origin = uri
        .path_and_query()
        .map_or(Uri::from_static("/"), |path| Uri::from(path.clone()));
    *request.uri_mut() = origin;
    remove_hop_by_hop(request.headers_mut());
    // RFC 9112 §3.2.2: what the request line says wins over the Host header.
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    request
}

/// RFC 9110 §7.6.1: headers for this connection alone, and those they name.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
    ] {
        headers.remove(name);
    }
    for name in ["te", "transfer-encoding", "upgrade"] {
        headers.remove(name);
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_to_a_proxy_have_a_target() {
        let target = |method: Method, uri: &str| target(&method, &uri.parse().unwrap());
        assert_eq!(
            target(Method::CONNECT, "app.test:443"),
            Some(("app.test".to_owned(), 443))
        );
        assert_eq!(
            target(Method::CONNECT, "[::1]:443"),
            Some(("::1".to_owned(), 443))
        );
        assert_eq!(
            target(Method::GET, "http://app.test/a"),
            Some(("app.test".to_owned(), 80))
        );
        assert_eq!(
            target(Method::POST, "http://app.test:81/a"),
            Some(("app.test".to_owned(), 81))
        );
        assert_eq!(target(Method::GET, "/a"), None);
        assert_eq!(target(Method::GET, "https://app.test/"), None);
        assert_eq!(target(Method::GET, "http://app.test@10.0.0.1/"), None);
        assert_eq!(target(Method::CONNECT, "app.test"), None);
    }

    #[test]
    fn this_machines_addresses_are_known() {
        assert!(own_addresses().contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }

    #[test]
    fn headers_of_the_connection_are_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("x-other", "1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["x-other"]);
    }
}

//! A server for any number of hosts, over HTTP and HTTPS on one port, that sets
//! cookies as it is told and keeps the `Cookie` header of what it is asked, byte for
//! byte.
//!
//! | Query | Answers |
//! |---|---|
//! | `set=N` | the `Set-Cookie` lines with this number |
//! | `probe=RUN` | nothing; keeps the `Cookie` header as one of this run's |
//! | `probe=RUN&page=NAME` | as before, with a page that says which cookies its scripts see |
//! | `batch=NAME` | a page that asks for a list of addresses, one by one |
//! | `frame=ADDRESS` | a page with this address in a frame |
//! | `go=ADDRESS` | a page that leads to this address |
//! | `done=NAME` | nothing; the body says how a page fared |

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use ferry_e2e::browser::Authority;
use ferry_e2e::wait;
use harbour::Identity;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::http::{self, Answer, Request};

/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// A place that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe {
    /// In which context, such as a frame of another site.
    pub(crate) context: String,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Host.
    pub(crate) host: String,
    /// Path.
    pub(crate) path: String,
}

/// What one browser sent: the `Cookie` header of each place that was asked for.
pub(crate) type Sent = BTreeMap<Probe, Vec<u8>>;

/// A running server.
pub(crate) struct Site {
    /// Its certificate authority.
    pub(crate) authority: Authority,
    /// Its port on this machine.
    pub(crate) port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    /// By number: raw `Set-Cookie` lines.
    sets: Vec<Vec<Vec<u8>>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By name: addresses, and how many are asked for at a time.
    batches: BTreeMap<String, (Vec<String>, usize)>,
    /// By run.
    sent: BTreeMap<String, Sent>,
    /// By page: what it reported.
    done: BTreeMap<String, String>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Site {
    /// Starts it. Its certificate is for `names`, its authority's goes into `folder`.
    #[expect(clippy::disallowed_methods, reason = "certificates hold from now on")]
    pub(crate) async fn start(folder: &Path, names: Vec<String>, sets: Vec<Vec<Vec<u8>>>) -> Result<Self> {
        let identity = Identity::new(names, std::time::SystemTime::now())?;
        let pem = folder.join("ca.pem");
        std::fs::write(&pem, &identity.ca_pem)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            sets,
            state: Mutex::default(),
        });
        let acceptor = TlsAcceptor::from(Arc::new(identity.server));
        let serving = tokio::spawn(listen(listener, acceptor, Arc::clone(&shared)));
        Ok(Self {
            authority: Authority {
                pem,
                spki: identity.spki,
            },
            port,
            shared,
            serving,
        })
    }

    /// An address of the site's.
    pub(crate) fn url(&self, scheme: &str, host: &str, path_and_query: &str) -> String {
        format!("{scheme}://{host}:{}{path_and_query}", self.port)
    }

    /// The address of a page on `host` that shows `inner` in a frame.
    pub(crate) fn framing(&self, host: &str, inner: &str) -> String {
        let inner = utf8_percent_encode(inner, NON_ALPHANUMERIC);
        self.url("https", host, &format!("/?frame={inner}"))
    }

    /// The address of a page on `host` that leads to `to`.
    pub(crate) fn leading(&self, host: &str, to: &str) -> String {
        let to = utf8_percent_encode(to, NON_ALPHANUMERIC);
        self.url("https", host, &format!("/?go={to}"))
    }

    /// The address of a page that asks for all of these, so many at a time.
    pub(crate) fn batch(
        &self,
        name: &str,
        scheme: &str,
        host: &str,
        urls: Vec<String>,
        lanes: usize,
    ) -> String {
        self.shared.state().batches.insert(name.to_owned(), (urls, lanes));
        self.url(scheme, host, &format!("/?batch={name}"))
    }

    /// Waits until a page has reported, and gives what it said.
    pub(crate) async fn report(&self, name: &str) -> Result<String> {
        let what = format!("the page {name} to report");
        wait::until(&what, async || Ok(self.shared.state().done.get(name).cloned())).await
    }

    /// Waits until a batch is through.
    pub(crate) async fn through(&self, name: &str) -> Result<()> {
        let failed = self.report(name).await?;
        ensure!(failed.is_empty(), "the batch {name} could not reach:\n{failed}");
        Ok(())
    }

    /// What was sent in a run.
    pub(crate) fn sent(&self, run: &str) -> Sent {
        self.shared.state().sent.get(run).cloned().unwrap_or_default()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request, scheme: &'static str) -> Answer {
        let decoded = |name| {
            let field = request.field(name)?;
            Some(percent_decode_str(field).decode_utf8_lossy().into_owned())
        };
        let mut answer = Answer::default();
        if let Some(number) = request.field("set") {
            let number: usize = number.parse().unwrap_or(usize::MAX);
            answer.cookies = self.sets.get(number).cloned().unwrap_or_default();
        } else if let Some(run) = request.field("probe") {
            let (run, context) = run.split_once('.').unwrap_or((run, ""));
            let probe = Probe {
                context: context.to_owned(),
                scheme,
                host: request.host.clone(),
                path: request.path.clone(),
            };
            let mut state = self.state();
            let sent = state.sent.entry(run.to_owned()).or_default();
            sent.insert(probe, request.cookie.clone());
            if let Some(name) = request.field("page") {
                answer.html = script(&format!(
                    "fetch('/?done={name}', {{ method: 'POST', body: document.cookie }});"
                ));
            }
        } else if let Some(name) = request.field("batch") {
            let batch = self.state().batches.get(name).cloned();
            let (urls, lanes) = batch.unwrap_or_default();
            answer.html = batch_page(name, &urls, lanes);
        } else if let Some(name) = request.field("done").filter(|_| request.method == "POST") {
            let said = String::from_utf8_lossy(&request.body).into_owned();
            self.state().done.insert(name.to_owned(), said);
        } else if let Some(inner) = decoded("frame") {
            answer.html = format!("<!doctype html><iframe src=\"{inner}\"></iframe>");
        } else if let Some(to) = decoded("go") {
            answer.html = script(&format!("location.replace('{to}');"));
        }
        answer
    }
}

fn script(text: &str) -> String {
    format!("<!doctype html><title>site</title><script>{text}</script>")
}

fn batch_page(name: &str, urls: &[String], lanes: usize) -> String {
    // Addresses hold neither quotes nor angle brackets.
    let urls: Vec<_> = urls.iter().map(|url| format!("'{url}'")).collect();
    script(&format!(
        "const urls = [{}]; const failed = []; let at = 0;
        async function lane() {{
            while (at < urls.length) {{
                const url = urls[at++];
                try {{
                    await fetch(url, {{ mode: 'no-cors', credentials: 'include', cache: 'no-store' }});
                }} catch (error) {{
                    failed.push(`${{url}}: ${{error}}`);
                }}
            }}
        }}
        Promise.all(Array.from({{ length: {lanes} }}, lane)).then(() =>
            fetch('/?done={name}', {{ method: 'POST', body: failed.join('\\n') }}));",
        urls.join(",")
    ))
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    // It ends with the test, and so do its connections.
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            // Browsers open connections that they do not use, and leave when they like.
            let _ = connected(stream, acceptor, &shared).await;
        });
    }
}

async fn connected(stream: TcpStream, acceptor: TlsAcceptor, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first[0] == TLS_HANDSHAKE {
        serve(acceptor.accept(stream).await?, "https", shared).await
    } else {
        serve(stream, "http", shared).await
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    scheme: &'static str,
    shared: &Shared,
) -> Result<()> {
    if let Some(request) = http::read(&mut stream).await? {
        let answer = shared.answer(&request, scheme);
        http::write(&mut stream, &answer).await?;
    }
    Ok(())
}

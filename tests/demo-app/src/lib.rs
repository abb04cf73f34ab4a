//! Harbour: a small notes app with sign-in, over HTTPS, whose sessions the demo
//! and the tests transfer.
//!
//! It is deliberately hard to move: several people can be signed in at once, one
//! cookie is partitioned, one is host-only, one has the `__Host-` prefix, one
//! rotates and notices when an old value comes back, and the session is bound to
//! the user agent that made it. Whoever restores such a session faithfully is
//! signed in; whoever loses anything is not, and `/whoami` says what was missing.
//!
//! - `sessions`: who is signed in. Pure: no HTTP, no clock, randomness passed in.
//! - `cookies`: how that is written into cookies, and read from them.
//! - `chat`: the chat beside it, whose sign-in lies in local storage.
//! - `board`: the board beside it, with everybody's sign-ins in one cookie.
//! - `routes`, `pages`, `controls`: HTTP, HTML, and what only tests may ask.
//! - `tls`: the certificate authority made at start, and the listener.
//!
//! Everything lives in memory and is gone with the process.

mod board;
mod chat;
mod controls;
mod cookies;
mod pages;
mod routes;
mod sessions;
mod tls;
mod users;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::task::JoinHandle;

pub use cookies::{ACCOUNTS, ACTIVE, PARTITIONED, ROTATING, SESSION};
pub use tls::{Identity, TlsError};

/// The app definition, written for `https://app.demo.test:8443`.
const DEFINITION: &str = include_str!("../harbour.toml");

/// The origin that [`DEFINITION`] is written for.
const DEFINITION_ORIGIN: &str = "https://app.demo.test:8443";

/// The origin of the domain above it.
const DEFINITION_ABOVE: &str = "https://demo.test:8443";

/// How an instance runs.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Host name of the app, three labels or more: the list of accounts goes into
    /// a cookie of the domain above it.
    pub host: String,
    /// The password of every demo user. The sign-in page shows it.
    pub password: String,
    /// Whether `/test/…` answers.
    pub test_controls: bool,
    /// 128 random bits at each call; for tokens.
    pub random: fn() -> [u8; 16],
    /// The time, for the certificates: they hold from a day before to 90 days
    /// after.
    pub now: SystemTime,
}

/// Why an instance does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The host has no domain to share cookies with.
    #[error("the host {0:?} needs three labels at least, such as \"app.demo.test\"")]
    Host(String),
    /// The address is taken, or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The certificates could not be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running instance; it ends when this is dropped.
pub struct Running {
    /// `https://app.demo.test:PORT`, or with the host that was asked for.
    pub origin: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Certificate of the authority that signed this instance's, as PEM.
    pub ca_pem: String,
    /// Base64 of the SHA-256 of the instance's public key, for Chromium's
    /// `--ignore-certificate-errors-spki-list`.
    pub spki: String,
    server: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Running {
    /// The app definition, with this instance's origin.
    pub fn definition(&self) -> String {
        definition(&self.origin)
    }

    /// The definitions of the chat's kinds: with a token in local storage, with a cookie
    /// beside it, and with a token in a database.
    pub fn chat_definitions(&self) -> [String; 3] {
        let domain = cookies::domain_above(host(&self.origin));
        [
            chat::token_definition(&self.origin, domain),
            chat::paired_definition(&self.origin, domain),
            chat::database_definition(&self.origin, domain),
        ]
    }

    /// The definition of the board.
    pub fn board_definition(&self) -> String {
        board::definition(&self.origin, cookies::domain_above(host(&self.origin)))
    }

    /// Until it ends, which it does not by itself.
    pub async fn wait(mut self) {
        // An error here is a panic of the server task, which was printed.
        let _ = (&mut self.server).await;
    }
}

/// The app definition of an instance at this origin, as TOML.
pub fn definition(origin: &str) -> String {
    let host = host(origin);
    let domain = cookies::domain_above(host);
    DEFINITION
        .replace(DEFINITION_ORIGIN, origin)
        .replace(DEFINITION_ABOVE, &origin.replacen(host, domain, 1))
        .replace("\"demo.test\"", &format!("\"{domain}\""))
}

fn host(origin: &str) -> &str {
    let authority = origin.trim_start_matches("https://");
    authority.split(':').next().unwrap_or_default()
}

/// Starts an instance.
pub async fn start(config: Config) -> Result<Running, StartError> {
    if config.host.split('.').filter(|label| !label.is_empty()).count() < 3 {
        return Err(StartError::Host(config.host));
    }
    let domain = cookies::domain_above(&config.host);
    let names = vec![config.host.clone(), domain.to_owned(), format!("*.{domain}")];
    let identity = tls::Identity::new(names, config.now)?;
    let failed = |error| StartError::Listen(config.listen, error);
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let chat = Arc::new(chat::Chat::new(config.password.clone(), config.random));
    let board = Arc::new(board::Board::new(config.password.clone(), config.random));
    let origin = format!("https://{}:{}", config.host, address.port());
    let app = Arc::new(routes::App {
        origin: origin.clone(),
        domain: cookies::domain_above(&config.host).to_owned(),
        password: config.password,
        sessions: Mutex::new(sessions::Sessions::new(config.random)),
        notes: Mutex::new(users::Notes::default()),
        chat: Arc::clone(&chat),
    });
    let mut router = routes::router(app.clone())
        .merge(chat::router(chat))
        .merge(board::router(board));
    if config.test_controls {
        router = router.merge(controls::router(app));
    }
    let listener = tls::TlsListener::new(listener, address, identity.server);
    let server = tokio::spawn(async move {
        // `axum::serve` never returns an error.
        let _ = axum::serve(listener, router).await;
    });
    Ok(Running {
        origin,
        address,
        ca_pem: identity.ca_pem,
        spki: identity.spki,
        server,
    })
}

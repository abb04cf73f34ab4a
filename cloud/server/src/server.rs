//! The running server: listens, serves, and ends without losing anything.

use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::clock::SystemClock;
use crate::config::{Config, MailConfig, PublicUrl, PublicUrlError};
use crate::forwarded::Network;
use crate::mail::{MailSetupError, Mailer};
use crate::passwords::PasswordError;
use crate::random::SystemRandom;
use crate::secrets::{Secrets, SecretsError};
use crate::state::{AppState, Parts};
use crate::storage::{Storage, StorageError};
use crate::web::Embedded;
use crate::{listen, openapi, retention, secrets};

/// Requests under way have so long to end when the server is told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// The head of a request must arrive within this.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// How to serve.
#[derive(Clone, Debug)]
pub struct Serve {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The address that clients use; the one listened on, if not given.
    pub public_url: Option<PublicUrl>,
    /// Where mail goes.
    pub mail: MailConfig,
    /// How often a session is checked, in milliseconds.
    pub check_every_ms: i64,
    /// Reverse proxies whose word on where a request came from is taken.
    pub trusted_proxies: Vec<Network>,
    /// The file with the server's own keys; beside the database, if not given.
    pub secrets_file: Option<PathBuf>,
}

/// Why the server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The public address.
    #[error(transparent)]
    PublicUrl(#[from] PublicUrlError),
    /// Mail.
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    /// The database.
    #[error("the database cannot be used: {0}")]
    Storage(#[from] StorageError),
    /// The server's own keys.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The password hasher.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Standard output, or a signal handler.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Serves until the future is done. Prints one line when it is ready.
pub async fn serve(
    database: &Path,
    options: Serve,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| ServeError::Listen(options.listen, error))?;
    let address = listener.local_addr()?;
    let public_url = match options.public_url {
        Some(url) => url,
        None => format!("http://{address}").parse()?,
    };
    let mailer = Mailer::new(&options.mail)?;
    let secrets_file = options.secrets_file.unwrap_or_else(|| secrets::beside(database));
    let secrets = Secrets::open(&secrets_file, &SystemRandom)?;
    let storage = Storage::open(database).await?;
    let parts = Parts {
        config: Config {
            public_url: public_url.clone(),
            check_every_ms: options.check_every_ms,
            trusted_proxies: options.trusted_proxies,
        },
        storage: storage.clone(),
        secrets,
        mailer,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        web: Arc::new(Embedded),
    };
    let state = AppState::new(parts)?;
    let sweep = tokio::spawn(retention::run(state.clone()));
    tracing::info!(%address, %public_url, "ready");
    announce(address)?;
    run(listener, state.clone(), stop).await;
    // It ends by itself; it only ever waits.
    let _ = sweep.await;
    storage.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn run(listener: TcpListener, state: AppState, stop: impl Future<Output = ()>) {
    let router = openapi::router(state.clone());
    let serving = listen::serve(listener, router, HEAD_WITHIN, state.stopping());
    let mut stopping = state.stopping();
    let stopped = async {
        stop.await;
        tracing::info!("stopping: requests under way are finished");
        state.stop();
    };
    let overdue = async {
        // The sender lives in the state: it cannot be gone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        _ = async { tokio::join!(serving, stopped) } => {}
        () = overdue => tracing::warn!("some requests did not end in time: stopping without them"),
    }
}

/// For whoever started the server with port 0, or waits for it.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
    out.flush()
}

//! The running server: listens, serves, and ends without losing anything.

use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::clock::SystemClock;
use crate::config::{Config, MailConfig, PublicUrl, PublicUrlError};
use crate::mail::{MailSetupError, Mailer};
use crate::random::SystemRandom;
use crate::state::{AppState, Parts, StateError};
use crate::storage::{Storage, StorageError};
use crate::{openapi, retention};

/// Requests under way have so long to end when the server is told to stop.
const DRAIN: Duration = Duration::from_secs(20);

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
    State(#[from] StateError),
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
    let storage = Storage::open(database).await?;
    let parts = Parts {
        config: Config {
            public_url: public_url.clone(),
            check_every_ms: options.check_every_ms,
        },
        storage: storage.clone(),
        mailer,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    let state = AppState::new(parts).await?;
    let sweep = tokio::spawn(retention::run(state.clone()));
    tracing::info!(%address, %public_url, "ready");
    announce(address)?;
    run(listener, state.clone(), stop).await?;
    // It ends by itself; it only ever waits.
    let _ = sweep.await;
    storage.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn run(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let service = openapi::router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    // Answers are small and complete: nothing to wait for before sending.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
    let mut stopping = state.stopping();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        tracing::info!("stopping: requests under way are finished");
        state.stop();
    });
    let overdue = async move {
        // The sender lives in the state: it cannot be gone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = server => Ok(ended?),
        () = overdue => {
            tracing::warn!("some requests did not end in time: stopping without them");
            Ok(())
        }
    }
}

/// For whoever started the server with port 0, or waits for it.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
    out.flush()
}

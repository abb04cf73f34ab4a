//! Accepts connections, and speaks HTTP/1.1 on them.
//!
//! [`axum::serve`] gives hyper no timer, and without one nothing limits how long the
//! head of a request may take: whoever opens connections and never ends a head would
//! keep them all. (The rest of a request is limited in [`crate::middleware`].)

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Serves until `stopping` says so and the requests under way are answered. The head
/// of a request must arrive within `head_within` of the connection, or of the answer
/// before it: a connection that nothing uses is closed then as well.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    head_within: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Waits a little by itself if the system has no more connections to give.
            (stream, peer) = Listener::accept(&mut listener) => {
                let serving = connection(stream, peer, router.clone(), head_within, stopping.clone());
                connections.spawn(serving);
            }
            // Not kept until the end.
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stopping) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error: the server's state is gone, which is the end as well.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_within: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are small and complete: nothing to wait for before sending.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_within)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, put};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What the server sends until it closes the connection.
    async fn answer(address: SocketAddr, sent: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut received = Vec::new();
        // A connection that is not closed fails the test, instead of lasting.
        let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received));
        closed.await.expect("it is closed").unwrap();
        String::from_utf8(received).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_closes_the_connection() {
        let router = Router::new().route("/", get(|| async { "here" }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(serve(listener, router, Duration::from_millis(100), stopping));
        let begun = answer(address, b"GET / HTTP/1.1\r\nhost: ferry.test\r\n").await;
        assert!(!begun.contains("here"), "{begun}");
        assert_eq!(answer(address, b"").await, "");
        // One that ends is answered; the connection is closed when nothing follows.
        let whole = answer(address, b"GET / HTTP/1.1\r\nhost: ferry.test\r\n\r\n").await;
        assert!(
            whole.starts_with("HTTP/1.1 200") && whole.ends_with("here"),
            "{whole}"
        );
        stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(20), serving)
            .await
            .expect("it ends")
            .unwrap();
    }

    #[tokio::test]
    async fn what_is_being_sent_when_it_is_told_to_stop_is_read_and_answered() {
        let router = Router::new().route("/", put(|body: String| async move { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(serve(listener, router, Duration::from_secs(20), stopping));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "PUT / HTTP/1.1\r\nhost: ferry.test\r\ncontent-length: 6\r\nexpect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        // Said when somebody reads the body: the request is under way.
        let mut said = [0; 25];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"sea").await.unwrap();
        stop.send_replace(true);
        // Nobody else is let in any more: it has heard.
        let refused = async {
            while TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), refused)
            .await
            .expect("it listens no longer");
        stream.write_all(b"led").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("sealed"),
            "{answer}"
        );
        tokio::time::timeout(Duration::from_secs(20), serving)
            .await
            .expect("it ends")
            .unwrap();
    }
}

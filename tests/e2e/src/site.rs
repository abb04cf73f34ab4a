//! A web page of somebody else's, at an address of its own.

use anyhow::Result;
use axum::response::Html;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A site with one page.
pub struct Site {
    /// Its address, without a slash at the end.
    pub address: String,
    serving: JoinHandle<()>,
}

impl Site {
    /// Serves this page at every path.
    pub async fn start(page: &'static str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let app = axum::Router::new().fallback(move || async move { Html(page) });
        let serving = tokio::spawn(async move {
            // It ends with the test, which sees for itself if there is no answer.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, serving })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

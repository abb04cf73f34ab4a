//! HTTP clients, which need to be told whose cryptography TLS is to use.

use reqwest::{Client, ClientBuilder};

/// Starts to build a client.
pub fn client() -> ClientBuilder {
    use_ring();
    Client::builder()
}

/// Has TLS use ring, as in all of Ferry. Whatever makes a client of `reqwest`'s needs it done.
pub(crate) fn use_ring() {
    // It is set for the process: a second time is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

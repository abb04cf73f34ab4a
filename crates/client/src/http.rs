//! What a client is given by its surroundings: clock, random numbers, network.

use std::rc::Rc;

use ferry_protocol::UnixMillis;
use zeroize::Zeroizing;

/// Clock, random numbers and network.
///
/// Contract: `random` is cryptographically strong; `fetch` sends the request once
/// and never again by itself, sends no cookies, stores nothing in a cache, and
/// follows no redirects (one would carry the token elsewhere).
#[expect(
    async_fn_in_trait,
    reason = "browsers have one thread: the futures need not be Send"
)]
pub trait Host: 'static {
    /// The time now.
    fn now(&self) -> UnixMillis;

    /// Fills with random bytes.
    fn random(&self, bytes: &mut [u8]);

    /// Sends a request, and reads the answer whole.
    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NetworkError>;
}

/// Methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does something.
    Post,
    /// Puts something in its place.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// As in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request. Secret: no `Debug`.
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Absolute address.
    pub url: String,
    /// `Authorization`, if any.
    pub authorization: Option<Zeroizing<String>>,
    /// `DPoP`.
    pub proof: String,
    /// JSON, if any. Shared: a try with a new nonce sends the same bytes, and they are wiped
    /// once.
    pub body: Option<Rc<Zeroizing<Vec<u8>>>>,
    /// Give up after so many milliseconds.
    pub timeout_ms: u32,
}

/// An answer. May hold a token: no `Debug`.
pub struct HttpResponse {
    /// Status.
    pub status: u16,
    /// `DPoP-Nonce`, if any.
    pub nonce: Option<String>,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No connection, no permission to reach the host, or no valid certificate:
    /// browsers do not tell these apart.
    #[error(
        "The server could not be reached. Check the connection and the server's address, then try again."
    )]
    Unreachable,
    /// It took too long.
    #[error("The server did not answer in time. Try again in a moment.")]
    Timeout,
}

//! How requests get to the server, and what it answers.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use ferry_protocol::problem::{Problem, ProblemCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

/// How requests get to the server.
#[derive(Clone)]
pub(crate) enum Transport {
    /// In this process.
    Router(Router),
    /// Over the network, one connection for each request.
    Tcp(SocketAddr),
}

impl Transport {
    /// Sends one request. An error: the server did not answer.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, hyper::Error> {
        match self {
            Self::Router(router) => {
                let response = router.clone().oneshot(request.map(Body::from)).await.unwrap();
                Ok(Answer::read(response).await)
            }
            Self::Tcp(address) => {
                let Ok(stream) = tokio::net::TcpStream::connect(address).await else {
                    return Ok(Answer::refused());
                };
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
                let connection = tokio::spawn(connection);
                let response = sender
                    .send_request(request.map(http_body_util::Full::<hyper::body::Bytes>::from))
                    .await?;
                let (parts, body) = response.into_parts();
                let body = body.collect().await?.to_bytes().to_vec();
                connection.abort();
                Ok(Answer {
                    status: parts.status,
                    headers: parts.headers,
                    body,
                })
            }
        }
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Out of what the router gave.
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// Nobody listens: as a status, so that callers treat it as any failure.
    fn refused() -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// The answer of a request that went well.
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert_eq!(
            self.status,
            StatusCode::OK,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The answer has no content.
    #[track_caller]
    pub(crate) fn no_content(&self) {
        assert_eq!(
            self.status,
            StatusCode::NO_CONTENT,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert!(self.body.is_empty());
    }

    /// The problem of one that did not.
    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{self:?}"
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }

    /// Its code.
    #[track_caller]
    pub(crate) fn code(&self) -> ProblemCode {
        self.problem().code
    }
}

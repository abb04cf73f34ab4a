//! One request: its proof, the server's nonce, the answer.

use std::cell::RefCell;
use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use ferry_protocol::dpop::{self, Claims};
use ferry_protocol::problem::{Problem, ProblemCode};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use zeroize::Zeroizing;

use super::{ApiError, TIMEOUT_MS};
use crate::{Device, Host, HttpRequest, HttpResponse, Method};

/// A client of one server, for one device.
pub struct Client<H, D> {
    host: Rc<H>,
    base: String,
    device: Rc<D>,
    token: RefCell<Option<Token>>,
    /// The newest nonce of the server's (RFC 9449 §8).
    nonce: RefCell<Option<String>>,
}

/// The access token, and its hash for the claim `ath`.
#[derive(Clone)]
struct Token {
    authorization: Zeroizing<String>,
    hash: String,
}

impl Token {
    fn new(token: &str) -> Self {
        Self {
            authorization: Zeroizing::new(format!("DPoP {token}")),
            hash: dpop::token_hash(token),
        }
    }
}

/// A request that is about to be sent.
pub(super) struct Call {
    pub(super) method: Method,
    /// Below the server's base address.
    pub(super) path: String,
    pub(super) body: Option<Rc<Zeroizing<Vec<u8>>>>,
    /// Goes without the access token.
    pub(super) anonymous: bool,
    pub(super) timeout_ms: u32,
}

impl Call {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            body: None,
            anonymous: false,
            timeout_ms: TIMEOUT_MS,
        }
    }

    pub(super) fn body(self, body: &impl Serialize) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the API's requests are structs of strings and numbers"
        )]
        let json = ferry_json::write(body).expect("serialisable");
        Self {
            body: Some(Rc::new(Zeroizing::new(json))),
            ..self
        }
    }
}

impl<H: Host, D: Device> Client<H, D> {
    pub(super) fn with_token(
        host: Rc<H>,
        base: String,
        device: Rc<D>,
        token: Option<Zeroizing<String>>,
    ) -> Self {
        let token = RefCell::new(token.map(|token| Token::new(&token)));
        Self {
            host,
            base,
            device,
            token,
            nonce: RefCell::new(None),
        }
    }

    /// The device whose key signs the proofs.
    pub fn device(&self) -> &Rc<D> {
        &self.device
    }

    pub(super) fn set_token(&self, token: Option<Zeroizing<String>>) {
        *self.token.borrow_mut() = token.map(|token| Token::new(&token));
    }

    /// Sends a request, and reads the answer as JSON.
    pub(super) async fn call<R: DeserializeOwned>(&self, call: Call) -> Result<R, ApiError> {
        let answer = self.send(call).await?;
        ferry_json::read(&answer.body).map_err(|_| ApiError::Unexpected {
            status: answer.status,
        })
    }

    /// Sends a request, and gives the answer as it is, if it is JSON.
    pub(super) async fn call_for_json(&self, call: Call) -> Result<String, ApiError> {
        let answer = self.send(call).await?;
        let is_json = ferry_json::read::<IgnoredAny>(&answer.body).is_ok();
        let text = std::str::from_utf8(&answer.body).ok().filter(|_| is_json);
        text.map(str::to_owned).ok_or(ApiError::Unexpected {
            status: answer.status,
        })
    }

    /// Sends a request that is answered by 204.
    pub(super) async fn call_for_nothing(&self, call: Call) -> Result<(), ApiError> {
        self.send(call).await.map(|_| ())
    }

    /// Sends a request, once more if the server wants another nonce.
    async fn send(&self, call: Call) -> Result<HttpResponse, ApiError> {
        match self.send_once(&call).await {
            Err(error) if error.problem() == Some(ProblemCode::UseDpopNonce) => self.send_once(&call).await,
            done => done,
        }
    }

    async fn send_once(&self, call: &Call) -> Result<HttpResponse, ApiError> {
        let token = if call.anonymous {
            None
        } else {
            self.token.borrow().clone()
        };
        let url = format!("{}{}", self.base, call.path);
        let proof = self.proof(call, &url, token.as_ref()).await?;
        let request = HttpRequest {
            method: call.method,
            url,
            authorization: token.map(|token| token.authorization),
            proof,
            body: call.body.clone(),
            timeout_ms: call.timeout_ms,
        };
        let answer = self.host.fetch(request).await?;
        if let Some(nonce) = &answer.nonce {
            *self.nonce.borrow_mut() = Some(nonce.clone());
        }
        match answer.status {
            200..=299 => Ok(answer),
            status => Err(problem(status, &answer.body)),
        }
    }

    /// The proof for one request (RFC 9449 §4.2).
    async fn proof(&self, call: &Call, url: &str, token: Option<&Token>) -> Result<String, ApiError> {
        let mut jti = [0; 16];
        self.host.random(&mut jti);
        let writes = call.method != Method::Get;
        let claims = Claims {
            jti: Base64UrlUnpadded::encode_string(&jti),
            htm: call.method.as_str().to_owned(),
            // Without the query (RFC 9449 §4.2).
            htu: url.split('?').next().unwrap_or_default().to_owned(),
            iat: self.host.now().as_secs(),
            ath: token.map(|token| token.hash.clone()),
            nonce: self.nonce.borrow().clone(),
            bh: writes.then(|| dpop::body_hash(call.body.as_ref().map_or(&[], |body| body.as_slice()))),
        };
        let input = dpop::signing_input(self.device.key(), &claims);
        let signature = self.device.sign(input.as_bytes()).await?;
        Ok(dpop::assemble(input, signature.as_ref()))
    }
}

/// The problem document in an answer, if it is one.
fn problem(status: u16, body: &[u8]) -> ApiError {
    match ferry_json::read::<Problem>(body) {
        Ok(problem) if problem.status == status => ApiError::Problem(Box::new(problem)),
        _ => ApiError::Unexpected { status },
    }
}

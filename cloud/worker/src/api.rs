//! The server's API, as the worker uses it: every request signed by the worker's
//! key (DPoP, RFC 9449), signing in again by itself when the token ends.

use std::path::PathBuf;
use std::time::Duration;

use ferry_protocol::api::{
    AskForWork, CatalogueHeld, KeySupply, KeysDestroyed, LeasedSession, Report, SupplyKeys, TakeSession,
    Work, WorkerSignIn, WorkerSignedIn,
};
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::dpop::{self, Claims};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::VaultIdentity;
use ferry_protocol::{AccountId, Bytes, TransferId, WorkspaceId};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, RwLock};
use url::Url;
use zeroize::Zeroizing;

use crate::ambient;
use crate::state_dir::{Access, StateDir, StateError};

/// How long a request may take, beside what it is asked to wait.
const LIMIT: Duration = Duration::from_secs(30);

/// A token that ends this soon is not used any more, in milliseconds.
const TOKEN_MARGIN: i64 = 30_000;

/// At most so many times is one request sent: once, and again after a new nonce
/// and after signing in, in either order, with a new nonce for signing in too.
const MAX_SENDS: usize = 4;

/// The server, for one worker.
pub struct Api {
    http: reqwest::Client,
    server: Url,
    state: StateDir,
    key: SigningKey,
    vault: VaultIdentity,
    /// As the server last gave it.
    nonce: Mutex<Option<String>>,
    access: RwLock<Option<Access>>,
    /// Held while signing in, so that requests at once sign in once.
    signing_in: Mutex<()>,
}

/// A request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server's address is not one.
    #[error("'{0}' is not the address of a server, such as https://ferry.example.com")]
    Address(String),
    /// The certificate authority cannot be read.
    #[error("cannot use the certificate authority {path}: {why}")]
    Ca {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// There was never a worker token.
    #[error(
        "this worker has no token yet: make one with `ferry-server worker-token add` and give it by \
         --token-file or FERRY_WORKER_TOKEN"
    )]
    NoToken,
    /// The server does not answer.
    #[error("the server does not answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// The server said no.
    #[error("{} ({})", .0.detail, .0.title)]
    Problem(Problem),
    /// The answer is none of this API's.
    #[error("the answer ({0}) is not a Ferry server's; check --server")]
    Unexpected(StatusCode),
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
}

impl ApiError {
    /// Which problem the server named, if it did.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the same request may succeed later without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Unexpected(status) => status.is_server_error(),
            Self::Problem(problem) => {
                problem.status >= 500 || matches!(problem.code, ProblemCode::TooManyRequests)
            }
            Self::Address(_) | Self::Ca { .. } | Self::NoToken | Self::State(_) => false,
        }
    }
}

impl Api {
    /// For the server at this address; nothing is sent yet.
    pub fn new(server: &str, extra_ca: Option<&PathBuf>, state: StateDir) -> Result<Self, ApiError> {
        let address = || ApiError::Address(server.to_owned());
        let mut url = Url::parse(server).map_err(|_| address())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(address());
        }
        url.set_query(None);
        url.set_fragment(None);
        // TLS by ring, as in all of Ferry. It is set for the process, so a second time is none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        if let Some(path) = extra_ca {
            let ca = |why: String| ApiError::Ca {
                path: path.clone(),
                why,
            };
            let pem = std::fs::read(path).map_err(|error| ca(error.to_string()))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| ca(error.to_string()))?;
            http = http.tls_certs_merge(certificates);
        }
        Ok(Self {
            http: http.build().map_err(ApiError::Unreachable)?,
            server: url,
            key: state.worker_key(ambient::random())?,
            vault: state.vault(ambient::random())?,
            state,
            nonce: Mutex::default(),
            access: RwLock::default(),
            signing_in: Mutex::default(),
        })
    }

    /// The workspace that this worker serves; signs in if need be.
    pub async fn workspace(&self) -> Result<WorkspaceId, ApiError> {
        Ok(self.access(None).await?.workspace)
    }

    /// Brings new one-time keys.
    pub async fn supply(&self, keys: &SupplyKeys) -> Result<KeySupply, ApiError> {
        self.post("v1/worker/sealing-keys", keys, LIMIT).await
    }

    /// Brings the catalogue; what the server has then.
    pub async fn deliver(&self, catalogue: &SignedCatalogue) -> Result<CatalogueHeld, ApiError> {
        self.post("v1/worker/catalogue", catalogue, LIMIT).await
    }

    /// Says that private halves exist no more.
    pub async fn destroyed(&self, keys: &KeysDestroyed) -> Result<KeySupply, ApiError> {
        self.post("v1/worker/sealing-keys/destroyed", keys, LIMIT).await
    }

    /// Asks for work, and waits for it as long as the request says.
    pub async fn work(&self, ask: &AskForWork) -> Result<Work, ApiError> {
        let wait = Duration::from_millis(ask.wait_ms.into());
        self.post("v1/worker/work", ask, LIMIT + wait).await
    }

    /// Reports on a leased session, and ends its lease.
    pub async fn report(&self, transfer: &TransferId, report: &Report) -> Result<(), ApiError> {
        let path = format!("v1/worker/sessions/{transfer}/report");
        self.send(&path, report, LIMIT).await.map(drop)
    }

    /// Takes an account's session.
    pub async fn take(&self, account: &AccountId, take: &TakeSession) -> Result<LeasedSession, ApiError> {
        self.post(&format!("v1/worker/accounts/{account}/session"), take, LIMIT)
            .await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        limit: Duration,
    ) -> Result<T, ApiError> {
        json(self.send(path, body, limit).await?).await
    }

    /// Sends a request with the access token, until its nonce and its token are good.
    async fn send(&self, path: &str, body: &impl Serialize, limit: Duration) -> Result<Response, ApiError> {
        let body = Zeroizing::new(to_json(body));
        let mut access = self.access(None).await?;
        let mut sends = 0;
        loop {
            sends += 1;
            let error = match self.send_once(path, &body, Some(&access.token), limit).await {
                Err(error) if sends < MAX_SENDS => error,
                done => return done,
            };
            match error.code() {
                Some(ProblemCode::UseDpopNonce) => {}
                Some(ProblemCode::InvalidToken) => access = self.access(Some(&access.token)).await?,
                _ => return Err(error),
            }
        }
    }

    /// An access token other than `bad`: this process's, another's, or a new one.
    async fn access(&self, bad: Option<&str>) -> Result<Access, ApiError> {
        let now = ambient::now();
        let good = |access: &Access| {
            Some(access.token.as_str()) != bad
                && access.server == self.server.as_str()
                && access.expires_at > now.plus(TOKEN_MARGIN)
        };
        if let Some(access) = self.access.read().await.clone().filter(good) {
            return Ok(access);
        }
        let _signing_in = self.signing_in.lock().await;
        let in_memory = self.access.read().await.clone().filter(good);
        let access = match in_memory.or(self.state.access()?.filter(good)) {
            Some(access) => access,
            None => self.sign_in(&self.vault).await?,
        };
        *self.access.write().await = Some(access.clone());
        Ok(access)
    }

    /// Signs in as the worker of another vault identity, which the server keeps in the
    /// place of the one that it knows if that one handed over to it.
    pub async fn introduce(&self, vault: &VaultIdentity) -> Result<(), ApiError> {
        let _signing_in = self.signing_in.lock().await;
        let access = self.sign_in(vault).await?;
        *self.access.write().await = Some(access);
        Ok(())
    }

    async fn sign_in(&self, vault: &VaultIdentity) -> Result<Access, ApiError> {
        let worker_token = self.state.worker_token()?.ok_or(ApiError::NoToken)?;
        let mut request = WorkerSignIn {
            worker_token: worker_token.to_string(),
            vault: vault.clone(),
        };
        let body = Zeroizing::new(to_json(&request));
        zeroize::Zeroize::zeroize(&mut request.worker_token);
        let mut answer = self.send_once("v1/worker/sign-in", &body, None, LIMIT).await;
        if answer
            .as_ref()
            .is_err_and(|error| error.code() == Some(ProblemCode::UseDpopNonce))
        {
            answer = self.send_once("v1/worker/sign-in", &body, None, LIMIT).await;
        }
        let signed_in: WorkerSignedIn = json(answer?).await?;
        let access = Access {
            token: signed_in.access_token,
            expires_at: signed_in.expires_at,
            workspace: signed_in.workspace,
            server: self.server.to_string(),
        };
        self.state.set_access(&access)?;
        Ok(access)
    }

    async fn send_once(
        &self,
        path: &str,
        body: &[u8],
        token: Option<&str>,
        limit: Duration,
    ) -> Result<Response, ApiError> {
        let url = self.url(path);
        let nonce = self.nonce.lock().await.clone();
        let mut request = self
            .http
            .post(url.clone())
            .timeout(limit)
            .header("content-type", "application/json")
            .header("dpop", self.proof(&url, body, token, nonce))
            .body(body.to_vec());
        if let Some(token) = token {
            request = request.header("authorization", format!("DPoP {token}"));
        }
        let response = request
            .send()
            .await
            .map_err(|error| ApiError::Unreachable(error.without_url()))?;
        // RFC 9449 §8.2: any answer may bring the next nonce.
        if let Some(nonce) = response
            .headers()
            .get("dpop-nonce")
            .and_then(|nonce| nonce.to_str().ok())
        {
            *self.nonce.lock().await = Some(nonce.to_owned());
        }
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(problem(response).await)
        }
    }

    /// The proof of one request (RFC 9449 §4.2).
    fn proof(&self, url: &Url, body: &[u8], token: Option<&str>, nonce: Option<String>) -> String {
        let claims = Claims {
            jti: Bytes::from(ambient::random::<16>()).encode(),
            htm: "POST".to_owned(),
            htu: url.to_string(),
            iat: ambient::now().as_secs(),
            ath: token.map(dpop::token_hash),
            nonce,
            bh: Some(dpop::body_hash(body)),
        };
        let input = dpop::signing_input(&self.key.public(), &claims);
        let signature = self.key.sign(input.as_bytes());
        dpop::assemble(input, signature.as_ref())
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

fn to_json(body: &impl Serialize) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "the API's types are structs of strings and numbers"
    )]
    serde_json::to_vec(body).expect("serialisable")
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    let status = response.status();
    let body = response
        .bytes()
        .await
        .map_err(|error| ApiError::Unreachable(error.without_url()))?;
    serde_json::from_slice(&body).map_err(|_| ApiError::Unexpected(status))
}

async fn problem(response: Response) -> ApiError {
    let status = response.status();
    match json(response).await {
        Ok(problem) => ApiError::Problem(problem),
        Err(ApiError::Unexpected(_)) => ApiError::Unexpected(status),
        Err(error) => error,
    }
}

//! A client of the server: a device or a worker, with keys in memory.

mod devices;
mod transport;
pub(crate) mod worker;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use ferry_protocol::api::{
    Account, BeginTransfer, CodeSent, Consent, DeviceKind, EnrolDevice, GiveConsent, Me, SignIn, SignedIn,
    TransferOffer, VerifyCode,
};
use ferry_protocol::dpop::{self, Claims};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::session::{Header, SealedSession};
use ferry_protocol::signature::SigningKey;
use ferry_protocol::{AccountId, Bytes, DeviceId, SealingKeyId, TransferId, UnixMillis, WorkspaceId, device};
use ferry_server::clock::Clock;
use ferry_server::random::{Random, SeededRandom};
use serde::Serialize;
use tower::ServiceExt as _;

pub(crate) use transport::{Answer, Transport};
pub(crate) use worker::Worker;

/// A device or a worker.
pub(crate) struct Client {
    transport: Transport,
    base: String,
    clock: Arc<dyn Clock>,
    random: SeededRandom,
    /// ES256: the device key, or the worker's.
    pub(crate) key: SigningKey,
    /// The device's sealing key. The server only ever sees its public half.
    pub(crate) sealing_key: SigningKey,
    pub(crate) token: Mutex<Option<String>>,
    nonce: Mutex<Option<String>>,
}

static SEEDS: AtomicU64 = AtomicU64::new(1);

impl Client {
    /// A new one, with keys of its own.
    pub(crate) fn new(transport: Transport, base: &str, clock: Arc<dyn Clock>) -> Self {
        let random = SeededRandom::new(SEEDS.fetch_add(1, Ordering::Relaxed));
        Self {
            transport,
            base: base.to_owned(),
            clock,
            key: SigningKey::generate((&random as &dyn Random).bytes()).unwrap(),
            sealing_key: SigningKey::generate((&random as &dyn Random).bytes()).unwrap(),
            random,
            token: Mutex::new(None),
            nonce: Mutex::new(None),
        }
    }

    /// The same keys and token, over another way.
    pub(crate) fn over(&self, transport: Transport, base: &str) -> Self {
        let random = SeededRandom::new(SEEDS.fetch_add(1, Ordering::Relaxed));
        Self {
            transport,
            base: base.to_owned(),
            clock: Arc::clone(&self.clock),
            random,
            key: self.key.clone(),
            sealing_key: self.sealing_key.clone(),
            token: Mutex::new(self.token.lock().unwrap().clone()),
            nonce: Mutex::new(None),
        }
    }

    pub(crate) fn device(&self) -> DeviceId {
        self.key.public().device_id()
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        (&self.random as &dyn Random).bytes()
    }

    pub(crate) fn id<T>(&self, new: fn(UnixMillis, [u8; 10]) -> T) -> T {
        new(self.now(), self.bytes())
    }

    // ------------------------------------------------------------- proofs

    /// The claims of a good proof for this request.
    pub(crate) fn claims(&self, method: &Method, path: &str, body: &[u8]) -> Claims {
        Claims {
            jti: Bytes::from(self.bytes::<16>()).encode(),
            htm: method.to_string(),
            htu: format!("{}{path}", self.base),
            iat: self.now().as_secs(),
            ath: self.token.lock().unwrap().as_deref().map(dpop::token_hash),
            nonce: self.nonce.lock().unwrap().clone(),
            bh: (method != Method::GET).then(|| dpop::body_hash(body)),
        }
    }

    pub(crate) fn proof(&self, claims: &Claims) -> String {
        let input = dpop::signing_input(&self.key.public(), claims);
        let signature = self.key.sign(input.as_bytes());
        dpop::assemble(input, signature.as_ref())
    }

    /// A request with this proof, and the token if there is one.
    pub(crate) fn request(
        &self,
        method: &Method,
        path: &str,
        body: Vec<u8>,
        proof: &str,
    ) -> Request<Vec<u8>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.base.trim_start_matches("http://"))
            .header("dpop", proof);
        if let Some(token) = self.token.lock().unwrap().as_deref() {
            request = request.header("authorization", format!("DPoP {token}"));
        }
        request.body(body).unwrap()
    }

    /// Sends a request as it is.
    pub(crate) async fn send_raw(&self, request: Request<Vec<u8>>) -> Result<Answer, hyper::Error> {
        let answer = self.transport.send(request).await?;
        if let Some(nonce) = answer.headers.get("dpop-nonce") {
            *self.nonce.lock().unwrap() = Some(nonce.to_str().unwrap().to_owned());
        }
        Ok(answer)
    }

    /// Sends a request with a good proof; once more if the server wants another nonce.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Answer, hyper::Error> {
        for _ in 0..2 {
            let proof = self.proof(&self.claims(&method, path, &body));
            let answer = self
                .send_raw(self.request(&method, path, body.clone(), &proof))
                .await?;
            let again =
                answer.status == StatusCode::UNAUTHORIZED && answer.code() == ProblemCode::UseDpopNonce;
            if !again {
                return Ok(answer);
            }
        }
        panic!("the server refuses its own nonce");
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    /// Sends a request whose body comes after something else: the server has begun with it
    /// by then, and has changed nothing.
    pub(crate) async fn send_after(
        &self,
        router: &Router,
        method: Method,
        path: &str,
        body: Vec<u8>,
        before: impl Future<Output = ()> + Send + 'static,
    ) -> Answer {
        // So that the client knows the nonce.
        self.me().await;
        let proof = self.proof(&self.claims(&method, path, &body));
        let request = self.request(&method, path, body, &proof).map(|body| {
            Body::from_stream(futures_util::stream::once(async move {
                before.await;
                Ok::<_, std::convert::Infallible>(body)
            }))
        });
        Answer::read(router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Vec::new()).await
    }

    /// With a query, which the proof does not name (RFC 9449 §4.2).
    pub(crate) async fn get_query(&self, path: &str, query: &str) -> Answer {
        // So that the client knows the nonce.
        self.get("/v1/me").await;
        let proof = self.proof(&self.claims(&Method::GET, path, &[]));
        let request = self.request(&Method::GET, &format!("{path}{query}"), Vec::new(), &proof);
        self.send_raw(request).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::POST, path, json(body)).await
    }

    pub(crate) async fn post_empty(&self, path: &str) -> Answer {
        self.send(Method::POST, path, Vec::new()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::PUT, path, json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Vec::new()).await
    }

    // ------------------------------------------------------------- people

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        *self.token.lock().unwrap() = None;
        let body = SignIn {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        let answer = self.post("/v1/sign-in", &body).await;
        if answer.status == StatusCode::OK {
            *self.token.lock().unwrap() = Some(answer.ok::<SignedIn>().access_token);
        }
        answer
    }

    pub(crate) fn enrolment(&self, name: &str) -> EnrolDevice {
        let sealing_key = self.sealing_key.public();
        EnrolDevice {
            name: name.to_owned(),
            kind: DeviceKind::Extension,
            sealing_key,
            sealing_key_signature: self
                .key
                .sign(&device::sealing_key_message(&self.device(), &sealing_key)),
        }
    }

    pub(crate) async fn enrol(&self, name: &str) -> Answer {
        self.put("/v1/device", &self.enrolment(name)).await
    }

    pub(crate) async fn send_code(&self) -> CodeSent {
        self.post_empty("/v1/device/code").await.ok()
    }

    pub(crate) async fn verify(&self, code: &str) -> Answer {
        self.post(
            "/v1/device/verify",
            &VerifyCode {
                code: code.to_owned(),
            },
        )
        .await
    }

    pub(crate) async fn me(&self) -> Me {
        self.get("/v1/me").await.ok()
    }

    pub(crate) async fn account(&self, account: AccountId) -> Account {
        self.get(&format!("/v1/accounts/{account}")).await.ok()
    }

    pub(crate) async fn consent(&self, account: AccountId) -> Consent {
        self.post(
            &format!("/v1/accounts/{account}/consents"),
            &GiveConsent { text_version: 1 },
        )
        .await
        .ok()
    }

    pub(crate) async fn begin(&self, account: AccountId, transfer: TransferId) -> Answer {
        self.post(
            &format!("/v1/accounts/{account}/transfers"),
            &BeginTransfer { transfer },
        )
        .await
    }

    pub(crate) async fn store(
        &self,
        account: AccountId,
        transfer: TransferId,
        sealed: &SealedSession,
    ) -> Answer {
        self.put(&format!("/v1/accounts/{account}/transfers/{transfer}"), sealed)
            .await
    }

    /// What this device would seal: the header is true, the ciphertext any bytes.
    pub(crate) fn header(
        &self,
        account: &Account,
        workspace: WorkspaceId,
        transfer: TransferId,
        sealing_key: SealingKeyId,
    ) -> Header {
        Header {
            version: Header::VERSION,
            transfer,
            workspace,
            account: account.id,
            app: account.app.id.clone(),
            device: self.device(),
            sealing_key,
            consent: account.consent.as_ref().unwrap().id,
            captured_at: self.now(),
        }
    }

    /// Signs a header and any bytes as a sealed session.
    pub(crate) fn seal(&self, header: &Header, ciphertext: &[u8]) -> SealedSession {
        let header = header.to_bytes();
        let enc = self.sealing_key.public().sec1().to_vec();
        let signature = self.key.sign(&SealedSession::message(&header, &enc, ciphertext));
        SealedSession {
            header: Bytes(header),
            enc: Bytes(enc),
            ciphertext: Bytes(ciphertext.to_vec()),
            signature,
        }
    }

    /// Begins a transfer and seals for it, but does not store it.
    pub(crate) async fn prepare(&self, account: AccountId, ciphertext: &[u8]) -> (TransferId, SealedSession) {
        let transfer = self.id(TransferId::new);
        let offer: TransferOffer = self.begin(account, transfer).await.ok();
        let account = self.account(account).await;
        let header = self.header(
            &account,
            offer.sealing_key.workspace,
            transfer,
            offer.sealing_key.id,
        );
        (transfer, self.seal(&header, ciphertext))
    }

    /// Transfers a session, with these bytes as its ciphertext.
    pub(crate) async fn transfer(&self, account: AccountId, ciphertext: &[u8]) -> TransferId {
        let (transfer, sealed) = self.prepare(account, ciphertext).await;
        self.store(account, transfer, &sealed).await.ok::<Account>();
        transfer
    }
}

pub(crate) fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap()
}

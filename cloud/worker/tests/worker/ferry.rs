//! A Ferry server of the test's own: it checks every proof as the real one does, hands
//! out what the test puts in, and remembers what the worker says.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use ferry_protocol::api::{
    AskForWork, CatalogueHeld, Finding, KeySupply, KeysDestroyed, LeasedSession, Report, SupplyKeys, Work,
    WorkerSignIn, WorkerSignedIn,
};
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::dpop::{Expected, Proof};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::vault::SignedSealingKey;
use ferry_protocol::{LeaseId, PublicJwk, SealingKeyId, WorkspaceId};
use ferry_worker::ambient;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The worker token that it takes.
pub(crate) const WORKER_TOKEN: &str = "worker-token-CANARY";

/// Nothing takes longer in these tests.
const LIMIT: Duration = Duration::from_secs(90);

pub(crate) struct Ferry {
    pub(crate) url: String,
    shared: Arc<Shared>,
    /// Ends the server.
    stop: Option<tokio::task::JoinHandle<()>>,
}

struct Shared {
    url: String,
    workspace: WorkspaceId,
    state: Mutex<Known>,
    /// Changes whenever the state may have.
    changed: watch::Sender<u64>,
}

/// What the server knows.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) available: VecDeque<SignedSealingKey>,
    pub(crate) to_destroy: Vec<SealingKeyId>,
    pub(crate) destroyed: Vec<SealingKeyId>,
    pub(crate) catalogue: Option<SignedCatalogue>,
    /// Sessions that are due, and whether each is new.
    due: VecDeque<(LeasedSession, bool)>,
    /// The session that automation gets.
    pub(crate) for_automation: Option<LeasedSession>,
    pub(crate) reports: Vec<Report>,
    pub(crate) sign_ins: usize,
    access_token: Option<String>,
    worker_key: Option<PublicJwk>,
    vault: Option<PublicJwk>,
    proofs: HashSet<String>,
}

impl Ferry {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let workspace = WorkspaceId::new(ambient::now(), ambient::random());
        let (changed, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            url: url.clone(),
            workspace,
            state: Mutex::default(),
            changed,
        });
        let mut ferry = Self {
            url,
            shared,
            stop: None,
        };
        ferry.serve(listener);
        ferry
    }

    fn serve(&mut self, listener: TcpListener) {
        let router = Router::new().fallback(answer).with_state(self.shared.clone());
        self.stop = Some(tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap()
        }));
    }

    /// Ends the server; its connections end with it.
    pub(crate) async fn stop(&mut self) {
        if let Some(task) = self.stop.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Starts it again where it was.
    pub(crate) async fn start_again(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind(address).await.unwrap();
        self.serve(listener);
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.state.lock().unwrap()
    }

    /// Waits until the server knows something.
    pub(crate) async fn until<T>(&self, what: &str, known: impl Fn(&mut Known) -> Option<T>) -> T {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = known(&mut self.known()) {
                    return found;
                }
                changed.changed().await.unwrap();
            }
        };
        tokio::time::timeout(LIMIT, waiting)
            .await
            .unwrap_or_else(|_| panic!("waited too long until {what}"))
    }

    /// Hands out a one-time key, as to a device that begins a transfer.
    pub(crate) async fn hand_out_key(&self) -> SignedSealingKey {
        self.until("there is a key", |known| known.available.pop_front())
            .await
    }

    /// Has a session checked that nobody has looked at; what the worker reports on it.
    pub(crate) async fn check(&self, session: &LeasedSession) -> Finding {
        let lease = self.is_due(session, true);
        self.reported(lease).await
    }

    /// Puts a session to those that are due.
    pub(crate) fn is_due(&self, session: &LeasedSession, new: bool) -> LeaseId {
        let mut leased = session.clone();
        leased.lease = LeaseId::new(ambient::now(), ambient::random());
        leased.lease_expires_at = ambient::now().plus(60_000);
        let lease = leased.lease;
        self.known().due.push_back((leased, new));
        self.shared.wake();
        lease
    }

    /// What the worker reports on a session.
    pub(crate) async fn reported(&self, lease: LeaseId) -> Finding {
        self.until("the session is reported on", |known| {
            known
                .reports
                .iter()
                .find(|report| report.lease == lease)
                .map(|report| report.finding.clone())
        })
        .await
    }

    /// Has a key destroyed, and waits until the worker says that it is.
    pub(crate) async fn destroy(&self, key: SealingKeyId) {
        self.known().to_destroy.push(key);
        self.shared.wake();
        self.until("the key is destroyed", |known| {
            known.destroyed.contains(&key).then_some(())
        })
        .await;
    }

    /// Takes the access token back, as when it ends.
    pub(crate) fn revoke_access(&self) {
        self.known().access_token = None;
    }
}

impl Shared {
    fn wake(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

impl Known {
    fn keys(&self) -> KeySupply {
        KeySupply {
            available: u32::try_from(self.available.len()).unwrap(),
            destroy: self.to_destroy.clone(),
        }
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = match prove(&shared, &method, &uri, &headers, &body) {
        Ok(key) => key,
        Err(code) => return problem(code),
    };
    let path: Vec<_> = uri.path().trim_start_matches("/v1/worker/").split('/').collect();
    let answer = match path[..] {
        ["sign-in"] => sign_in(&shared, key, &parse::<WorkerSignIn>(&body)),
        ["sealing-keys"] => {
            let keys = parse::<SupplyKeys>(&body).keys;
            let mut known = shared.state.lock().unwrap();
            let vault = known.vault.unwrap();
            let good = keys
                .iter()
                .all(|key| key.verify(&vault, &shared.workspace, ambient::now()).is_ok());
            assert!(
                good,
                "every key is signed by the vault identity, for this workspace"
            );
            known.available.extend(keys);
            json(&known.keys())
        }
        ["catalogue"] => {
            let catalogue = parse::<SignedCatalogue>(&body);
            let mut known = shared.state.lock().unwrap();
            let vault = known.vault.unwrap();
            assert_eq!(catalogue.verify(&vault, &shared.workspace), Ok(()));
            let held = known.catalogue.take_if(|held| {
                let is_good = held.verify(&vault, &shared.workspace).is_ok();
                is_good && held.apps == catalogue.apps || held.version >= catalogue.version
            });
            let held = known.catalogue.insert(held.unwrap_or_else(|| catalogue.clone()));
            json(&CatalogueHeld {
                version: held.version,
                same: held.apps == catalogue.apps && held.verify(&vault, &shared.workspace).is_ok(),
            })
        }
        ["sealing-keys", "destroyed"] => {
            let gone = parse::<KeysDestroyed>(&body).keys;
            let mut known = shared.state.lock().unwrap();
            known.to_destroy.retain(|key| !gone.contains(key));
            known.destroyed.extend(gone);
            json(&known.keys())
        }
        ["work"] => work(&shared, &parse::<AskForWork>(&body)).await,
        ["sessions", _, "report"] => {
            shared.state.lock().unwrap().reports.push(parse(&body));
            StatusCode::NO_CONTENT.into_response()
        }
        ["accounts", _, "session"] => match &shared.state.lock().unwrap().for_automation {
            Some(session) => json(session),
            None => problem(ProblemCode::NotFound),
        },
        _ => problem(ProblemCode::NotFound),
    };
    shared.wake();
    answer
}

/// Long polling, as the real server does it.
async fn work(shared: &Shared, ask: &AskForWork) -> Response {
    let mut changed = shared.changed.subscribe();
    let end = tokio::time::Instant::now() + Duration::from_millis(ask.wait_ms.into());
    loop {
        changed.mark_unchanged();
        {
            let mut known = shared.state.lock().unwrap();
            let due = std::mem::take(&mut known.due);
            let mut sessions = Vec::new();
            for (session, new) in due {
                if sessions.len() < ask.max_sessions as usize && (new || !ask.only_new) {
                    sessions.push(session);
                } else {
                    known.due.push_back((session, new));
                }
            }
            let keys = known.keys();
            if !sessions.is_empty() || !keys.destroy.is_empty() || keys.available < ask.keys_low {
                return json(&Work { sessions, keys });
            }
        }
        if tokio::time::timeout_at(end, changed.changed()).await.is_err() {
            let keys = shared.state.lock().unwrap().keys();
            return json(&Work {
                sessions: Vec::new(),
                keys,
            });
        }
    }
}

/// RFC 9449 §4.3, the nonce and the single use among it.
fn prove(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<PublicJwk, ProblemCode> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let proof = Proof::parse(text("dpop").unwrap_or_default()).map_err(|_| ProblemCode::InvalidDpopProof)?;
    let token = text("authorization").and_then(|value| value.strip_prefix("DPoP "));
    let expected = Expected {
        method: method.as_str(),
        url: &format!("{}{}", shared.url, uri.path()),
        now: ambient::now(),
        max_age_s: 60,
        access_token: token,
        body: Some(body),
    };
    proof
        .check(&expected)
        .map_err(|_| ProblemCode::InvalidDpopProof)?;
    if proof.claims.nonce.as_deref() != Some("the-nonce") {
        return Err(ProblemCode::UseDpopNonce);
    }
    let mut known = shared.state.lock().unwrap();
    if !known.proofs.insert(proof.claims.jti.clone()) {
        return Err(ProblemCode::InvalidDpopProof);
    }
    let signs_in = uri.path() == "/v1/worker/sign-in";
    if !signs_in && (token.is_none() || token != known.access_token.as_deref()) {
        return Err(ProblemCode::InvalidToken);
    }
    match known.worker_key {
        Some(key) if key != proof.key => Err(ProblemCode::InvalidToken),
        _ => Ok(*known.worker_key.insert(proof.key)),
    }
}

fn sign_in(shared: &Shared, _key: PublicJwk, request: &WorkerSignIn) -> Response {
    if request.worker_token != WORKER_TOKEN {
        return problem(ProblemCode::InvalidToken);
    }
    let mut known = shared.state.lock().unwrap();
    // Another identity than before: only one that the one before hands over to.
    if let Some(pinned) = known.vault.filter(|vault| *vault != request.vault.current) {
        if request
            .vault
            .accept(&pinned.thumbprint(), &shared.workspace)
            .is_err()
        {
            return problem(ProblemCode::VaultIdentityRejected);
        }
        known.available.clear();
    }
    known.sign_ins += 1;
    let access_token = format!("access-token-CANARY-{}", known.sign_ins);
    known.access_token = Some(access_token.clone());
    known.vault = Some(request.vault.current);
    json(&WorkerSignedIn {
        access_token,
        expires_at: ambient::now().plus(3_600_000),
        workspace: shared.workspace,
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

fn json(body: &impl Serialize) -> Response {
    (
        [("content-type", "application/json")],
        serde_json::to_vec(body).unwrap(),
    )
        .into_response()
}

fn problem(code: ProblemCode) -> Response {
    let status = match code {
        ProblemCode::NotFound => 404,
        _ => 401,
    };
    let problem = Problem {
        kind: "urn:ferry:problem:test".to_owned(),
        status,
        code,
        title: "No".to_owned(),
        detail: "Do something else".to_owned(),
        request_id: None,
    };
    let headers = [
        ("dpop-nonce", "the-nonce"),
        ("content-type", "application/problem+json"),
    ];
    (
        StatusCode::from_u16(status).unwrap(),
        headers,
        serde_json::to_vec(&problem).unwrap(),
    )
        .into_response()
}

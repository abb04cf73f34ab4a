//! A worker as a client: it signs keys, takes work, and reports.

use ferry_protocol::api::{
    AskForWork, KeySupply, LeasedSession, Report, SupplyKeys, Work, WorkerSignIn, WorkerSignedIn,
};
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::{SignedSealingKey, VaultIdentity};
use ferry_protocol::{PublicJwk, SealingKeyId, TransferId, UnixMillis, WorkspaceId};

use super::{Answer, Client};

/// A worker: a client with a vault.
pub(crate) struct Worker {
    pub(crate) client: Client,
    pub(crate) vault: SigningKey,
    pub(crate) workspace: WorkspaceId,
}

impl Worker {
    /// Signs in with a new vault identity.
    pub(crate) async fn sign_in(client: Client, worker_token: &str) -> Self {
        let vault = SigningKey::generate(client.bytes()).unwrap();
        let identity = VaultIdentity {
            current: vault.public(),
            successions: Vec::new(),
        };
        let answer: WorkerSignedIn = sign_in_worker(&client, worker_token, identity).await.ok();
        *client.token.lock().unwrap() = Some(answer.access_token);
        Self {
            client,
            vault,
            workspace: answer.workspace,
        }
    }

    /// A one-time key as the vault signs it. Nobody keeps its private half.
    pub(crate) fn sealing_key(&self, expires_at: UnixMillis) -> SignedSealingKey {
        let id = self.client.id(SealingKeyId::new);
        let public: PublicJwk = SigningKey::generate(self.client.bytes()).unwrap().public();
        let message = SignedSealingKey::message(&id, &self.workspace, expires_at, &public);
        let signature = self.vault.sign(&message);
        SignedSealingKey {
            id,
            workspace: self.workspace,
            expires_at,
            public,
            signature,
        }
    }

    /// Brings so many keys, good for a week.
    pub(crate) async fn supply(&self, count: usize) -> KeySupply {
        let expires_at = self.client.now().plus(7 * 24 * 60 * 60 * 1000);
        let keys = (0..count).map(|_| self.sealing_key(expires_at)).collect();
        self.client
            .post("/v1/worker/sealing-keys", &SupplyKeys { keys })
            .await
            .ok()
    }

    /// A catalogue as the vault signs it.
    pub(crate) fn catalogue(&self, version: i64, apps: &str) -> SignedCatalogue {
        let version = UnixMillis(version);
        let message = SignedCatalogue::message(&self.workspace, version, apps);
        SignedCatalogue {
            workspace: self.workspace,
            version,
            apps: apps.to_owned(),
            signature: self.vault.sign(&message),
        }
    }

    /// Delivers one.
    pub(crate) async fn deliver(&self, catalogue: &SignedCatalogue) -> Answer {
        self.client.post("/v1/worker/catalogue", catalogue).await
    }

    /// Asks for work without waiting.
    pub(crate) async fn work(&self) -> Work {
        self.client
            .post(
                "/v1/worker/work",
                &AskForWork {
                    max_sessions: 16,
                    only_new: false,
                    keys_low: 0,
                    wait_ms: 0,
                },
            )
            .await
            .ok()
    }

    /// Leases the one session that is due.
    pub(crate) async fn lease(&self) -> LeasedSession {
        let mut work = self.work().await;
        assert_eq!(work.sessions.len(), 1);
        work.sessions.remove(0)
    }

    pub(crate) async fn report(&self, transfer: TransferId, report: &Report) -> Answer {
        self.client
            .post(&format!("/v1/worker/sessions/{transfer}/report"), report)
            .await
    }
}

pub(crate) async fn sign_in_worker(client: &Client, worker_token: &str, vault: VaultIdentity) -> Answer {
    let body = WorkerSignIn {
        worker_token: worker_token.to_owned(),
        vault,
    };
    client.post("/v1/worker/sign-in", &body).await
}

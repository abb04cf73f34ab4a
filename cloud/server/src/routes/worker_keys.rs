//! What a worker brings: itself, the vault identity, and one-time keys.

use axum::Json;
use axum::extract::State;
use ferry_protocol::WorkspaceId;
use ferry_protocol::api::{KeySupply, KeysDestroyed, SupplyKeys, WorkerSignIn, WorkerSignedIn};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::vault::{SealingKeyError, VaultError, VaultIdentity};
use zeroize::Zeroizing;

use super::answers::NotLetIn;
use crate::auth::body::{Body, KeysBody};
use crate::auth::roles::{KeyHolder, SignedInWorker};
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::tokens::{self, Holder};
use crate::storage::workers::{self, Worker};
use crate::storage::{Connection, Erase, StorageError, keys, vaults};

/// Keys that are taken at once.
const KEYS_AT_ONCE: usize = 256;

/// Why a worker's keys were not taken.
#[derive(Debug, thiserror::Error)]
pub enum WorkerKeysError {
    /// The worker token.
    #[error("the worker token is not good, or was first used with another key: add a new one")]
    Token,
    /// The identity.
    #[error(
        "the vault identity is not the workspace's, nor signed by it ({0}): start the worker with its own keys"
    )]
    Vault(#[from] VaultError),
    /// No identity.
    #[error("the workspace has no vault identity: sign in first")]
    NoVault,
    /// Too many.
    #[error("at most {KEYS_AT_ONCE} keys at once")]
    TooMany,
    /// A key.
    #[error("sealing key {index} (from 0) is refused: {error}")]
    Key {
        /// Which of those that were brought.
        index: usize,
        /// Why.
        error: SealingKeyError,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<WorkerKeysError> for Rejection {
    fn from(error: WorkerKeysError) -> Self {
        use WorkerKeysError as E;
        let code = match error {
            E::Token => ProblemCode::InvalidToken,
            E::Vault(_) => ProblemCode::VaultIdentityRejected,
            E::NoVault => ProblemCode::NoVault,
            E::TooMany | E::Key { .. } => ProblemCode::InvalidRequest,
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Signs a worker in: a token for the key of the proof.
#[utoipa::path(
    post, path = "/v1/worker/sign-in", tag = "worker", request_body = WorkerSignIn,
    responses(
        (status = 200, body = WorkerSignedIn),
        (status = 401, body = Problem, description = "`invalid_token`, `use_dpop_nonce`, `invalid_dpop_proof`"),
        (status = 409, body = Problem, description = "`vault_identity_rejected`"),
    )
)]
pub async fn sign_in(
    State(state): State<AppState>,
    caller: KeyHolder<Body<WorkerSignIn>>,
) -> Result<Json<WorkerSignedIn>, Rejection> {
    let WorkerSignIn { worker_token, vault } = caller.body.0;
    let worker_token = tokens::hash(&Zeroizing::new(worker_token));
    let stamp = state.stamp();
    let access_token = stamp.random.token();
    let kept = access_token.clone();
    let signed_in = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let worker = workers::bind(connection, worker_token, caller.device)
                .await?
                .ok_or(WorkerKeysError::Token)?;
            keep_vault(connection, &stamp, &worker, vault).await?;
            let holder = Holder::Worker(worker.id);
            let expires_at = tokens::issue(connection, &stamp, &kept, caller.device, holder).await?;
            let event = Event::new(worker.workspace, Actor::Worker(worker.id), Action::WorkerSignedIn);
            audit::record(connection, &stamp, [event.device(caller.device)]).await?;
            Ok::<_, WorkerKeysError>((worker.workspace, expires_at))
        })
    });
    let (workspace, expires_at) = signed_in.await?;
    Ok(Json(WorkerSignedIn {
        access_token: access_token.to_string(),
        expires_at,
        workspace,
    }))
}

/// Keeps the first identity, and later one that it handed over to.
async fn keep_vault(
    connection: &mut Connection,
    stamp: &Stamp,
    worker: &Worker,
    vault: VaultIdentity,
) -> Result<(), WorkerKeysError> {
    match vaults::get(connection, worker.workspace).await? {
        // The one that is known, successions and all, stays.
        Some(known) if known.current == vault.current => return Ok(()),
        Some(known) => {
            vault.accept(&known.fingerprint(), &worker.workspace)?;
            // Devices will know the new identity only: nothing may be sealed to keys of the old.
            keys::destroy_available(connection, worker.workspace).await?;
        }
        None => {}
    }
    vaults::set(connection, worker.workspace, &vault, stamp.now).await?;
    let event = Event::new(worker.workspace, Actor::Worker(worker.id), Action::VaultChanged)
        .detail(ferry_protocol::vault::fingerprint_text(&vault.fingerprint()));
    Ok(audit::record(connection, stamp, [event]).await?)
}

/// Takes new one-time keys, each signed by the vault identity.
#[utoipa::path(
    post, path = "/v1/worker/sealing-keys", tag = "worker", request_body = SupplyKeys,
    responses(
        (status = 200, body = KeySupply),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotLetIn,
    )
)]
pub async fn supply(
    State(state): State<AppState>,
    caller: SignedInWorker<KeysBody<SupplyKeys>>,
) -> Result<Json<KeySupply>, Rejection> {
    let stamp = state.stamp();
    let workspace = caller.workspace;
    let brought = caller.body.0.keys;
    if brought.len() > KEYS_AT_ONCE {
        return Err(WorkerKeysError::TooMany.into());
    }
    let vault = vaults::get(&mut *state.storage().read().await?, workspace).await?;
    let identity = vault.ok_or(WorkerKeysError::NoVault)?.current;
    // So many signatures take their time: not on a thread that others wait for.
    let checked = tokio::task::spawn_blocking(move || {
        for (index, key) in brought.iter().enumerate() {
            key.verify(&identity, &workspace, stamp.now)
                .map_err(|error| WorkerKeysError::Key { index, error })?;
        }
        Ok::<_, WorkerKeysError>(brought)
    });
    let brought = checked.await.map_err(Rejection::internal)??;
    let supplied = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            // Handed over meanwhile: these keys are of no use any more.
            if vaults::get(connection, workspace)
                .await?
                .is_none_or(|vault| vault.current != identity)
            {
                return Err(WorkerKeysError::NoVault);
            }
            for key in &brought {
                keys::supply(connection, key, stamp.now).await?;
            }
            Ok::<_, WorkerKeysError>(keys::supply_of(connection, workspace, stamp.now).await?)
        })
    });
    Ok(Json(supplied.await?))
}

/// Notes that private halves are destroyed.
#[utoipa::path(
    post, path = "/v1/worker/sealing-keys/destroyed", tag = "worker", request_body = KeysDestroyed,
    responses(
        (status = 200, body = KeySupply),
        (status = 400, body = Problem), NotLetIn,
    )
)]
pub async fn destroyed(
    State(state): State<AppState>,
    caller: SignedInWorker<Body<KeysDestroyed>>,
) -> Result<Json<KeySupply>, Rejection> {
    let stamp = state.stamp();
    let (worker, workspace) = (caller.id, caller.workspace);
    let gone = caller.body.0.keys;
    if gone.len() > KEYS_AT_ONCE {
        return Err(WorkerKeysError::TooMany.into());
    }
    let noted = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(
            async move { note_destroyed(connection, &stamp, workspace, Actor::Worker(worker), &gone).await },
        )
    });
    Ok(Json(noted.await?))
}

async fn note_destroyed(
    connection: &mut Connection,
    stamp: &Stamp,
    workspace: WorkspaceId,
    actor: Actor,
    gone: &[ferry_protocol::SealingKeyId],
) -> Result<KeySupply, StorageError> {
    let mut count = 0_u32;
    for key in gone {
        count += u32::from(keys::destroyed(connection, workspace, *key, stamp.now).await?);
    }
    if count > 0 {
        let event = Event::new(workspace, actor, Action::KeysDestroyed).detail(format!("{count} keys"));
        audit::record(connection, stamp, [event]).await?;
    }
    keys::supply_of(connection, workspace, stamp.now).await
}

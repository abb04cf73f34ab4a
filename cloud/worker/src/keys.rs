//! The vault's one-time sealing keys: made ahead, supplied, destroyed when told or
//! when nobody can need them any more.

use ferry_protocol::api::{KeySupply, KeysDestroyed, SupplyKeys};
use ferry_protocol::session::VaultKey;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::SignedSealingKey;
use ferry_protocol::{SealingKeyId, UnixMillis, WorkspaceId};

use crate::ambient;
use crate::api::{Api, ApiError};
use crate::state_dir::{StateDir, StateError};

/// So many keys are kept available.
const TARGET: u32 = 64;

/// New ones are made once fewer are left.
pub const LOW: u32 = 48;

/// How long a key may wait to be sealed to: 30 days, in milliseconds.
const LIFETIME: i64 = 30 * 24 * 60 * 60 * 1000;

/// How long after its end a key that was never used is destroyed all the same, if the
/// server never says so: 90 days, in milliseconds. Something may have been sealed to
/// it on its last day, and not come here yet.
const UNUSED_MARGIN: i64 = 90 * 24 * 60 * 60 * 1000;

/// How often such keys are looked for: each hour, in milliseconds.
const SWEEP_EVERY: i64 = 60 * 60 * 1000;

/// Destroying and supplying alternate at most so often in one go.
const MAX_ROUNDS: usize = 64;

/// Keeps the server supplied with keys of one workspace.
pub struct KeyKeeper {
    state: StateDir,
    identity: SigningKey,
    workspace: WorkspaceId,
    /// Durable here, and perhaps known to the server: supplied again before any
    /// others are made, so that an unreachable server does not fill the disk.
    unconfirmed: Option<SupplyKeys>,
    swept_at: Option<UnixMillis>,
}

/// The keys cannot be kept in order.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
    /// The server fails.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl KeyKeeper {
    /// For the keys of this workspace.
    pub fn new(state: StateDir, workspace: WorkspaceId) -> Result<Self, StateError> {
        let identity = state.identity(ambient::random())?;
        Ok(Self {
            state,
            identity,
            workspace,
            unconfirmed: None,
            swept_at: None,
        })
    }

    /// Does what the server asks for: destroys what is to be destroyed, and says so
    /// once it is; makes and supplies what is lacking.
    pub async fn settle(&mut self, api: &Api, mut supply: KeySupply) -> Result<(), KeysError> {
        self.sweep(ambient::now()).await?;
        for _ in 0..MAX_ROUNDS {
            if !supply.destroy.is_empty() {
                supply = self.destroy(api, supply.destroy).await?;
            } else if supply.available < LOW {
                supply = self.supply(api, TARGET - supply.available).await?;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Destroys what was never used, and is long past its end.
    async fn sweep(&mut self, now: UnixMillis) -> Result<(), StateError> {
        if self.swept_at.is_some_and(|at| now < at.plus(SWEEP_EVERY)) {
            return Ok(());
        }
        self.swept_at = Some(now);
        let state = self.state.clone();
        let made_before = now.plus(-LIFETIME - UNUSED_MARGIN);
        let destroyed = blocking(move || state.destroy_unused(made_before)).await?;
        if destroyed > 0 {
            tracing::info!(destroyed, "sealing keys destroyed that were never used");
        }
        Ok(())
    }

    async fn destroy(&self, api: &Api, keys: Vec<SealingKeyId>) -> Result<KeySupply, KeysError> {
        let state = self.state.clone();
        let doomed = keys.clone();
        let destroyed = blocking(move || {
            doomed
                .iter()
                .try_fold(0, |count, id| Ok(count + u32::from(state.destroy_key(id)?)))
        });
        tracing::info!(
            told = keys.len(),
            destroyed = destroyed.await?,
            "sealing keys destroyed"
        );
        Ok(api.destroyed(&KeysDestroyed { keys }).await?)
    }

    async fn supply(&mut self, api: &Api, count: u32) -> Result<KeySupply, KeysError> {
        let keys = match self.unconfirmed.take() {
            Some(keys) => keys,
            None => self.make(count).await?,
        };
        match api.supply(&keys).await {
            Ok(supply) => {
                tracing::info!(
                    supplied = keys.keys.len(),
                    available = supply.available,
                    "sealing keys supplied"
                );
                Ok(supply)
            }
            Err(error) => {
                // Whether the server has them is not known unless it refused them;
                // those that it has must stay, so all do.
                if error.is_passing() {
                    self.unconfirmed = Some(keys);
                }
                Err(error.into())
            }
        }
    }

    /// Makes keys. Their private halves are durable when this returns.
    async fn make(&self, count: u32) -> Result<SupplyKeys, StateError> {
        let now = ambient::now();
        let keys: Vec<_> = (0..count)
            .map(|_| {
                (
                    SealingKeyId::new(now, ambient::random()),
                    VaultKey::generate(*ambient::secret()),
                )
            })
            .collect();
        let signed = keys
            .iter()
            .map(|(id, key)| sign(&self.identity, *id, self.workspace, now, key))
            .collect();
        let state = self.state.clone();
        blocking(move || state.add_keys(&keys)).await?;
        Ok(SupplyKeys { keys: signed })
    }
}

fn sign(
    identity: &SigningKey,
    id: SealingKeyId,
    workspace: WorkspaceId,
    now: UnixMillis,
    key: &VaultKey,
) -> SignedSealingKey {
    let (expires_at, public) = (now.plus(LIFETIME), key.public());
    let message = SignedSealingKey::message(&id, &workspace, expires_at, &public);
    SignedSealingKey {
        id,
        workspace,
        expires_at,
        public,
        signature: identity.sign(&message),
    }
}

/// Waits for the disk without holding up anything else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // Only a panic gets here: it goes on where it is seen.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    #[test]
    fn a_signed_key_verifies_for_its_workspace_until_it_expires() {
        let identity = SigningKey::generate([1; 32]).unwrap();
        let workspace = WorkspaceId::new(NOW, [2; 10]);
        let id = SealingKeyId::new(NOW, [3; 10]);
        let signed = sign(&identity, id, workspace, NOW, &VaultKey::generate([4; 32]));
        let public = identity.public();
        assert!(signed.verify(&public, &workspace, NOW).is_ok());
        assert!(
            signed
                .verify(&public, &workspace, NOW.plus(LIFETIME + 1))
                .is_err()
        );
        assert!(
            signed
                .verify(&public, &WorkspaceId::new(NOW, [9; 10]), NOW)
                .is_err()
        );
    }
}

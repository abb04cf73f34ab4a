//! `ferry-worker identity --renew`: another vault identity, that the one before hands
//! over to, so that devices follow.

use ferry_protocol::vault::{MAX_SUCCESSIONS, Succession, VaultIdentity};

use crate::ambient;
use crate::api::{Api, ApiError};
use crate::config::Config;
use crate::state_dir::{StateDir, StateError};

/// The identity cannot be renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// The state directory fails.
    #[error(transparent)]
    State(#[from] StateError),
    /// The server fails, or does not take the new identity.
    #[error("{0}; the vault identity is as before")]
    Api(#[from] ApiError),
    /// It signs keys just now.
    #[error("a worker runs with this identity: stop `ferry-worker run` first")]
    InUse,
    /// Devices would not follow.
    #[error("the identity was renewed {MAX_SUCCESSIONS} times, and devices follow no more")]
    TooMany,
}

/// Makes a new identity, has the old one sign it, and uses it from the moment on that
/// the server has taken it. Interrupted, it goes on with the same new identity when it
/// is called again.
pub async fn renew(config: &Config) -> Result<VaultIdentity, RenewError> {
    let state = StateDir::open(&config.state)?;
    let Some(_changing) = state.try_change_identity()? else {
        return Err(RenewError::InUse);
    };
    let api = Api::new(&config.server, config.ca.as_ref(), state.clone())?;
    // Kept from the last signing in: after an interruption, the server knows only the
    // new identity, and lets the old one in no more.
    let workspace = match state.access()? {
        Some(access) => access.workspace,
        None => api.workspace().await?,
    };
    let old = state.identity(ambient::random())?;
    let next = state.next_identity(ambient::random())?;
    let signature = old.sign(&Succession::message(&workspace, &next.public()));
    let mut successions = state.vault(ambient::random())?.successions;
    // Written already, if it was interrupted at the very end.
    successions.retain(|step| step.to != next.public());
    successions.push(Succession {
        from: old.public(),
        to: next.public(),
        signature,
    });
    if successions.len() > MAX_SUCCESSIONS {
        return Err(RenewError::TooMany);
    }
    let vault = VaultIdentity {
        current: next.public(),
        successions,
    };
    api.introduce(&vault).await?;
    state.succeed(&vault)?;
    Ok(vault)
}

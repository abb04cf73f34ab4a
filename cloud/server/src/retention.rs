//! The sweep: what has had its time is deleted, whether anybody asks or not.

use std::time::Duration;

use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::{
    Erase, StorageError, approvals, codes, devices, invitations, jti, keys, leases, sessions, sign_in, tokens,
};

/// How often the server sweeps.
const EVERY: Duration = Duration::from_secs(30);

/// Sessions that expire in one transaction: others do not wait long behind it.
const AT_ONCE: u32 = 100;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that expired.
    pub sessions: u64,
    /// One-time keys that will not be used.
    pub keys: u64,
    /// Things that have no meaning any more: tokens, codes, used proofs, tries, leases.
    pub forgotten: u64,
}

/// Sweeps until the server stops.
pub async fn run(state: AppState) {
    let mut stopping = state.stopping();
    while !*stopping.borrow_and_update() {
        match sweep(&state).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(swept) => tracing::info!(?swept, "swept"),
            Err(error) => tracing::error!(%error, "the sweep failed: it is tried again"),
        }
        // Whichever comes first.
        let _ = tokio::time::timeout(EVERY, stopping.changed()).await;
    }
}

/// Sweeps once.
pub async fn sweep(state: &AppState) -> Result<Swept, StorageError> {
    let mut swept = Swept::default();
    loop {
        let stamp = state.stamp();
        let expired = state.storage().write(Erase::Soon, move |connection| {
            Box::pin(async move {
                let expired = sessions::expire(connection, stamp.now, AT_ONCE).await?;
                for overdue in &expired {
                    keys::destroy(connection, overdue.sealing_key).await?;
                    let event = Event::new(overdue.workspace, Actor::Server, Action::SessionExpired)
                        .account(overdue.account)
                        .transfer(overdue.transfer);
                    audit::record(connection, &stamp, [event]).await?;
                }
                Ok::<_, StorageError>(expired.len())
            })
        });
        let count = expired.await?;
        swept.sessions += u64::try_from(count).unwrap_or(u64::MAX);
        if count == 0 {
            break;
        }
    }
    let stamp = state.stamp();
    (swept.keys, swept.forgotten) = forget(state, stamp).await?;
    if swept.sessions + swept.keys > 0 {
        state.wake_workers();
    }
    Ok(swept)
}

async fn forget(state: &AppState, stamp: Stamp) -> Result<(u64, u64), StorageError> {
    let now = stamp.now;
    let seen = state.seen().take();
    let swept = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            devices::seen(connection, &seen).await?;
            let keys = keys::sweep(connection, now).await?;
            let forgotten = jti::sweep(connection, now).await?
                + tokens::sweep(connection, now).await?
                + codes::sweep(connection, now).await?
                + approvals::sweep(connection, now).await?
                + invitations::sweep(connection, now).await?
                + sign_in::sweep(connection, now).await?
                + leases::sweep(connection, now).await?;
            Ok::<_, StorageError>((keys, forgotten))
        })
    });
    swept.await
}

//! The vault's one-time sealing keys, and what becomes of each:
//!
//! ```text
//! available ──► reserved ──► used ──► destroy_pending ──► destroyed
//!     └─────────────┴──────────────────────▲
//! ```

use ferry_protocol::api::KeySupply;
use ferry_protocol::vault::SignedSealingKey;
use ferry_protocol::{AccountId, DeviceId, SealingKeyId, TransferId, UnixMillis, UserId, WorkspaceId};
use sqlx::Row as _;

use super::{Connection, Row, StorageError, row};

/// Keys named to the worker for destruction at once.
const DESTROY_AT_ONCE: i64 = 256;

/// How long a key stays reserved for a transfer that does not come, in milliseconds.
const RESERVED_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// Keys of one account that may be reserved at once. More than this many transfers
/// under way are not somebody at work, but somebody who empties the supply.
const RESERVED_AT_ONCE: i64 = 8;

/// A key that ends so soon is not handed out any more, in milliseconds: the
/// extension needs time to seal.
const MARGIN_MS: i64 = 60 * 1000;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// May be handed out.
    Available,
    /// Handed out for one transfer.
    Reserved,
    /// A session is sealed to it.
    Used,
    /// The worker is to destroy the private half, or did.
    Gone,
}

/// Who a key is for.
#[derive(Clone, Copy, Debug)]
pub struct Reservation {
    /// The transfer.
    pub transfer: TransferId,
    /// The account.
    pub account: AccountId,
    /// Who transfers.
    pub user: UserId,
    /// With which device.
    pub device: DeviceId,
}

/// A key that was handed out.
#[derive(Clone, Debug)]
pub struct Reserved {
    /// The key.
    pub key: SignedSealingKey,
    /// What became of it.
    pub state: KeyState,
    /// For whom.
    pub reservation: Reservation,
}

pub(super) fn read_state(found: &Row, column: &'static str) -> Result<KeyState, StorageError> {
    match found.try_get(column)? {
        "available" => Ok(KeyState::Available),
        "reserved" => Ok(KeyState::Reserved),
        "used" => Ok(KeyState::Used),
        "destroy_pending" | "destroyed" => Ok(KeyState::Gone),
        _ => Err(StorageError::Corrupt { column }),
    }
}

/// Adds a key that the worker brought; nothing happens if it is there already.
pub async fn supply(
    connection: &mut Connection,
    key: &SignedSealingKey,
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO sealing_keys (id, workspace_id, signed, expires_at, state, supplied_at)
         VALUES ($1, $2, $3, $4, 'available', $5) ON CONFLICT (id) DO NOTHING",
    )
    .bind(key.id.to_string())
    .bind(key.workspace.to_string())
    .bind(row::to_json(key))
    .bind(key.expires_at.0)
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// The key that was handed out for a transfer, whatever became of it.
pub async fn of_transfer(
    connection: &mut Connection,
    transfer: TransferId,
) -> Result<Option<Reserved>, StorageError> {
    let found = sqlx::query(
        "SELECT signed, state, account_id, user_id, device_id FROM sealing_keys WHERE transfer_id = $1",
    )
    .bind(transfer.to_string())
    .fetch_optional(connection)
    .await?;
    let read = |found: &Row| {
        Ok(Reserved {
            key: row::json(found, "signed")?,
            state: read_state(found, "state")?,
            reservation: Reservation {
                transfer,
                account: row::text(found, "account_id")?,
                user: row::text(found, "user_id")?,
                device: row::text(found, "device_id")?,
            },
        })
    };
    found.as_ref().map(read).transpose()
}

/// Hands out a key for a transfer that has none yet. `None`: there is none left.
/// The account's oldest is given up for it, if it has as many as it may: that transfer
/// is over.
pub async fn reserve(
    connection: &mut Connection,
    workspace: WorkspaceId,
    reservation: Reservation,
    now: UnixMillis,
) -> Result<Option<SignedSealingKey>, StorageError> {
    // Both conditions on the state: SQLite takes the account's index, of the keys that
    // are handed out, only where a statement repeats the index's own condition.
    sqlx::query(
        "UPDATE sealing_keys SET state = 'destroy_pending'
         WHERE account_id = $1 AND state IN ('reserved', 'used') AND state = 'reserved' AND id NOT IN (
             SELECT id FROM sealing_keys
             WHERE account_id = $1 AND state IN ('reserved', 'used') AND state = 'reserved'
             ORDER BY reserved_at DESC, transfer_id DESC LIMIT $2)",
    )
    .bind(reservation.account.to_string())
    .bind(RESERVED_AT_ONCE - 1)
    .execute(&mut *connection)
    .await?;
    let found = sqlx::query(
        "UPDATE sealing_keys
         SET state = 'reserved', transfer_id = $3, account_id = $4, user_id = $5, device_id = $6,
             reserved_at = $7
         WHERE id = (
             SELECT id FROM sealing_keys
             WHERE workspace_id = $1 AND state = 'available' AND expires_at > $2
             ORDER BY expires_at, id LIMIT 1)
         RETURNING signed",
    )
    .bind(workspace.to_string())
    .bind(now.plus(MARGIN_MS).0)
    .bind(reservation.transfer.to_string())
    .bind(reservation.account.to_string())
    .bind(reservation.user.to_string())
    .bind(reservation.device.to_string())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(|found| row::json(found, "signed")).transpose()
}

/// Every key of the account that was handed out is to be destroyed: that of its
/// session, and those of transfers that have not arrived.
pub async fn destroy_of_account(connection: &mut Connection, account: AccountId) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE sealing_keys SET state = 'destroy_pending'
         WHERE account_id = $1 AND state IN ('reserved', 'used')",
    )
    .bind(account.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Every key that was handed out for this person's transfers to the account is to be
/// destroyed.
pub async fn destroy_of_person(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE sealing_keys SET state = 'destroy_pending'
         WHERE account_id = $1 AND user_id = $2 AND state IN ('reserved', 'used')",
    )
    .bind(account.to_string())
    .bind(user.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Every key that was handed out for this device's transfers under way is to be
/// destroyed.
pub async fn destroy_of_device(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), StorageError> {
    // The condition on the time holds for all; with it SQLite takes the index of the
    // keys that are reserved.
    sqlx::query(
        "UPDATE sealing_keys SET state = 'destroy_pending'
         WHERE state = 'reserved' AND reserved_at >= 0 AND user_id = $1 AND device_id = $2",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// A key is to be destroyed: that of an expired session.
pub async fn destroy(connection: &mut Connection, key: SealingKeyId) -> Result<(), StorageError> {
    sqlx::query("UPDATE sealing_keys SET state = 'destroy_pending' WHERE id = $1 AND state <> 'destroyed'")
        .bind(key.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The keys that nobody got yet are to be destroyed: another vault identity signs now.
pub async fn destroy_available(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE sealing_keys SET state = 'destroy_pending' WHERE workspace_id = $1 AND state = 'available'",
    )
    .bind(workspace.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// The worker destroyed a private half. `false`: it was not asked to.
pub async fn destroyed(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key: SealingKeyId,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "UPDATE sealing_keys SET state = 'destroyed', destroyed_at = $3
         WHERE id = $1 AND workspace_id = $2 AND state = 'destroy_pending'",
    )
    .bind(key.to_string())
    .bind(workspace.to_string())
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many keys are left, and which private halves to destroy.
pub async fn supply_of(
    connection: &mut Connection,
    workspace: WorkspaceId,
    now: UnixMillis,
) -> Result<KeySupply, StorageError> {
    let available = sqlx::query(
        "SELECT COUNT(*) AS available FROM sealing_keys
         WHERE workspace_id = $1 AND state = 'available' AND expires_at > $2",
    )
    .bind(workspace.to_string())
    .bind(now.plus(MARGIN_MS).0)
    .fetch_one(&mut *connection)
    .await?;
    let destroy = sqlx::query(
        "SELECT id FROM sealing_keys WHERE workspace_id = $1 AND state = 'destroy_pending'
         ORDER BY expires_at, id LIMIT $2",
    )
    .bind(workspace.to_string())
    .bind(DESTROY_AT_ONCE)
    .fetch_all(connection)
    .await?;
    Ok(KeySupply {
        available: row::count(&available, "available")?,
        destroy: destroy
            .iter()
            .map(|found| row::text(found, "id"))
            .collect::<Result<_, _>>()?,
    })
}

/// Has those destroyed that will never be used: handed out a day ago for a transfer
/// that did not come, or expired before anybody got them. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let mut swept = 0;
    for (statement, until) in [
        (
            "UPDATE sealing_keys SET state = 'destroy_pending'
             WHERE state = 'reserved' AND reserved_at <= $1",
            now.plus(-RESERVED_FOR_MS),
        ),
        (
            "UPDATE sealing_keys SET state = 'destroy_pending' WHERE state = 'available' AND expires_at <= $1",
            now,
        ),
    ] {
        let done = sqlx::query(statement)
            .bind(until.0)
            .execute(&mut *connection)
            .await?;
        swept += done.rows_affected();
    }
    Ok(swept)
}

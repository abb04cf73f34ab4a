//! Stored sessions: one per account. What is known of it is in `sessions`, its
//! bytes are in `seals`. How they come there is in [`super::uploads`].

use ferry_protocol::api::{Check, InvalidReason, SessionStatus, StoredSession};
use ferry_protocol::session::SealedSession;
use ferry_protocol::{AccountId, SealingKeyId, TransferId, UnixMillis, UserId, WorkspaceId};
use sqlx::{Row as _, ValueRef as _};

use super::{Connection, Row, StorageError, row};

/// Deletes the account's session, its seal with it. Returns its transfer.
pub async fn delete(
    connection: &mut Connection,
    account: AccountId,
) -> Result<Option<TransferId>, StorageError> {
    let found = sqlx::query("DELETE FROM sessions WHERE account_id = $1 RETURNING transfer_id")
        .bind(account.to_string())
        .fetch_optional(connection)
        .await?;
    found
        .as_ref()
        .map(|found| row::text(found, "transfer_id"))
        .transpose()
}

/// Deletes the account's session if this person transferred it. Returns its transfer.
pub async fn delete_of_person(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
) -> Result<Option<TransferId>, StorageError> {
    let found =
        sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 RETURNING transfer_id")
            .bind(account.to_string())
            .bind(user.to_string())
            .fetch_optional(connection)
            .await?;
    found
        .as_ref()
        .map(|found| row::text(found, "transfer_id"))
        .transpose()
}

/// The bytes of a session.
pub async fn sealed(
    connection: &mut Connection,
    transfer: TransferId,
) -> Result<Option<SealedSession>, StorageError> {
    let found = sqlx::query("SELECT header, enc, ciphertext, signature FROM seals WHERE transfer_id = $1")
        .bind(transfer.to_string())
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(read_sealed).transpose()
}

pub(super) fn read_sealed(found: &Row) -> Result<SealedSession, StorageError> {
    Ok(SealedSession {
        header: row::bytes(found, "header")?,
        enc: row::bytes(found, "enc")?,
        ciphertext: row::bytes(found, "ciphertext")?,
        signature: row::bytes(found, "signature")?,
    })
}

/// Makes the account's session due to be checked now. `None`: it has none.
pub async fn check_now(
    connection: &mut Connection,
    account: AccountId,
    now: UnixMillis,
) -> Result<Option<TransferId>, StorageError> {
    let found = sqlx::query(
        "UPDATE sessions SET next_check_at = $2 WHERE account_id = $1 AND state <> 'expired'
         RETURNING transfer_id",
    )
    .bind(account.to_string())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    found
        .as_ref()
        .map(|found| row::text(found, "transfer_id"))
        .transpose()
}

/// Makes due the person's sessions that were refused because nobody whom the worker
/// knows approved their device: somebody did now, perhaps.
pub async fn check_unapproved(
    connection: &mut Connection,
    user: UserId,
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE sessions SET next_check_at = $2
         WHERE user_id = $1 AND state = 'invalid' AND invalid_reason LIKE '%\"why\":\"device_not_approved\"%'",
    )
    .bind(user.to_string())
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// What a check says of a session.
#[derive(Clone, Debug)]
pub enum Judged {
    /// It is alive.
    Verified {
        /// What was found.
        check: Check,
        /// When it is deleted if nothing uses it.
        expires_at: UnixMillis,
        /// When to check it again.
        next_check_at: UnixMillis,
    },
    /// It is not usable, and is not checked again until somebody asks.
    Invalid {
        /// What was found.
        check: Check,
        /// Why.
        reason: InvalidReason,
    },
    /// The app could not be reached.
    Unreachable {
        /// When to check it again.
        next_check_at: UnixMillis,
    },
}

/// Keeps what a check says.
pub async fn judge(
    connection: &mut Connection,
    transfer: TransferId,
    verdict: &Judged,
) -> Result<(), StorageError> {
    let query = match verdict {
        Judged::Verified {
            check,
            expires_at,
            next_check_at,
        } => sqlx::query(
            "UPDATE sessions SET state = 'transferred', invalid_reason = NULL, last_check = $2,
                 expires_at = $3, next_check_at = $4, unreachable = 0 WHERE transfer_id = $1",
        )
        .bind(transfer.to_string())
        .bind(row::to_json(check))
        .bind(expires_at.0)
        .bind(next_check_at.0),
        Judged::Invalid { check, reason } => sqlx::query(
            "UPDATE sessions SET state = 'invalid', invalid_reason = $3, last_check = $2,
                 next_check_at = NULL, unreachable = 0 WHERE transfer_id = $1",
        )
        .bind(transfer.to_string())
        .bind(row::to_json(check))
        .bind(row::to_json(reason)),
        Judged::Unreachable { next_check_at } => sqlx::query(
            "UPDATE sessions SET next_check_at = $2, unreachable = unreachable + 1 WHERE transfer_id = $1",
        )
        .bind(transfer.to_string())
        .bind(next_check_at.0),
    };
    query.execute(connection).await?;
    Ok(())
}

/// A session whose time is over.
#[derive(Clone, Copy, Debug)]
pub struct Overdue {
    /// The transfer that brought it.
    pub transfer: TransferId,
    /// The account.
    pub account: AccountId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The key it is sealed to.
    pub sealing_key: SealingKeyId,
}

/// Turns sessions whose time is over into tombstones: their bytes are deleted.
/// At most `limit` at once.
pub async fn expire(
    connection: &mut Connection,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Overdue>, StorageError> {
    let rows = sqlx::query(
        "UPDATE sessions SET state = 'expired', invalid_reason = NULL, next_check_at = NULL,
             lease_id = NULL, lease_worker_id = NULL, lease_expires_at = NULL
         WHERE transfer_id IN (
             SELECT transfer_id FROM sessions
             WHERE state IN ('transferred', 'invalid') AND expires_at <= $1 ORDER BY expires_at LIMIT $2)
         RETURNING transfer_id, account_id, workspace_id, sealing_key_id",
    )
    .bind(now.0)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let mut expired = Vec::with_capacity(rows.len());
    for found in &rows {
        let overdue = Overdue {
            transfer: row::text(found, "transfer_id")?,
            account: row::text(found, "account_id")?,
            workspace: row::text(found, "workspace_id")?,
            sealing_key: row::text(found, "sealing_key_id")?,
        };
        for statement in [
            "DELETE FROM seals WHERE transfer_id = $1",
            "DELETE FROM automation_leases WHERE transfer_id = $1",
        ] {
            sqlx::query(statement)
                .bind(overdue.transfer.to_string())
                .execute(&mut *connection)
                .await?;
        }
        expired.push(overdue);
    }
    Ok(expired)
}

/// How a session looks from outside, out of a row that has one.
pub(super) fn read_status(found: &Row) -> Result<SessionStatus, StorageError> {
    let expires_at = row::time(found, "expires_at")?;
    let state: &str = found.try_get("state")?;
    if state == "expired" {
        return Ok(SessionStatus::Expired { at: expires_at });
    }
    let session = StoredSession {
        transfer: row::text(found, "transfer_id")?,
        transferred_at: row::time(found, "transferred_at")?,
        device_name: found.try_get("device_name")?,
        transferred_by: found.try_get("transferred_by")?,
        expires_at,
        check: row::optional_json(found, "last_check")?,
    };
    match state {
        "transferred" => Ok(SessionStatus::Transferred(session)),
        "invalid" if !found.try_get_raw("invalid_reason")?.is_null() => Ok(SessionStatus::Invalid {
            reason: row::json(found, "invalid_reason")?,
            session,
        }),
        _ => Err(StorageError::Corrupt { column: "state" }),
    }
}

//! Codes that were e-mailed to verify a device: only an HMAC of each is kept.

use ferry_protocol::{DeviceId, UnixMillis, UserId};
use sqlx::Row as _;

use super::limit::{self, Limit};
use super::{Connection, StorageError, row};
use crate::stamp::Stamp;

/// How long a code lasts, in milliseconds.
pub const LIFETIME_MS: i64 = 5 * 60 * 1000;

/// How often a code may be tried.
pub const TRIES: u32 = 5;

/// Codes sent to one person: 3 in 15 minutes, 10 a day.
const LIMITS: [Limit; 2] = [Limit::new(3, 15 * 60 * 1000), Limit::new(10, LONG_MS)];
const LONG_MS: i64 = 24 * 60 * 60 * 1000;

/// A code that was kept.
#[derive(Clone, Debug)]
pub struct Kept(String);

/// A try of the newest code, counted.
#[derive(Clone, Debug)]
pub struct Try {
    id: String,
    /// HMAC of the right code.
    pub code_hmac: Vec<u8>,
    /// How often it may still be tried.
    pub left: u32,
}

/// Keeps a new code and closes the person's older ones, whichever device they were for:
/// of many devices, only one has a code to try. Too many were sent: when the next may be.
pub async fn send(
    connection: &mut Connection,
    stamp: &Stamp,
    user: UserId,
    device: DeviceId,
    code_hmac: [u8; 32],
) -> Result<Result<Kept, UnixMillis>, StorageError> {
    let sent = sqlx::query(
        "SELECT sent_at FROM email_codes WHERE user_id = $1 AND sent_at > $2 ORDER BY sent_at DESC",
    )
    .bind(user.to_string())
    .bind(stamp.now.plus(-LONG_MS).0)
    .fetch_all(&mut *connection)
    .await?;
    let sent = row::times(&sent, "sent_at")?;
    if let Some(next) = limit::next(&sent, &LIMITS, stamp.now) {
        return Ok(Err(next));
    }
    close_all(connection, user, stamp.now).await?;
    let id = stamp.uuid().to_string();
    sqlx::query(
        "INSERT INTO email_codes (id, user_id, device_id, code_hmac, sent_at, expires_at, tries)
         VALUES ($1, $2, $3, $4, $5, $6, 0)",
    )
    .bind(id.clone())
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(code_hmac.to_vec())
    .bind(stamp.now.0)
    .bind(stamp.now.plus(LIFETIME_MS).0)
    .execute(connection)
    .await?;
    Ok(Ok(Kept(id)))
}

/// Forgets a code that could not be sent: it counts for no limit.
pub async fn withdraw(connection: &mut Connection, kept: &Kept) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM email_codes WHERE id = $1")
        .bind(kept.0.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts a try of the device's open code, before it is looked at. `None`: there is
/// none, it has expired, or it was tried too often.
pub async fn count_try(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<Option<Try>, StorageError> {
    let found = sqlx::query(
        "UPDATE email_codes SET tries = tries + 1
         WHERE user_id = $1 AND device_id = $2 AND closed_at IS NULL AND expires_at > $3 AND tries < $4
         RETURNING id, code_hmac, tries",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .bind(i64::from(TRIES))
    .fetch_optional(connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(Try {
        id: found.try_get("id")?,
        code_hmac: found.try_get("code_hmac")?,
        left: TRIES.saturating_sub(row::count(&found, "tries")?),
    }))
}

/// The code was right: it cannot be used again.
pub async fn close(connection: &mut Connection, tried: &Try, now: UnixMillis) -> Result<(), StorageError> {
    sqlx::query("UPDATE email_codes SET closed_at = $2 WHERE id = $1")
        .bind(tried.id.clone())
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The device was disabled: a code that is on its way is good for nothing.
pub async fn close_of_device(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE email_codes SET closed_at = $3 WHERE user_id = $1 AND device_id = $2 AND closed_at IS NULL",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

async fn close_all(connection: &mut Connection, user: UserId, now: UnixMillis) -> Result<(), StorageError> {
    sqlx::query("UPDATE email_codes SET closed_at = $2 WHERE user_id = $1 AND closed_at IS NULL")
        .bind(user.to_string())
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets those that no limit counts any more. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM email_codes WHERE sent_at <= $1")
        .bind(now.plus(-LONG_MS).0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! How often somebody tried to sign in, for the limit. Every attempt counts before
//! its password is looked at, so that many at once are as limited as one by one; a
//! success clears the address's own.

use ferry_protocol::UnixMillis;
use sha2::{Digest, Sha256};

use super::users::email_key;
use super::{Connection, StorageError, row};
use crate::stamp::Stamp;

/// The window, in milliseconds.
const WINDOW_MS: i64 = 15 * 60 * 1000;

/// Attempts in the window for one e-mail address from one IP address.
const PER_EMAIL_AND_IP: u32 = 10;

/// Attempts in the window for one e-mail address from anywhere.
const PER_EMAIL: u32 = 100;

/// An attempt that was counted.
#[derive(Clone, Debug)]
pub struct Attempt {
    email_hash: [u8; 32],
    ip: String,
}

impl Attempt {
    /// To sign in with this e-mail address from this IP address.
    pub fn new(email: &str, ip: String) -> Self {
        Self {
            email_hash: Sha256::digest(email_key(email)).into(),
            ip,
        }
    }
}

/// Counts an attempt. `false`: there were too many, and it must not be carried out.
pub async fn count(
    connection: &mut Connection,
    stamp: &Stamp,
    attempt: &Attempt,
) -> Result<bool, StorageError> {
    let found = sqlx::query(
        "SELECT COUNT(*) AS from_anywhere, COALESCE(SUM(CASE WHEN ip = $2 THEN 1 ELSE 0 END), 0) AS from_here
         FROM sign_in_attempts WHERE email_hash = $1 AND at > $3",
    )
    .bind(attempt.email_hash.to_vec())
    .bind(attempt.ip.clone())
    .bind(stamp.now.plus(-WINDOW_MS).0)
    .fetch_one(&mut *connection)
    .await?;
    if row::count(&found, "from_anywhere")? >= PER_EMAIL
        || row::count(&found, "from_here")? >= PER_EMAIL_AND_IP
    {
        return Ok(false);
    }
    sqlx::query("INSERT INTO sign_in_attempts (id, email_hash, ip, at) VALUES ($1, $2, $3, $4)")
        .bind(stamp.uuid().to_string())
        .bind(attempt.email_hash.to_vec())
        .bind(attempt.ip.clone())
        .bind(stamp.now.0)
        .execute(connection)
        .await?;
    Ok(true)
}

/// Forgets the attempts from the address that has now succeeded.
pub async fn clear(connection: &mut Connection, attempt: &Attempt) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM sign_in_attempts WHERE email_hash = $1 AND ip = $2")
        .bind(attempt.email_hash.to_vec())
        .bind(attempt.ip.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets those outside the window. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM sign_in_attempts WHERE at <= $1")
        .bind(now.plus(-WINDOW_MS).0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

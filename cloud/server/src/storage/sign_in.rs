//! How often somebody tried to sign in, for the limit. Every attempt counts before
//! its password is looked at, so that many at once are as limited as one by one; a
//! success clears those from the same source.
//!
//! Whoever knows an e-mail address can use up its attempts. So a trusted device of the
//! person, which proves its key, has attempts of its own: nobody else locks it out.

use ferry_protocol::{DeviceId, UnixMillis};
use sha2::{Digest, Sha256};

use super::users::email_key;
use super::{Connection, StorageError, row};
use crate::stamp::Stamp;

/// The window, in milliseconds.
const WINDOW_MS: i64 = 15 * 60 * 1000;

/// Attempts in the window for one e-mail address from one source.
const PER_SOURCE: u32 = 10;

/// Attempts in the window for one e-mail address from anywhere but the person's trusted
/// devices.
const PER_EMAIL: u32 = 100;

/// Somebody wants to sign in.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The e-mail address, as typed.
    pub email: String,
    /// Where the request came from, as text; empty if nobody knows.
    pub ip: String,
    /// The key that the request proves.
    pub key: DeviceId,
}

/// What an attempt counts for.
#[derive(Clone, Debug)]
pub struct Source {
    email_hash: [u8; 32],
    /// One of the two.
    ip: Option<String>,
    device: Option<String>,
}

impl Attempt {
    /// A trusted device of the person's counts for itself, anybody else by IP address.
    async fn source(self, connection: &mut Connection) -> Result<Source, StorageError> {
        let email_key = email_key(&self.email);
        let email_hash = Sha256::digest(&email_key).into();
        let known = sqlx::query(
            "SELECT 1 FROM users JOIN devices ON devices.user_id = users.id
             WHERE users.email_key = $1 AND devices.id = $2 AND devices.state = 'trusted'",
        )
        .bind(email_key)
        .bind(self.key.to_string())
        .fetch_optional(connection)
        .await?;
        Ok(Source {
            email_hash,
            ip: known.is_none().then_some(self.ip),
            device: known.map(|_| self.key.to_string()),
        })
    }
}

/// Counts an attempt. There were too many, and it must not be carried out: when the
/// next may be.
pub async fn count(
    connection: &mut Connection,
    stamp: &Stamp,
    attempt: Attempt,
) -> Result<Result<Source, UnixMillis>, StorageError> {
    let source = attempt.source(connection).await?;
    let found = sqlx::query(
        "SELECT COALESCE(SUM(CASE WHEN device_id IS NULL THEN 1 ELSE 0 END), 0) AS from_anywhere,
                COALESCE(SUM(CASE WHEN ip = $2 OR device_id = $3 THEN 1 ELSE 0 END), 0) AS from_here,
                MIN(CASE WHEN device_id IS NULL THEN at END) AS first_from_anywhere,
                MIN(CASE WHEN ip = $2 OR device_id = $3 THEN at END) AS first_from_here
         FROM sign_in_attempts WHERE email_hash = $1 AND at > $4",
    )
    .bind(source.email_hash.to_vec())
    .bind(source.ip.clone())
    .bind(source.device.clone())
    .bind(stamp.now.plus(-WINDOW_MS).0)
    .fetch_one(&mut *connection)
    .await?;
    // As many as may be, and never more: the first of them makes room for the next.
    let here = row::count(&found, "from_here")? >= PER_SOURCE;
    let anywhere = source.device.is_none() && row::count(&found, "from_anywhere")? >= PER_EMAIL;
    let next = [(here, "first_from_here"), (anywhere, "first_from_anywhere")]
        .into_iter()
        .filter(|(too_many, _)| *too_many)
        .map(|(_, first)| row::time(&found, first))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(first) = next.into_iter().max() {
        return Ok(Err(first.plus(WINDOW_MS)));
    }
    sqlx::query(
        "INSERT INTO sign_in_attempts (id, email_hash, ip, device_id, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(stamp.uuid().to_string())
    .bind(source.email_hash.to_vec())
    .bind(source.ip.clone())
    .bind(source.device.clone())
    .bind(stamp.now.0)
    .execute(connection)
    .await?;
    Ok(Ok(source))
}

/// Forgets the attempts from the source that has now succeeded.
pub async fn clear(connection: &mut Connection, source: &Source) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM sign_in_attempts WHERE email_hash = $1 AND (ip = $2 OR device_id = $3)")
        .bind(source.email_hash.to_vec())
        .bind(source.ip.clone())
        .bind(source.device.clone())
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

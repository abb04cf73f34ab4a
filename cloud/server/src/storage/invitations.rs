//! Invitations that nobody accepted yet: only an HMAC of each code is kept.

use ferry_protocol::{UnixMillis, UserId, WorkspaceId};
use sha2::{Digest as _, Sha256};

use super::limit::{self, Limit};
use super::users::email_key;
use super::{Connection, Row, StorageError, row};
use crate::stamp::Stamp;

/// How long an invitation lasts, in milliseconds.
pub const LIFETIME_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Invitations of one workspace to one address, sent, or refused because it is taken: 3 in
/// 15 minutes, 10 a day.
const TO_ONE: [Limit; 2] = [Limit::new(3, 15 * 60 * 1000), Limit::new(10, DAY_MS)];

/// Invitations of one workspace, likewise: 100 an hour.
const TO_ALL: [Limit; 1] = [Limit::new(100, 60 * 60 * 1000)];

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An invitation that counts for the limit.
#[derive(Clone, Debug)]
pub struct Counted(String);

/// An invitation that is good for whoever has the code.
#[derive(Clone, Debug)]
pub struct Open {
    /// Who was invited.
    pub user: UserId,
    /// Where they belong.
    pub workspace: WorkspaceId,
    /// HMAC of the right code.
    pub code_hmac: Vec<u8>,
}

/// Keeps an invitation, in the place of the one before it.
pub async fn put(
    connection: &mut Connection,
    user: UserId,
    code_hmac: [u8; 32],
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO invitations (user_id, code_hmac, sent_at, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET code_hmac = excluded.code_hmac,
             sent_at = excluded.sent_at, expires_at = excluded.expires_at",
    )
    .bind(user.to_string())
    .bind(code_hmac.to_vec())
    .bind(now.0)
    .bind(now.plus(LIFETIME_MS).0)
    .execute(connection)
    .await?;
    Ok(())
}

/// The open invitations of whoever has this e-mail address, of all workspaces.
pub async fn open(
    connection: &mut Connection,
    email: &str,
    now: UnixMillis,
) -> Result<Vec<Open>, StorageError> {
    let rows = sqlx::query(
        "SELECT users.id, users.workspace_id, invitations.code_hmac
         FROM invitations JOIN users ON users.id = invitations.user_id
         WHERE users.email_key = $1 AND users.holds_email = 0 AND users.deprovisioned_at IS NULL
             AND invitations.expires_at > $2",
    )
    .bind(email_key(email))
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    let read = |found: &Row| {
        Ok(Open {
            user: row::text(found, "id")?,
            workspace: row::text(found, "workspace_id")?,
            code_hmac: row::bytes(found, "code_hmac")?.0,
        })
    };
    rows.iter().map(read).collect()
}

/// Counts an invitation before anything is told about its address. There were too many:
/// when the next may be.
pub async fn count(
    connection: &mut Connection,
    stamp: &Stamp,
    workspace: WorkspaceId,
    email: &str,
) -> Result<Result<Counted, UnixMillis>, StorageError> {
    let email_hash: [u8; 32] = Sha256::digest(email_key(email)).into();
    let rows = sqlx::query(
        "SELECT sent_at, email_hash FROM invitations_sent
         WHERE workspace_id = $1 AND sent_at > $2 ORDER BY sent_at DESC",
    )
    .bind(workspace.to_string())
    .bind(stamp.now.plus(-DAY_MS).0)
    .fetch_all(&mut *connection)
    .await?;
    let (mut to_one, mut to_all) = (Vec::new(), Vec::new());
    for found in &rows {
        let sent_at = row::time(found, "sent_at")?;
        to_all.push(sent_at);
        if row::bytes(found, "email_hash")?.as_ref() == email_hash {
            to_one.push(sent_at);
        }
    }
    let next = [(to_one, &TO_ONE[..]), (to_all, &TO_ALL)]
        .into_iter()
        .filter_map(|(sent, limits)| limit::next(&sent, limits, stamp.now));
    if let Some(next) = next.max() {
        return Ok(Err(next));
    }
    let id = stamp.uuid().to_string();
    sqlx::query(
        "INSERT INTO invitations_sent (id, workspace_id, email_hash, sent_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(id.clone())
    .bind(workspace.to_string())
    .bind(email_hash.to_vec())
    .bind(stamp.now.0)
    .execute(connection)
    .await?;
    Ok(Ok(Counted(id)))
}

/// An invitation could not be sent: it counts for no limit.
pub async fn uncount(connection: &mut Connection, counted: &Counted) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM invitations_sent WHERE id = $1")
        .bind(counted.0.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets those that no limit counts any more. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM invitations_sent WHERE sent_at <= $1")
        .bind(now.plus(-DAY_MS).0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Forgets a person's invitation. Whether there was one.
pub async fn remove(connection: &mut Connection, user: UserId) -> Result<bool, StorageError> {
    let done = sqlx::query("DELETE FROM invitations WHERE user_id = $1")
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

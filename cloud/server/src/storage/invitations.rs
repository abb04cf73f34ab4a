//! Invitations that nobody accepted yet: only an HMAC of each code is kept.

use ferry_protocol::{UnixMillis, UserId, WorkspaceId};

use super::users::email_key;
use super::{Connection, Row, StorageError, row};

/// How long an invitation lasts, in milliseconds.
pub const LIFETIME_MS: i64 = 7 * 24 * 60 * 60 * 1000;

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

/// The open invitation of whoever has this e-mail address.
pub async fn open(
    connection: &mut Connection,
    email: &str,
    now: UnixMillis,
) -> Result<Option<Open>, StorageError> {
    let found = sqlx::query(
        "SELECT users.id, users.workspace_id, invitations.code_hmac
         FROM invitations JOIN users ON users.id = invitations.user_id
         WHERE users.email_key = $1 AND users.deprovisioned_at IS NULL AND invitations.expires_at > $2",
    )
    .bind(email_key(email))
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    let read = |found: &Row| {
        Ok(Open {
            user: row::text(found, "id")?,
            workspace: row::text(found, "workspace_id")?,
            code_hmac: row::bytes(found, "code_hmac")?.0,
        })
    };
    found.as_ref().map(read).transpose()
}

/// Forgets a person's invitation. Whether there was one.
pub async fn remove(connection: &mut Connection, user: UserId) -> Result<bool, StorageError> {
    let done = sqlx::query("DELETE FROM invitations WHERE user_id = $1")
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

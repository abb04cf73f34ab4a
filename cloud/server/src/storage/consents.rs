//! Consents: one person, one account, one text, one time.

use ferry_protocol::api::Consent;
use ferry_protocol::{AccountId, ConsentId, UnixMillis, UserId};

use super::{Connection, Row, StorageError, row};
use crate::stamp::Stamp;

/// A person's consent for an account, if it holds.
pub async fn in_force(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
) -> Result<Option<Consent>, StorageError> {
    let found = sqlx::query(
        "SELECT id, text_version, granted_at FROM consents
         WHERE account_id = $1 AND user_id = $2 AND revoked_at IS NULL",
    )
    .bind(account.to_string())
    .bind(user.to_string())
    .fetch_optional(connection)
    .await?;
    let read = |found: &Row| {
        Ok(Consent {
            id: row::text(found, "id")?,
            text_version: row::count(found, "text_version")?,
            granted_at: row::time(found, "granted_at")?,
        })
    };
    found.as_ref().map(read).transpose()
}

/// Records a consent. The one before it must have been ended.
pub async fn give(
    connection: &mut Connection,
    stamp: &Stamp,
    account: AccountId,
    user: UserId,
    text_version: u32,
) -> Result<Consent, StorageError> {
    let consent = Consent {
        id: stamp.id(ConsentId::new),
        text_version,
        granted_at: stamp.now,
    };
    sqlx::query(
        "INSERT INTO consents (id, account_id, user_id, text_version, granted_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(consent.id.to_string())
    .bind(account.to_string())
    .bind(user.to_string())
    .bind(i64::from(text_version))
    .bind(stamp.now.0)
    .execute(connection)
    .await?;
    Ok(consent)
}

/// What became of a consent that was to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It was in force until now.
    Now,
    /// It was revoked before.
    Before,
    /// This person never gave it.
    Unknown,
}

/// Revokes a consent of this person's.
pub async fn revoke(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
    consent: ConsentId,
    now: UnixMillis,
) -> Result<Revoked, StorageError> {
    let done = sqlx::query(
        "UPDATE consents SET revoked_at = $4
         WHERE id = $1 AND account_id = $2 AND user_id = $3 AND revoked_at IS NULL",
    )
    .bind(consent.to_string())
    .bind(account.to_string())
    .bind(user.to_string())
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Revoked::Now);
    }
    let found = sqlx::query("SELECT 1 FROM consents WHERE id = $1 AND account_id = $2 AND user_id = $3")
        .bind(consent.to_string())
        .bind(account.to_string())
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(if found.is_some() {
        Revoked::Before
    } else {
        Revoked::Unknown
    })
}

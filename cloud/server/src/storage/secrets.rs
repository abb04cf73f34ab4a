//! Keys of the server's own.

use sqlx::Row as _;
use zeroize::Zeroizing;

use super::{Connection, StorageError};
use crate::stamp::Stamp;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretName {
    /// To make and recognise DPoP nonces.
    DpopNonce,
    /// To keep e-mailed codes.
    EmailCode,
}

impl SecretName {
    fn as_str(self) -> &'static str {
        match self {
            Self::DpopNonce => "dpop_nonce",
            Self::EmailCode => "email_code",
        }
    }
}

/// The key of this name; made now if there is none.
pub async fn get_or_make(
    connection: &mut Connection,
    stamp: &Stamp,
    name: SecretName,
) -> Result<Zeroizing<[u8; 32]>, StorageError> {
    let new = Zeroizing::new(stamp.random.bytes::<32>());
    sqlx::query(
        "INSERT INTO server_secrets (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(name.as_str())
    .bind(new.to_vec())
    .bind(stamp.now.0)
    .execute(&mut *connection)
    .await?;
    let found = sqlx::query("SELECT value FROM server_secrets WHERE name = $1")
        .bind(name.as_str())
        .fetch_one(connection)
        .await?;
    let value = Zeroizing::new(found.try_get::<Vec<u8>, _>("value")?);
    let value = value
        .as_slice()
        .try_into()
        .map_err(|_| StorageError::Corrupt { column: "value" })?;
    Ok(Zeroizing::new(value))
}

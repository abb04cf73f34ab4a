//! Proofs that were used: each works once (RFC 9449 §11.1).

use std::collections::HashSet;

use ferry_protocol::UnixMillis;
use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Row as _};

use super::{Connection, StorageError};

/// Claims of one statement. Each number of them is a statement of its own, and stays
/// prepared.
const PER_STATEMENT: usize = 32;

/// The proof was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the DPoP proof was used before: make a new one for each request")]
pub struct Reused;

/// A proof's claim to be used now, for the first time.
#[derive(Clone, Debug)]
pub struct Claim {
    hash: [u8; 32],
    /// The proof is refused for its age after this.
    expires_at: UnixMillis,
}

impl Claim {
    /// For a key and a `jti` of its choice. `expires_at`: until when no proof of the
    /// same `jti` may be accepted.
    pub fn new(key_thumbprint: &[u8; 32], jti: &str, expires_at: UnixMillis) -> Self {
        let hash = Sha256::new()
            .chain_update(key_thumbprint)
            .chain_update(jti)
            .finalize()
            .into();
        Self { hash, expires_at }
    }
}

/// Uses up what was not used before. Says for each claim, in order, whether it was
/// the first of its proof.
pub async fn claim(connection: &mut Connection, claims: &[Claim]) -> Result<Vec<bool>, StorageError> {
    let mut fresh = HashSet::with_capacity(claims.len());
    for some in claims.chunks(PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO jti (hash, expires_at) ");
        query.push_values(some, |mut row, claim| {
            row.push_bind(claim.hash.to_vec()).push_bind(claim.expires_at.0);
        });
        query.push(" ON CONFLICT DO NOTHING RETURNING hash");
        for row in query.build().fetch_all(&mut *connection).await? {
            fresh.insert(row.try_get::<Vec<u8>, _>("hash")?);
        }
    }
    // The same proof twice in one batch: the second finds its hash taken.
    Ok(claims
        .iter()
        .map(|claim| fresh.remove(claim.hash.as_slice()))
        .collect())
}

/// How long a proof's use is remembered after the proof was refused for its age, in
/// milliseconds: a request that was let in just before may not have made its claim yet.
const MARGIN_MS: i64 = 60 * 1000;

/// Forgets those that are refused for their age anyway. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM jti WHERE expires_at <= $1")
        .bind(now.plus(-MARGIN_MS).0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! Access tokens: only their SHA-256 is kept.

use ferry_protocol::api::{Device, User, Workspace};
use ferry_protocol::{DeviceId, UnixMillis, UserId};
use sha2::{Digest, Sha256};
use sqlx::{Row as _, ValueRef as _};

use super::workers::WorkerId;
use super::{Connection, Row, StorageError, devices, row};
use crate::stamp::Stamp;

/// How long a token lasts, in milliseconds.
pub const LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// To whom a token is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A person.
    User(UserId),
    /// A worker.
    Worker(WorkerId),
}

/// A token, looked up.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The key that it is bound to.
    pub key: DeviceId,
    /// Whose it is.
    pub who: Who,
}

/// Whose a token is.
#[derive(Clone, Debug)]
pub enum Who {
    /// A person's, on a device with the token's key.
    Person(Person),
    /// A worker's.
    Worker {
        /// Which.
        id: WorkerId,
        /// The workspace it serves.
        workspace: Workspace,
    },
}

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub user: User,
    /// Where they belong.
    pub workspace: Workspace,
    /// Whether they administer it.
    pub admin: bool,
    /// The device; `None` until it is enrolled.
    pub device: Option<Device>,
}

/// What is kept of a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Keeps a new token. Returns when it ends.
pub async fn issue(
    connection: &mut Connection,
    stamp: &Stamp,
    token: &str,
    key: DeviceId,
    holder: Holder,
) -> Result<UnixMillis, StorageError> {
    let expires_at = stamp.now.plus(LIFETIME_MS);
    let (user, worker) = match holder {
        Holder::User(id) => (Some(id.to_string()), None),
        Holder::Worker(id) => (None, Some(id.to_string())),
    };
    sqlx::query(
        "INSERT INTO access_tokens (token_hash, key_thumbprint, user_id, worker_id, issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(hash(token).to_vec())
    .bind(key.to_string())
    .bind(user)
    .bind(worker)
    .bind(stamp.now.0)
    .bind(expires_at.0)
    .execute(connection)
    .await?;
    Ok(expires_at)
}

/// Ends a token.
pub async fn revoke(connection: &mut Connection, token_hash: &[u8; 32]) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM access_tokens WHERE token_hash = $1")
        .bind(token_hash.to_vec())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends the tokens that a person has on a device.
pub async fn revoke_of_device(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM access_tokens WHERE user_id = $1 AND key_thumbprint = $2")
        .bind(user.to_string())
        .bind(device.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends all tokens of a person.
pub async fn revoke_of_user(connection: &mut Connection, user: UserId) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM access_tokens WHERE user_id = $1")
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whose a token is, if it has not ended.
pub async fn find(
    connection: &mut Connection,
    token_hash: &[u8; 32],
    now: UnixMillis,
) -> Result<Option<Bearer>, StorageError> {
    let found = sqlx::query(
        "SELECT tokens.key_thumbprint, tokens.worker_id,
                users.id AS user_id, users.email, users.name AS user_name, users.admin,
                workspaces.id AS workspace_id, workspaces.name AS workspace_name,
                devices.name AS device_name, devices.kind AS device_kind, devices.state AS device_state
         FROM access_tokens AS tokens
         LEFT JOIN users ON users.id = tokens.user_id
         LEFT JOIN workers ON workers.id = tokens.worker_id
         JOIN workspaces ON workspaces.id = COALESCE(users.workspace_id, workers.workspace_id)
         LEFT JOIN devices ON devices.user_id = tokens.user_id AND devices.id = tokens.key_thumbprint
         WHERE tokens.token_hash = $1 AND tokens.expires_at > $2",
    )
    .bind(token_hash.to_vec())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(read).transpose()
}

fn read(found: &Row) -> Result<Bearer, StorageError> {
    let key = row::text(found, "key_thumbprint")?;
    let workspace = Workspace {
        id: row::text(found, "workspace_id")?,
        name: found.try_get("workspace_name")?,
    };
    let who = match row::optional_text(found, "worker_id")? {
        Some(id) => Who::Worker { id, workspace },
        None => Who::Person(Person {
            user: User {
                id: row::text(found, "user_id")?,
                email: found.try_get("email")?,
                name: found.try_get("user_name")?,
            },
            workspace,
            admin: found.try_get::<i64, _>("admin")? == 1,
            device: read_device(found, key)?,
        }),
    };
    Ok(Bearer { key, who })
}

fn read_device(found: &Row, id: DeviceId) -> Result<Option<Device>, StorageError> {
    if found.try_get_raw("device_state")?.is_null() {
        return Ok(None);
    }
    Ok(Some(Device {
        id,
        name: found.try_get("device_name")?,
        kind: devices::read_kind(found, "device_kind")?,
        state: devices::read_state(found, "device_state")?,
    }))
}

/// Forgets those that have ended. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM access_tokens WHERE expires_at <= $1")
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

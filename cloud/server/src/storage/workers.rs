//! Workers and their tokens.

use std::fmt;
use std::str::FromStr;

use ferry_protocol::{DeviceId, WorkspaceId};
use sqlx::Row as _;
use uuid::Uuid;

use super::{Connection, Row, StorageError, row};
use crate::stamp::Stamp;

/// A worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkerId(Uuid);

impl WorkerId {
    /// A new identifier.
    pub fn new(stamp: &Stamp) -> Self {
        Self(stamp.uuid())
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for WorkerId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// A worker as the admin sees it.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Identifier.
    pub id: WorkerId,
    /// The workspace it serves.
    pub workspace: WorkspaceId,
    /// What the admin calls it.
    pub name: String,
    /// The key that its token is bound to; `None`: it never signed in.
    pub key: Option<DeviceId>,
}

impl Worker {
    fn read(found: &Row) -> Result<Self, StorageError> {
        Ok(Self {
            id: row::text(found, "id")?,
            workspace: row::text(found, "workspace_id")?,
            name: found.try_get("name")?,
            key: row::optional_text(found, "key_thumbprint")?,
        })
    }
}

/// Adds a worker with a token of this hash.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    workspace: WorkspaceId,
    name: &str,
    token_hash: [u8; 32],
) -> Result<WorkerId, StorageError> {
    let id = WorkerId::new(stamp);
    sqlx::query(
        "INSERT INTO workers (id, workspace_id, name, token_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.to_string())
    .bind(workspace.to_string())
    .bind(name.to_owned())
    .bind(token_hash.to_vec())
    .bind(stamp.now.0)
    .execute(connection)
    .await?;
    Ok(id)
}

/// The workers of a workspace, by age.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<Worker>, StorageError> {
    let rows = sqlx::query(
        "SELECT id, workspace_id, name, key_thumbprint FROM workers WHERE workspace_id = $1 ORDER BY id",
    )
    .bind(workspace.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(Worker::read).collect()
}

/// The worker with this token, which from now on works with this key only. `None`:
/// there is none, or the token is bound to another key.
pub async fn bind(
    connection: &mut Connection,
    token_hash: [u8; 32],
    key: DeviceId,
) -> Result<Option<Worker>, StorageError> {
    let found = sqlx::query(
        "UPDATE workers SET key_thumbprint = $2
         WHERE token_hash = $1 AND (key_thumbprint IS NULL OR key_thumbprint = $2)
         RETURNING id, workspace_id, name, key_thumbprint",
    )
    .bind(token_hash.to_vec())
    .bind(key.to_string())
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(Worker::read).transpose()
}

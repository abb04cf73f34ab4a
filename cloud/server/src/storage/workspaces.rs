//! Workspaces.

use ferry_protocol::WorkspaceId;
use ferry_protocol::api::Workspace;
use sqlx::Row as _;

use super::{Connection, StorageError, row};
use crate::stamp::Stamp;

/// How long a session is kept that nothing uses, unless the admin says otherwise.
pub const DEFAULT_RETENTION_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Adds a workspace.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    name: &str,
    retention_ms: i64,
) -> Result<WorkspaceId, StorageError> {
    let id = stamp.id(WorkspaceId::new);
    sqlx::query("INSERT INTO workspaces (id, name, retention_ms, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(name.to_owned())
        .bind(retention_ms)
        .bind(stamp.now.0)
        .execute(connection)
        .await?;
    Ok(id)
}

/// All workspaces, by age.
pub async fn list(connection: &mut Connection) -> Result<Vec<Workspace>, StorageError> {
    let rows = sqlx::query("SELECT id, name FROM workspaces ORDER BY id")
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|found| {
            Ok(Workspace {
                id: row::text(found, "id")?,
                name: found.try_get("name")?,
            })
        })
        .collect()
}

/// Whether there is such a workspace.
pub async fn exists(connection: &mut Connection, id: WorkspaceId) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM workspaces WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

//! Apps: those of the catalogue, and those that a workspace added for itself.

use ferry_catalogue::{App, AppId};
use ferry_protocol::WorkspaceId;

use super::{Connection, StorageError, row};
use crate::stamp::Stamp;

/// What the identifiers of a workspace's own apps start with.
pub const CUSTOM_PREFIX: &str = "custom-";

/// Adds an app to a workspace, or replaces it.
pub async fn put(
    connection: &mut Connection,
    stamp: &Stamp,
    workspace: WorkspaceId,
    app: &App,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO apps (workspace_id, id, definition, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, id) DO UPDATE SET definition = excluded.definition",
    )
    .bind(workspace.to_string())
    .bind(app.id.to_string())
    .bind(row::to_json(app))
    .bind(stamp.now.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes an app of the workspace's own. `false`: there is none of this identifier.
pub async fn remove(
    connection: &mut Connection,
    workspace: WorkspaceId,
    id: &AppId,
) -> Result<bool, StorageError> {
    let done = sqlx::query("DELETE FROM apps WHERE workspace_id = $1 AND id = $2")
        .bind(workspace.to_string())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The app of this identifier, of the catalogue or the workspace's own.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    id: &AppId,
) -> Result<Option<App>, StorageError> {
    if !id.as_str().starts_with(CUSTOM_PREFIX) {
        return Ok(ferry_catalogue::find(id).cloned());
    }
    let found = sqlx::query("SELECT definition FROM apps WHERE workspace_id = $1 AND id = $2")
        .bind(workspace.to_string())
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    found
        .as_ref()
        .map(|found| row::json(found, "definition"))
        .transpose()
}

/// The workspace's own apps, by identifier.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<App>, StorageError> {
    let rows = sqlx::query("SELECT definition FROM apps WHERE workspace_id = $1 ORDER BY id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|found| row::json(found, "definition")).collect()
}

//! Apps: those of the catalogue, delivered or built in, and those that a workspace
//! added for itself.

use ferry_catalogue::{App, AppId};
use ferry_protocol::WorkspaceId;

use super::{Connection, StorageError, row};
use crate::stamp::Stamp;

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

/// Removes all apps that a catalogue delivered. Those that accounts are in stay, unless
/// they are built in: their sessions must still be seen and deleted.
pub(super) async fn remove_delivered(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<(), StorageError> {
    sqlx::query(
        "DELETE FROM apps WHERE workspace_id = $1 AND id NOT LIKE 'custom-%' AND NOT EXISTS
             (SELECT 1 FROM accounts WHERE accounts.workspace_id = $1 AND accounts.app_id = apps.id)",
    )
    .bind(workspace.to_string())
    .execute(&mut *connection)
    .await?;
    for app in ferry_catalogue::builtin() {
        sqlx::query("DELETE FROM apps WHERE workspace_id = $1 AND id = $2")
            .bind(workspace.to_string())
            .bind(app.id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Removes an app of the workspace's own. `false`: there is none of this identifier.
pub async fn remove(
    connection: &mut Connection,
    workspace: WorkspaceId,
    id: &AppId,
) -> Result<bool, StorageError> {
    let done = sqlx::query("DELETE FROM apps WHERE workspace_id = $1 AND id = $2 AND id LIKE 'custom-%'")
        .bind(workspace.to_string())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The app of this identifier: as it was delivered, as it is built in, or the
/// workspace's own.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    id: &AppId,
) -> Result<Option<App>, StorageError> {
    let found = sqlx::query("SELECT definition FROM apps WHERE workspace_id = $1 AND id = $2")
        .bind(workspace.to_string())
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    match found {
        Some(found) => row::json(&found, "definition").map(Some),
        None => Ok(ferry_catalogue::find(id).cloned()),
    }
}

/// The workspace's own apps, by identifier.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<App>, StorageError> {
    let all = all(connection, workspace).await?;
    Ok(all.into_iter().filter(|app| app.id.is_custom()).collect())
}

/// The supported apps, by identifier: as they were delivered, and those besides that
/// are built in.
pub async fn supported(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<App>, StorageError> {
    let mut supported = all(connection, workspace).await?;
    supported.retain(|app| !app.id.is_custom());
    for app in ferry_catalogue::builtin() {
        if !supported.iter().any(|delivered| delivered.id == app.id) {
            supported.push(app.clone());
        }
    }
    supported.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(supported)
}

async fn all(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<App>, StorageError> {
    let rows = sqlx::query("SELECT definition FROM apps WHERE workspace_id = $1 ORDER BY id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|found| row::json(found, "definition")).collect()
}

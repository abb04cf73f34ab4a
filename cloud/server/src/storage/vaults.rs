//! The vault identity of each workspace.

use ferry_protocol::vault::VaultIdentity;
use ferry_protocol::{UnixMillis, WorkspaceId};

use super::{Connection, StorageError, row};

/// The workspace's vault identity; `None`: no worker has signed in yet.
pub async fn get(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Option<VaultIdentity>, StorageError> {
    let found = sqlx::query("SELECT identity FROM vaults WHERE workspace_id = $1")
        .bind(workspace.to_string())
        .fetch_optional(connection)
        .await?;
    found
        .as_ref()
        .map(|found| row::json(found, "identity"))
        .transpose()
}

/// Sets it. Whether it may be set is for the caller to say.
pub async fn set(
    connection: &mut Connection,
    workspace: WorkspaceId,
    identity: &VaultIdentity,
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO vaults (workspace_id, identity, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET identity = excluded.identity, updated_at = excluded.updated_at",
    )
    .bind(workspace.to_string())
    .bind(row::to_json(identity))
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(())
}

//! The catalogue that each workspace's worker delivered.

use ferry_catalogue::App;
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::{UnixMillis, WorkspaceId};
use sqlx::Row as _;

use super::{Connection, StorageError, apps, row};
use crate::stamp::Stamp;

/// The workspace's catalogue, if one was delivered.
pub async fn get(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Option<SignedCatalogue>, StorageError> {
    let found = sqlx::query("SELECT version, apps, signature FROM catalogues WHERE workspace_id = $1")
        .bind(workspace.to_string())
        .fetch_optional(connection)
        .await?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(SignedCatalogue {
        workspace,
        version: row::time(&found, "version")?,
        apps: found.try_get("apps")?,
        signature: row::bytes(&found, "signature")?,
    }))
}

/// Its version alone.
pub async fn version(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Option<UnixMillis>, StorageError> {
    let found = sqlx::query("SELECT version FROM catalogues WHERE workspace_id = $1")
        .bind(workspace.to_string())
        .fetch_optional(connection)
        .await?;
    found.map(|found| row::time(&found, "version")).transpose()
}

/// Keeps a catalogue, and the apps that it has, in the place of the one before. Whether
/// it may be kept is for the caller to say.
pub async fn put(
    connection: &mut Connection,
    stamp: &Stamp,
    signed: &SignedCatalogue,
    delivered: &[App],
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO catalogues (workspace_id, version, apps, signature, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id) DO UPDATE SET version = excluded.version, apps = excluded.apps,
             signature = excluded.signature, updated_at = excluded.updated_at",
    )
    .bind(signed.workspace.to_string())
    .bind(signed.version.0)
    .bind(signed.apps.clone())
    .bind(signed.signature.0.clone())
    .bind(stamp.now.0)
    .execute(&mut *connection)
    .await?;
    apps::remove_delivered(connection, signed.workspace).await?;
    for app in delivered {
        apps::put(connection, stamp, signed.workspace, app).await?;
    }
    Ok(())
}

//! A workspace's own apps.

use ferry_catalogue::{App, AppError, AppId};
use ferry_protocol::WorkspaceId;

use crate::stamp::Stamp;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::{Connection, StorageError, accounts, apps};

/// Why an app was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AppsError {
    /// The identifier.
    #[error("the id of a workspace's own app starts with custom-, such as custom-{0}")]
    NotCustom(AppId),
    /// The definition.
    #[error("this does not define an app: {0}")]
    Invalid(#[from] AppError),
    /// Its domains.
    #[error("domains: {0} is a supported app, and no other may take in its cookies")]
    Overlaps(String),
    /// It is not there.
    #[error("there is no app {0} in the workspace")]
    NoApp(AppId),
    /// Accounts are in it.
    #[error("accounts are in the app {0}: it stays as long as they do")]
    InUse(AppId),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Adds an app, or replaces it.
pub async fn put(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, actor): (WorkspaceId, Actor),
    app: &App,
) -> Result<(), AppsError> {
    app.validate()?;
    if !app.id.is_custom() {
        return Err(AppsError::NotCustom(app.id.clone()));
    }
    if let Some(supported) = ferry_catalogue::overlapping(app) {
        return Err(AppsError::Overlaps(supported.name.clone()));
    }
    apps::put(connection, stamp, workspace, app).await?;
    let event = Event::new(workspace, actor, Action::AppAdded).detail(app.id.to_string());
    Ok(audit::record(connection, stamp, [event]).await?)
}

/// Removes an app that no account is in.
pub async fn remove(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, actor): (WorkspaceId, Actor),
    app: &AppId,
) -> Result<(), AppsError> {
    if accounts::are_in_app(connection, workspace, app).await? {
        return Err(AppsError::InUse(app.clone()));
    }
    if !apps::remove(connection, workspace, app).await? {
        return Err(AppsError::NoApp(app.clone()));
    }
    let event = Event::new(workspace, actor, Action::AppRemoved).detail(app.to_string());
    Ok(audit::record(connection, stamp, [event]).await?)
}

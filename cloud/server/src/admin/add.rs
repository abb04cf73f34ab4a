//! The commands that add something.

use std::path::Path;

use ferry_catalogue::AppId;
use ferry_protocol::api::{AccountSettings, NewAccount};
use ferry_protocol::{AccountId, UserId, WorkspaceId};
use zeroize::Zeroizing;

use super::{Admin, AdminError, check};
use crate::manage;
use crate::passwords;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::users::NewUser;
use crate::storage::{Connection, Erase, tokens, workers, workspaces};

fn name(text: &str) -> Result<String, AdminError> {
    manage::name(text).ok_or(AdminError::Name)
}

async fn require_workspace(connection: &mut Connection, id: WorkspaceId) -> Result<(), AdminError> {
    if workspaces::exists(connection, id).await? {
        Ok(())
    } else {
        Err(AdminError::NoWorkspace(id))
    }
}

fn event(workspace: WorkspaceId, action: Action) -> Event {
    Event::new(workspace, Actor::Operator, action)
}

/// `workspace add`.
pub async fn workspace(admin: &Admin, title: &str, retention_ms: i64) -> Result<WorkspaceId, AdminError> {
    let title = name(title)?;
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let id = workspaces::add(connection, &stamp, &title, retention_ms).await?;
            audit::record(
                connection,
                &stamp,
                [event(id, Action::WorkspaceAdded).detail(title)],
            )
            .await?;
            Ok(id)
        })
    });
    added.await
}

/// A person to be added.
pub struct AddUser {
    /// Where they belong.
    pub workspace: WorkspaceId,
    /// E-mail address.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// Whether they administer the workspace.
    pub admin: bool,
}

/// `user add`.
pub async fn user(admin: &Admin, add: AddUser) -> Result<UserId, AdminError> {
    let (email, name) = manage::users::read(&add.email, &add.name)?;
    let new = NewUser {
        workspace: add.workspace,
        email,
        name,
        password_hash: passwords::hash(&add.password, &*admin.random)?,
        admin: add.admin,
        holds_email: true,
    };
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_workspace(connection, new.workspace).await?;
            Ok::<_, AdminError>(manage::users::add(connection, &stamp, Actor::Operator, &new).await?)
        })
    });
    added.await
}

/// `app add`: adds an app of the workspace's own, or replaces it.
pub async fn app(admin: &Admin, workspace: WorkspaceId, file: &Path) -> Result<AppId, AdminError> {
    let app = check::read_app(file)?;
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_workspace(connection, workspace).await?;
            manage::apps::put(connection, &stamp, (workspace, Actor::Operator), &app).await?;
            Ok::<_, AdminError>(app.id)
        })
    });
    added.await
}

/// An account to be added.
#[derive(Clone, Debug)]
pub struct AddAccount {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The app.
    pub app: AppId,
    /// What people call it.
    pub name: String,
    /// Whose session it takes, as the app writes it; `None`: anybody's.
    pub identity: Option<String>,
    /// E-mail addresses of the owners.
    pub owners: Vec<String>,
    /// E-mail addresses of the collaborators.
    pub collaborators: Vec<String>,
}

/// `account add`.
pub async fn account(admin: &Admin, add: AddAccount) -> Result<AccountId, AdminError> {
    let AddAccount {
        workspace,
        app,
        name,
        identity,
        owners,
        collaborators,
    } = add;
    let settings = AccountSettings {
        name,
        identity,
        owners,
        collaborators,
    };
    let new = NewAccount { app, settings };
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_workspace(connection, workspace).await?;
            let by = (workspace, Actor::Operator);
            Ok::<_, AdminError>(manage::accounts::add(connection, &stamp, by, new).await?)
        })
    });
    added.await
}

/// `worker-token add`: the token, which is kept nowhere.
pub async fn worker_token(
    admin: &Admin,
    workspace: WorkspaceId,
    title: &str,
) -> Result<Zeroizing<String>, AdminError> {
    let title = name(title)?;
    let stamp = admin.stamp();
    let token = stamp.random.token();
    let token_hash = tokens::hash(&token);
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_workspace(connection, workspace).await?;
            workers::add(connection, &stamp, workspace, &title, token_hash).await?;
            let event = event(workspace, Action::WorkerTokenAdded).detail(title);
            Ok::<_, AdminError>(audit::record(connection, &stamp, [event]).await?)
        })
    });
    added.await?;
    Ok(token)
}

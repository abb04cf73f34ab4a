//! The commands that add something.

use std::path::Path;

use ferry_catalogue::{App, AppId};
use ferry_protocol::api::Role;
use ferry_protocol::{AccountId, UserId, WorkspaceId};
use zeroize::Zeroizing;

use super::{Admin, AdminError};
use crate::names;
use crate::passwords;
use crate::storage::accounts::NewAccount;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::users::NewUser;
use crate::storage::{Connection, Erase, accounts, apps, tokens, users, workers, workspaces};

fn name(text: &str) -> Result<String, AdminError> {
    let name = names::clean(text);
    if (1..=names::MAX_CHARS).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(AdminError::Name)
    }
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
    let email = add.email.trim().to_owned();
    if email.len() > 254 || email.parse::<lettre::Address>().is_err() {
        return Err(AdminError::Email(email));
    }
    let new = NewUser {
        workspace: add.workspace,
        email: email.clone(),
        name: name(&add.name)?,
        password_hash: passwords::hash(&add.password, &*admin.random)?,
        admin: add.admin,
    };
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_workspace(connection, new.workspace).await?;
            let id = users::add(connection, &stamp, &new)
                .await?
                .ok_or(AdminError::EmailTaken(email))?;
            let event = event(new.workspace, Action::UserAdded).detail(format!("user {id}"));
            audit::record(connection, &stamp, [event]).await?;
            Ok(id)
        })
    });
    added.await
}

/// `app add`: adds an app of the workspace's own, or replaces it.
pub async fn app(admin: &Admin, workspace: WorkspaceId, file: &Path) -> Result<AppId, AdminError> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| AdminError::File {
        file: shown.clone(),
        error,
    })?;
    let app = App::from_toml(&text).map_err(|error| AdminError::App { file: shown, error })?;
    if !app.id.as_str().starts_with(apps::CUSTOM_PREFIX) {
        return Err(AdminError::NotCustom(app.id));
    }
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_workspace(connection, workspace).await?;
            apps::put(connection, &stamp, workspace, &app).await?;
            let event = event(workspace, Action::AppAdded).detail(app.id.to_string());
            audit::record(connection, &stamp, [event]).await?;
            Ok(app.id)
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
    let title = name(&add.name)?;
    if add.owners.is_empty() {
        return Err(AdminError::NoOwner);
    }
    let stamp = admin.stamp();
    let added = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let AddAccount {
                workspace,
                app,
                identity,
                owners,
                collaborators,
                ..
            } = add;
            require_workspace(connection, workspace).await?;
            if apps::find(connection, workspace, &app).await?.is_none() {
                return Err(AdminError::NoApp(app));
            }
            let mut roles = Vec::new();
            let owners = owners.into_iter().map(|email| (email, Role::Owner));
            let collaborators = collaborators.into_iter().map(|email| (email, Role::Collaborator));
            for (email, role) in owners.chain(collaborators) {
                let user = users::in_workspace(connection, workspace, &email).await?;
                let Some(user) = user else {
                    return Err(AdminError::NoUser(email));
                };
                if roles.iter().any(|(known, _)| *known == user) {
                    return Err(AdminError::TwoRoles(email));
                }
                roles.push((user, role));
            }
            let detail = format!("{title} ({app})");
            let new = NewAccount {
                workspace,
                app,
                name: title,
                identity,
                roles,
            };
            let id = accounts::add(connection, &stamp, &new).await?;
            let event = event(workspace, Action::AccountAdded).account(id).detail(detail);
            audit::record(connection, &stamp, [event]).await?;
            Ok(id)
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

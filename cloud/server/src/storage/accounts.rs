//! Accounts, who may do what with them, and how they look to one person.

use std::collections::HashMap;

use ferry_catalogue::{App, AppId};
use ferry_protocol::api::{Account, AccountSettings, Consent, ManagedAccount, Role, SessionStatus};
use ferry_protocol::{AccountId, UnixMillis, UserId, WorkspaceId};
use sqlx::{Row as _, ValueRef as _};

use super::{Connection, Row, StorageError, row, sessions};
use crate::stamp::Stamp;

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The app, which must be known.
    pub app: AppId,
    /// What people call it.
    pub name: String,
    /// Whose session it takes; `None`: anybody's.
    pub identity: Option<String>,
    /// Who may do what, people of the same workspace.
    pub roles: Vec<(UserId, Role)>,
}

/// An account as the admin sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Identifier.
    pub id: AccountId,
    /// The app.
    pub app: AppId,
    /// What people call it.
    pub name: String,
    /// Whose session it takes; `None`: anybody's.
    pub identity: Option<String>,
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Collaborator => "collaborator",
    }
}

fn read_role(found: &Row) -> Result<Role, StorageError> {
    match found.try_get("role")? {
        "owner" => Ok(Role::Owner),
        "collaborator" => Ok(Role::Collaborator),
        _ => Err(StorageError::Corrupt { column: "role" }),
    }
}

/// Adds an account.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    new: &NewAccount,
) -> Result<AccountId, StorageError> {
    let id = stamp.id(AccountId::new);
    sqlx::query(
        "INSERT INTO accounts (id, workspace_id, app_id, name, identity, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.to_string())
    .bind(new.workspace.to_string())
    .bind(new.app.to_string())
    .bind(new.name.clone())
    .bind(new.identity.clone())
    .bind(stamp.now.0)
    .execute(&mut *connection)
    .await?;
    set_roles(connection, id, &new.roles, stamp.now).await?;
    Ok(id)
}

/// Who owns an account.
pub async fn owners(connection: &mut Connection, account: AccountId) -> Result<Vec<UserId>, StorageError> {
    let rows = sqlx::query("SELECT user_id FROM account_roles WHERE account_id = $1 AND role = 'owner'")
        .bind(account.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|found| row::text(found, "user_id")).collect()
}

/// Sets who may do what with an account, in the place of what was before.
pub async fn set_roles(
    connection: &mut Connection,
    account: AccountId,
    roles: &[(UserId, Role)],
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM account_roles WHERE account_id = $1")
        .bind(account.to_string())
        .execute(&mut *connection)
        .await?;
    for (user, role) in roles {
        sqlx::query(
            "INSERT INTO account_roles (account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(account.to_string())
        .bind(user.to_string())
        .bind(role_text(*role))
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Whether an account is a workspace's.
pub async fn is_in(
    connection: &mut Connection,
    account: AccountId,
    workspace: WorkspaceId,
) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM accounts WHERE id = $1 AND workspace_id = $2")
        .bind(account.to_string())
        .bind(workspace.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Changes an account's name and identity.
pub async fn change(
    connection: &mut Connection,
    account: AccountId,
    name: &str,
    identity: Option<&str>,
) -> Result<(), StorageError> {
    sqlx::query("UPDATE accounts SET name = $2, identity = $3 WHERE id = $1")
        .bind(account.to_string())
        .bind(name.to_owned())
        .bind(identity.map(str::to_owned))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether accounts of the workspace are in this app.
pub async fn are_in_app(
    connection: &mut Connection,
    workspace: WorkspaceId,
    app: &AppId,
) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM accounts WHERE workspace_id = $1 AND app_id = $2 LIMIT 1")
        .bind(workspace.to_string())
        .bind(app.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// The accounts of a workspace by age, as its admins see them. Who was deprovisioned
/// has no part in any.
pub async fn managed(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<ManagedAccount>, StorageError> {
    let rows = sqlx::query(
        "SELECT account_roles.account_id, account_roles.role, users.email FROM account_roles
         JOIN users ON users.id = account_roles.user_id AND users.deprovisioned_at IS NULL
         WHERE users.workspace_id = $1 ORDER BY users.email_key",
    )
    .bind(workspace.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let mut people: HashMap<AccountId, Vec<(Role, String)>> = HashMap::new();
    for found in &rows {
        let account = row::text(found, "account_id")?;
        let person = (read_role(found)?, found.try_get("email")?);
        people.entry(account).or_default().push(person);
    }
    let all = list(connection, workspace).await?.into_iter().map(|account| {
        let people = people.remove(&account.id).unwrap_or_default();
        let (owners, collaborators) = people
            .into_iter()
            .partition::<Vec<_>, _>(|(role, _)| *role == Role::Owner);
        let emails = |people: Vec<(Role, String)>| people.into_iter().map(|(_, email)| email).collect();
        ManagedAccount {
            id: account.id,
            app: account.app,
            settings: AccountSettings {
                name: account.name,
                identity: account.identity,
                owners: emails(owners),
                collaborators: emails(collaborators),
            },
        }
    });
    Ok(all.collect())
}

/// The accounts of a workspace, by age.
pub async fn list(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<Listed>, StorageError> {
    let rows =
        sqlx::query("SELECT id, app_id, name, identity FROM accounts WHERE workspace_id = $1 ORDER BY id")
            .bind(workspace.to_string())
            .fetch_all(connection)
            .await?;
    let read = |found: &Row| {
        Ok(Listed {
            id: row::text(found, "id")?,
            app: row::text(found, "app_id")?,
            name: found.try_get("name")?,
            identity: found.try_get("identity")?,
        })
    };
    rows.iter().map(read).collect()
}

/// What a person may do with an account; `None`: nothing, or there is no such account.
pub async fn role(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
) -> Result<Option<Role>, StorageError> {
    let found = sqlx::query("SELECT role FROM account_roles WHERE account_id = $1 AND user_id = $2")
        .bind(account.to_string())
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(read_role).transpose()
}

/// An account as a person sees it: what comes before, more columns, which of
/// `account_roles`, and more tables.
macro_rules! view_query {
    ($before:literal, $columns:literal, $roles:literal, $joins:literal) => {
        concat!(
            $before,
            "SELECT accounts.id, accounts.name, accounts.identity, accounts.app_id, apps.definition,
                    account_roles.role,
                    consents.id AS consent_id, consents.text_version, consents.granted_at,
                    sessions.transfer_id, sessions.state, sessions.transferred_at, sessions.expires_at,
                    sessions.invalid_reason, sessions.last_check,
                    devices.name AS device_name, sharers.name AS transferred_by ",
            $columns,
            " FROM ",
            $roles,
            " JOIN accounts ON accounts.id = account_roles.account_id
             LEFT JOIN apps ON apps.workspace_id = accounts.workspace_id AND apps.id = accounts.app_id
             LEFT JOIN consents ON consents.account_id = accounts.id
                 AND consents.user_id = account_roles.user_id AND consents.revoked_at IS NULL
             LEFT JOIN sessions ON sessions.account_id = accounts.id
             LEFT JOIN devices ON devices.user_id = sessions.user_id AND devices.id = sessions.device_id
             LEFT JOIN users AS sharers ON sharers.id = sessions.user_id ",
            $joins
        )
    };
}
pub(super) use view_query;

/// The accounts that a person may see, by name.
pub async fn views(connection: &mut Connection, user: UserId) -> Result<Vec<Account>, StorageError> {
    let rows = sqlx::query(view_query!(
        "",
        "",
        "account_roles",
        "WHERE account_roles.user_id = $1 ORDER BY LOWER(accounts.name), accounts.id"
    ))
    .bind(user.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_view).collect()
}

/// One of them; `None`: they may not see it, or there is no such account.
pub async fn view(
    connection: &mut Connection,
    user: UserId,
    account: AccountId,
) -> Result<Option<Account>, StorageError> {
    let found = sqlx::query(view_query!(
        "",
        "",
        "account_roles",
        "WHERE account_roles.user_id = $1 AND account_roles.account_id = $2"
    ))
    .bind(user.to_string())
    .bind(account.to_string())
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(read_view).transpose()
}

/// An account's app, out of its `app_id` and the `definition` of the app of that name
/// that is the workspace's own or was delivered, if there is one.
pub(super) fn read_app(found: &Row) -> Result<App, StorageError> {
    let app_id: AppId = row::text(found, "app_id")?;
    match row::optional_json(found, "definition")? {
        Some(known) => Ok(known),
        None => ferry_catalogue::find(&app_id)
            .cloned()
            .ok_or(StorageError::Corrupt { column: "app_id" }),
    }
}

pub(super) fn read_view(found: &Row) -> Result<Account, StorageError> {
    let consent = match row::optional_text(found, "consent_id")? {
        Some(id) => Some(Consent {
            id,
            text_version: row::count(found, "text_version")?,
            granted_at: row::time(found, "granted_at")?,
        }),
        None => None,
    };
    let session = if found.try_get_raw("state")?.is_null() {
        SessionStatus::None
    } else {
        sessions::read_status(found)?
    };
    Ok(Account {
        id: row::text(found, "id")?,
        name: found.try_get("name")?,
        identity: found.try_get("identity")?,
        app: read_app(found)?,
        role: read_role(found)?,
        consent,
        session,
    })
}

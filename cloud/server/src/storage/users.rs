//! People who sign in.

use ferry_protocol::api::User;
use ferry_protocol::{UserId, WorkspaceId};
use sqlx::Row as _;

use super::{Connection, Row, StorageError, row};
use crate::stamp::Stamp;

/// A person to be added.
#[derive(Clone)]
pub struct NewUser {
    /// Where they belong.
    pub workspace: WorkspaceId,
    /// E-mail address.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// argon2id, as a PHC string.
    pub password_hash: String,
    /// Whether they administer the workspace.
    pub admin: bool,
}

/// What signing in needs to know.
pub struct Credentials {
    /// Who.
    pub user: UserId,
    /// Where they belong.
    pub workspace: WorkspaceId,
    /// argon2id, as a PHC string.
    pub password_hash: String,
}

/// An e-mail address as it is compared.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Adds a person. `None`: somebody has this e-mail address already.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    new: &NewUser,
) -> Result<Option<UserId>, StorageError> {
    let id = stamp.id(UserId::new);
    let done = sqlx::query(
        "INSERT INTO users (id, workspace_id, email, email_key, name, password_hash, admin, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email_key) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(new.workspace.to_string())
    .bind(new.email.trim().to_owned())
    .bind(email_key(&new.email))
    .bind(new.name.clone())
    .bind(new.password_hash.clone())
    .bind(i64::from(new.admin))
    .bind(stamp.now.0)
    .execute(connection)
    .await?;
    Ok((done.rows_affected() == 1).then_some(id))
}

/// The credentials of whoever has this e-mail address.
pub async fn credentials(
    connection: &mut Connection,
    email: &str,
) -> Result<Option<Credentials>, StorageError> {
    let found = sqlx::query("SELECT id, workspace_id, password_hash FROM users WHERE email_key = $1")
        .bind(email_key(email))
        .fetch_optional(connection)
        .await?;
    let read = |found: &Row| {
        Ok(Credentials {
            user: row::text(found, "id")?,
            workspace: row::text(found, "workspace_id")?,
            password_hash: found.try_get("password_hash")?,
        })
    };
    found.as_ref().map(read).transpose()
}

/// The person of a workspace who has this e-mail address.
pub async fn in_workspace(
    connection: &mut Connection,
    workspace: WorkspaceId,
    email: &str,
) -> Result<Option<UserId>, StorageError> {
    let found = sqlx::query("SELECT id FROM users WHERE workspace_id = $1 AND email_key = $2")
        .bind(workspace.to_string())
        .bind(email_key(email))
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(|found| row::text(found, "id")).transpose()
}

/// Whether a person administers their workspace.
pub async fn is_admin(connection: &mut Connection, user: UserId) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND admin = 1")
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Whether a person belongs to a workspace.
pub async fn is_in(
    connection: &mut Connection,
    user: UserId,
    workspace: WorkspaceId,
) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND workspace_id = $2")
        .bind(user.to_string())
        .bind(workspace.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// The people of a workspace, by age; whether each administers it.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<(User, bool)>, StorageError> {
    let rows = sqlx::query("SELECT id, email, name, admin FROM users WHERE workspace_id = $1 ORDER BY id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    let read = |found: &Row| {
        let user = User {
            id: row::text(found, "id")?,
            email: found.try_get("email")?,
            name: found.try_get("name")?,
        };
        Ok((user, found.try_get::<i64, _>("admin")? == 1))
    };
    rows.iter().map(read).collect()
}

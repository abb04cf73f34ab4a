//! People who sign in.

use ferry_protocol::api::{ListedUser, User, UserState};
use ferry_protocol::{UnixMillis, UserId, WorkspaceId};
use sqlx::{Row as _, ValueRef as _};

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
    /// Whether the address is theirs at once; otherwise it is when they accept.
    pub holds_email: bool,
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

/// Whether somebody signs in, or did, with this e-mail address, in whichever workspace.
pub async fn email_is_held(connection: &mut Connection, email: &str) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM users WHERE email_key = $1 AND holds_email = 1")
        .bind(email_key(email))
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Adds a person. `None`: somebody has this e-mail address already, or was invited to
/// this workspace with it.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    new: &NewUser,
) -> Result<Option<UserId>, StorageError> {
    if email_is_held(connection, &new.email).await? {
        return Ok(None);
    }
    let id = stamp.id(UserId::new);
    let done = sqlx::query(
        "INSERT INTO users (id, workspace_id, email, email_key, name, password_hash, admin, created_at,
                            holds_email)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(id.to_string())
    .bind(new.workspace.to_string())
    .bind(new.email.trim().to_owned())
    .bind(email_key(&new.email))
    .bind(new.name.clone())
    .bind(new.password_hash.clone())
    .bind(i64::from(new.admin))
    .bind(stamp.now.0)
    .bind(i64::from(new.holds_email))
    .execute(connection)
    .await?;
    Ok((done.rows_affected() == 1).then_some(id))
}

/// The credentials of whoever has this e-mail address, and may sign in.
pub async fn credentials(
    connection: &mut Connection,
    email: &str,
) -> Result<Option<Credentials>, StorageError> {
    let found = sqlx::query(
        "SELECT id, workspace_id, password_hash FROM users
         WHERE email_key = $1 AND holds_email = 1 AND deprovisioned_at IS NULL",
    )
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

/// The person of a workspace who has this e-mail address, and was not deprovisioned.
pub async fn in_workspace(
    connection: &mut Connection,
    workspace: WorkspaceId,
    email: &str,
) -> Result<Option<UserId>, StorageError> {
    let found = sqlx::query(
        "SELECT id FROM users WHERE workspace_id = $1 AND email_key = $2 AND deprovisioned_at IS NULL",
    )
    .bind(workspace.to_string())
    .bind(email_key(email))
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(|found| row::text(found, "id")).transpose()
}

/// Whether a person administers their workspace.
pub async fn is_admin(connection: &mut Connection, user: UserId) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND admin = 1 AND deprovisioned_at IS NULL")
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Whether a person may sign in: they were not deprovisioned.
pub async fn is_active(connection: &mut Connection, user: UserId) -> Result<bool, StorageError> {
    let found = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND deprovisioned_at IS NULL")
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Whether a person administers the workspace, and nobody else does who can sign in.
pub async fn is_last_admin(
    connection: &mut Connection,
    user: UserId,
    workspace: WorkspaceId,
) -> Result<bool, StorageError> {
    let found = sqlx::query(
        "SELECT COALESCE(SUM(CASE WHEN id = $1 THEN 1 ELSE 0 END), 0) AS this,
                COALESCE(SUM(CASE WHEN id <> $1 AND NOT EXISTS (SELECT 1 FROM invitations
                    WHERE invitations.user_id = users.id) THEN 1 ELSE 0 END), 0) AS others
         FROM users WHERE workspace_id = $2 AND admin = 1 AND deprovisioned_at IS NULL",
    )
    .bind(user.to_string())
    .bind(workspace.to_string())
    .fetch_one(connection)
    .await?;
    Ok(row::count(&found, "this")? == 1 && row::count(&found, "others")? == 0)
}

/// A person signs in no more. `false`: they did not before.
pub async fn deprovision(
    connection: &mut Connection,
    user: UserId,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let done =
        sqlx::query("UPDATE users SET deprovisioned_at = $2 WHERE id = $1 AND deprovisioned_at IS NULL")
            .bind(user.to_string())
            .bind(now.0)
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// The person of a workspace who has this e-mail address, and has an invitation that
/// they did not accept yet.
pub async fn invited(
    connection: &mut Connection,
    workspace: WorkspaceId,
    email: &str,
) -> Result<Option<UserId>, StorageError> {
    let found = sqlx::query(
        "SELECT users.id FROM users JOIN invitations ON invitations.user_id = users.id
         WHERE users.workspace_id = $1 AND users.email_key = $2 AND users.deprovisioned_at IS NULL",
    )
    .bind(workspace.to_string())
    .bind(email_key(email))
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(|found| row::text(found, "id")).transpose()
}

/// Changes what an invited person is called, and whether they are to be an admin.
pub async fn change_invited(
    connection: &mut Connection,
    user: UserId,
    name: &str,
    admin: bool,
) -> Result<(), StorageError> {
    sqlx::query("UPDATE users SET name = $2, admin = $3 WHERE id = $1")
        .bind(user.to_string())
        .bind(name.to_owned())
        .bind(i64::from(admin))
        .execute(connection)
        .await?;
    Ok(())
}

/// An invited person accepts: they sign in from now on, with this password (argon2id, as
/// a PHC string). `false`: somebody else has come to sign in with the address meanwhile.
pub async fn accept(
    connection: &mut Connection,
    user: UserId,
    password_hash: &str,
) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "UPDATE users SET password_hash = $2, holds_email = 1 WHERE id = $1
         AND NOT EXISTS (SELECT 1 FROM users AS others
             WHERE others.email_key = users.email_key AND others.holds_email = 1 AND others.id <> $1)",
    )
    .bind(user.to_string())
    .bind(password_hash.to_owned())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The workspace that a person belongs to.
pub async fn workspace_of(
    connection: &mut Connection,
    user: UserId,
) -> Result<Option<WorkspaceId>, StorageError> {
    let found = sqlx::query("SELECT workspace_id FROM users WHERE id = $1")
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    found
        .as_ref()
        .map(|found| row::text(found, "workspace_id"))
        .transpose()
}

/// The people of a workspace by age, as its admins see them.
pub async fn listed(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Vec<ListedUser>, StorageError> {
    let rows = sqlx::query(
        "SELECT users.id, users.email, users.name, users.admin, users.created_at, users.deprovisioned_at,
                invitations.user_id AS invited,
                (SELECT COUNT(*) FROM devices
                 WHERE devices.user_id = users.id AND devices.state = 'trusted') AS trusted
         FROM users LEFT JOIN invitations ON invitations.user_id = users.id
         WHERE users.workspace_id = $1 ORDER BY users.id",
    )
    .bind(workspace.to_string())
    .fetch_all(connection)
    .await?;
    let read = |found: &Row| {
        let is_null = |column| Ok::<_, StorageError>(found.try_get_raw(column)?.is_null());
        let state = if !is_null("deprovisioned_at")? {
            UserState::Deprovisioned
        } else if is_null("invited")? {
            UserState::Active
        } else {
            UserState::Invited
        };
        Ok(ListedUser {
            user: User {
                id: row::text(found, "id")?,
                email: found.try_get("email")?,
                name: found.try_get("name")?,
            },
            admin: found.try_get::<i64, _>("admin")? == 1,
            state,
            added_at: row::time(found, "created_at")?,
            trusted_devices: row::count(found, "trusted")?,
        })
    };
    rows.iter().map(read).collect()
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

//! People: added, invited, deprovisioned.

use ferry_protocol::{DeviceId, UserId, WorkspaceId};

use crate::names;
use crate::stamp::Stamp;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::users::NewUser;
use crate::storage::{Connection, StorageError, devices, invitations, tokens, users};

/// The longest e-mail address, in bytes (RFC 5321 §4.5.3.1.3, without the brackets).
const MAX_EMAIL: usize = 254;

/// Why a person was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The name.
    #[error("the name is empty, or longer than {} characters", names::MAX_CHARS)]
    Name,
    /// The e-mail address.
    #[error("{0} is not an e-mail address")]
    Email(String),
    /// The e-mail address is in use.
    #[error("somebody has the e-mail address {0} already")]
    EmailTaken(String),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a device was not disabled.
#[derive(Debug, thiserror::Error)]
pub enum DisableError {
    /// The device.
    #[error("there is no such device, or it is not that person's")]
    NoDevice,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a person was not deprovisioned.
#[derive(Debug, thiserror::Error)]
pub enum DeprovisionError {
    /// The person.
    #[error("there is no such person in the workspace")]
    NoUser,
    /// The workspace's only admin.
    #[error("nobody else administers the workspace: invite another admin first")]
    LastAdmin,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// E-mail address and name as they are kept.
pub fn read(email: &str, name: &str) -> Result<(String, String), AddError> {
    let email = email.trim().to_owned();
    if email.len() > MAX_EMAIL || email.parse::<lettre::Address>().is_err() {
        return Err(AddError::Email(email));
    }
    Ok((email, super::name(name).ok_or(AddError::Name)?))
}

/// Adds a person.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    actor: Actor,
    new: &NewUser,
) -> Result<UserId, AddError> {
    let id = users::add(connection, stamp, new)
        .await?
        .ok_or_else(|| AddError::EmailTaken(new.email.clone()))?;
    let event = Event::new(new.workspace, actor, Action::UserAdded).detail(format!("user {id}"));
    audit::record(connection, stamp, [event]).await?;
    Ok(id)
}

/// Disables a device of somebody's, for good. To disable it again is no error.
pub async fn disable_device(
    connection: &mut Connection,
    stamp: &Stamp,
    by: (WorkspaceId, Actor),
    user: UserId,
    device: DeviceId,
) -> Result<(), DisableError> {
    let found = devices::get(connection, user, device)
        .await?
        .ok_or(DisableError::NoDevice)?;
    Ok(disable_known(connection, stamp, by, user, (device, found.name)).await?)
}

async fn disable_known(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, actor): (WorkspaceId, Actor),
    user: UserId,
    (device, name): (DeviceId, String),
) -> Result<(), StorageError> {
    if !devices::disable(connection, user, device, stamp.now).await? {
        return Ok(());
    }
    let event = Event::new(workspace, actor, Action::DeviceDisabled)
        .device(device)
        .detail(name);
    audit::record(connection, stamp, [event]).await
}

/// Ends all access of a person, at once: devices, tokens, invitation. Their sessions
/// stay, which are the accounts'. To deprovision somebody again is no error.
pub async fn deprovision(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, actor): (WorkspaceId, Actor),
    user: UserId,
) -> Result<(), DeprovisionError> {
    if !users::is_in(connection, user, workspace).await? {
        return Err(DeprovisionError::NoUser);
    }
    if users::is_last_admin(connection, user, workspace).await? {
        return Err(DeprovisionError::LastAdmin);
    }
    if !users::deprovision(connection, user, stamp.now).await? {
        return Ok(());
    }
    for device in devices::list(connection, user, None, stamp.now).await? {
        disable_known(
            connection,
            stamp,
            (workspace, actor),
            user,
            (device.id, device.name),
        )
        .await?;
    }
    // Those of devices that were never enrolled as well.
    tokens::revoke_of_user(connection, user).await?;
    invitations::remove(connection, user).await?;
    let event = Event::new(workspace, actor, Action::UserDeprovisioned).detail(format!("user {user}"));
    Ok(audit::record(connection, stamp, [event]).await?)
}

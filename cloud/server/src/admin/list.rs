//! The commands that list something: one line each, columns separated by tabs, the
//! identifier first.

use ferry_protocol::api::{DeviceState, ListedDevice, ListedUser, UserState};
use ferry_protocol::{UserId, WorkspaceId};

use super::{Admin, AdminError};
use crate::storage::{accounts as stored_accounts, apps as stored_apps, devices as stored_devices};
use crate::storage::{users as stored_users, workers, workspaces as stored_workspaces};

/// `workspace list`.
pub async fn workspaces(admin: &Admin) -> Result<Vec<String>, AdminError> {
    let found = stored_workspaces::list(&mut *admin.storage.read().await?).await?;
    Ok(found
        .iter()
        .map(|workspace| format!("{}\t{}", workspace.id, workspace.name))
        .collect())
}

/// `user list`.
pub async fn users(admin: &Admin, workspace: WorkspaceId) -> Result<Vec<String>, AdminError> {
    let found = stored_users::listed(&mut *admin.storage.read().await?, workspace).await?;
    let line = |listed: &ListedUser| {
        let state = match listed.state {
            UserState::Deprovisioned => "deprovisioned",
            UserState::Invited => "invited",
            UserState::Active if listed.admin => "admin",
            UserState::Active => "user",
        };
        let user = &listed.user;
        format!("{}\t{}\t{}\t{state}", user.id, user.email, user.name)
    };
    Ok(found.iter().map(line).collect())
}

/// `device list`: state, fingerprint and name of each device of a person's.
pub async fn devices(admin: &Admin, user: UserId) -> Result<Vec<String>, AdminError> {
    let mut connection = admin.storage.read().await?;
    let found = stored_devices::list(&mut connection, user, None, admin.clock.now()).await?;
    let line = |device: &ListedDevice| {
        let state = match device.state {
            DeviceState::AwaitingCode => "awaits its code",
            DeviceState::PendingApproval => "awaits approval",
            DeviceState::Trusted if device.approved_by.is_none() => "trusted by a code",
            DeviceState::Trusted => "trusted by approval",
            DeviceState::Disabled => "disabled",
        };
        format!(
            "{}\t{state}\t{}\t{}",
            device.id,
            device.keys.fingerprint(),
            device.name
        )
    };
    Ok(found.iter().map(line).collect())
}

/// `app list`: the workspace's own, then the catalogue's.
pub async fn apps(admin: &Admin, workspace: WorkspaceId) -> Result<Vec<String>, AdminError> {
    let mut connection = admin.storage.read().await?;
    let custom = stored_apps::list(&mut connection, workspace).await?;
    let supported = stored_apps::supported(&mut connection, workspace).await?;
    Ok(custom
        .iter()
        .chain(&supported)
        .map(|app| format!("{}\t{}\t{}", app.id, app.name, app.domains.join(" ")))
        .collect())
}

/// `account list`.
pub async fn accounts(admin: &Admin, workspace: WorkspaceId) -> Result<Vec<String>, AdminError> {
    let found = stored_accounts::list(&mut *admin.storage.read().await?, workspace).await?;
    let line = |account: &stored_accounts::Listed| {
        let identity = account.identity.as_deref().unwrap_or("-");
        format!("{}\t{}\t{}\t{identity}", account.id, account.app, account.name)
    };
    Ok(found.iter().map(line).collect())
}

/// `worker-token list`: the workers, and whether their token is in use.
pub async fn worker_tokens(admin: &Admin, workspace: WorkspaceId) -> Result<Vec<String>, AdminError> {
    let found = workers::list(&mut *admin.storage.read().await?, workspace).await?;
    let line = |worker: &workers::Worker| {
        let key = worker
            .key
            .map_or_else(|| "not used yet".to_owned(), |key| format!("key {key}"));
        format!("{}\t{}\t{key}", worker.id, worker.name)
    };
    Ok(found.iter().map(line).collect())
}

//! The commands that end somebody's access.

use ferry_protocol::{DeviceId, UserId, WorkspaceId};

use super::{Admin, AdminError};
use crate::manage::users as manage;
use crate::storage::audit::Actor;
use crate::storage::{Connection, Erase, users};

async fn workspace_of(connection: &mut Connection, user: UserId) -> Result<WorkspaceId, AdminError> {
    let workspace = users::workspace_of(connection, user).await?;
    workspace.ok_or(AdminError::NoUser)
}

/// `user deprovision`.
pub async fn deprovision_user(admin: &Admin, user: UserId) -> Result<(), AdminError> {
    let stamp = admin.stamp();
    let done = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let by = (workspace_of(connection, user).await?, Actor::Operator);
            Ok::<_, AdminError>(manage::deprovision(connection, &stamp, by, user).await?)
        })
    });
    done.await
}

/// `device disable`.
pub async fn disable_device(admin: &Admin, user: UserId, device: DeviceId) -> Result<(), AdminError> {
    let stamp = admin.stamp();
    let done = admin.storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let by = (workspace_of(connection, user).await?, Actor::Operator);
            let disabled = manage::disable_device(connection, &stamp, by, user, device);
            Ok::<_, AdminError>(disabled.await?)
        })
    });
    done.await
}

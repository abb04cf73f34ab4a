//! Whether whoever asks may still do so, in the transaction that makes the change: the
//! device may have been disabled since the request was let in.

use ferry_protocol::api::DeviceState;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{DeviceId, UserId};

use crate::problem::Rejection;
use crate::storage::{Connection, StorageError, devices, users};

/// Why whoever asks may not any more.
#[derive(Debug, thiserror::Error)]
pub enum RecheckError {
    /// The device.
    #[error("this device is no longer trusted: set it up anew")]
    NotTrusted,
    /// The person.
    #[error("only an admin of the workspace may do this")]
    NotAdmin,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<RecheckError> for Rejection {
    fn from(error: RecheckError) -> Self {
        let code = match error {
            RecheckError::NotTrusted => ProblemCode::DeviceNotTrusted,
            RecheckError::NotAdmin => ProblemCode::Forbidden,
            RecheckError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Whether the device that asks is trusted still.
pub(crate) async fn require_trusted(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), RecheckError> {
    let device = devices::get(connection, user, device).await?;
    if device.is_some_and(|device| device.state == DeviceState::Trusted) {
        Ok(())
    } else {
        Err(RecheckError::NotTrusted)
    }
}

/// Whether this person administers the workspace still, with a trusted device.
pub(crate) async fn require_admin(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), RecheckError> {
    require_trusted(connection, user, device).await?;
    if users::is_admin(connection, user).await? {
        Ok(())
    } else {
        Err(RecheckError::NotAdmin)
    }
}

//! A person's devices: who has which, and disabling them.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::Devices;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{DeviceId, UserId};

use super::answers::{NotLetIn, NotTheirs};
use crate::auth::body::NoBody;
use crate::auth::recheck::{RecheckError, require_admin, require_trusted};
use crate::auth::roles::{Administrator, Ids, TrustedPerson};
use crate::manage::users::{self as manage, disable_device};
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::Actor;
use crate::storage::devices::MOST_TRUSTED;
use crate::storage::{Erase, StorageError, devices, users};

/// Why the devices of somebody were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// There is no such person in the workspace.
    #[error("there is no such person in your workspace")]
    NoUser,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ListError> for Rejection {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NoUser => Self::new(ProblemCode::NotFound, error),
            ListError::Storage(error) => error.into(),
        }
    }
}

/// Why a device was not disabled.
#[derive(Debug, thiserror::Error)]
pub enum DisableError {
    /// Whoever asks.
    #[error(transparent)]
    Asker(#[from] RecheckError),
    /// There is no such person in the workspace.
    #[error("there is no such person in your workspace")]
    NoUser,
    /// The device.
    #[error(transparent)]
    Device(#[from] manage::DisableError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<DisableError> for Rejection {
    fn from(error: DisableError) -> Self {
        use DisableError as E;
        match error {
            E::Asker(error) => error.into(),
            E::Storage(error) | E::Device(manage::DisableError::Storage(error)) => error.into(),
            E::NoUser | E::Device(manage::DisableError::NoDevice) => Self::new(ProblemCode::NotFound, error),
        }
    }
}

/// The devices as a person sees them, the one in use marked.
pub(super) async fn show(
    state: &AppState,
    user: UserId,
    this: Option<DeviceId>,
) -> Result<Json<Devices>, StorageError> {
    let mut connection = state.storage().read().await?;
    let mut devices = devices::list(&mut connection, user, this, state.now()).await?;
    for device in &mut devices {
        device.last_seen_at = device.last_seen_at.max(state.seen().of(user, device.id));
    }
    Ok(Json(Devices {
        devices,
        most: MOST_TRUSTED,
    }))
}

/// The person's own devices.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices",
    responses((status = 200, body = Devices), NotLetIn)
)]
pub async fn list(
    State(state): State<AppState>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Devices>, Rejection> {
    Ok(show(&state, caller.person.user.id, Some(caller.device.id)).await?)
}

/// The devices of somebody in the workspace.
#[utoipa::path(
    get, path = "/v1/users/{user}/devices", tag = "devices",
    params(("user" = UserId, Path, description = "Whose")),
    responses(
        (status = 200, body = Devices),
        NotTheirs,
    )
)]
pub async fn list_of_user(
    State(state): State<AppState>,
    Ids(user): Ids<UserId>,
    caller: Administrator<NoBody>,
) -> Result<Json<Devices>, Rejection> {
    let mut connection = state.storage().read().await?;
    if !users::is_in(&mut connection, user, caller.person.workspace.id).await? {
        return Err(ListError::NoUser.into());
    }
    drop(connection);
    Ok(show(
        &state,
        user,
        Some(caller.device.id).filter(|_| user == caller.person.user.id),
    )
    .await?)
}

/// Disables a device of the person's own, for good. To disable it again is no error.
#[utoipa::path(
    post, path = "/v1/devices/{device}/disable", tag = "devices",
    params(("device" = DeviceId, Path, description = "The device")),
    responses(
        (status = 200, body = Devices),
        NotTheirs,
    )
)]
pub async fn disable(
    State(state): State<AppState>,
    Ids(device): Ids<DeviceId>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Devices>, Rejection> {
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let this = caller.device.id;
    let disabled = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_trusted(connection, user, this).await?;
            let by = (workspace, Actor::User(user));
            Ok::<_, DisableError>(disable_device(connection, &stamp, by, user, device).await?)
        })
    });
    disabled.await?;
    ended(&state, user);
    Ok(show(&state, user, Some(this)).await?)
}

/// Disables a device of somebody in the workspace, for good.
#[utoipa::path(
    post, path = "/v1/users/{user}/devices/{device}/disable", tag = "devices",
    params(
        ("user" = UserId, Path, description = "Whose"),
        ("device" = DeviceId, Path, description = "The device"),
    ),
    responses(
        (status = 200, body = Devices),
        NotTheirs,
    )
)]
pub async fn disable_of_user(
    State(state): State<AppState>,
    Ids((user, device)): Ids<(UserId, DeviceId)>,
    caller: Administrator<NoBody>,
) -> Result<Json<Devices>, Rejection> {
    let stamp = state.stamp();
    let (admin, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let this = caller.device.id;
    let disabled = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_admin(connection, admin, this).await?;
            if !users::is_in(connection, user, workspace).await? {
                return Err(DisableError::NoUser);
            }
            let by = (workspace, Actor::User(admin));
            Ok(disable_device(connection, &stamp, by, user, device).await?)
        })
    });
    disabled.await?;
    ended(&state, user);
    Ok(show(&state, user, Some(this).filter(|_| user == admin)).await?)
}

/// Whoever waits with a device that was disabled is told; its keys are to be destroyed.
pub(super) fn ended(state: &AppState, user: UserId) {
    state.waiting().wake(user);
    state.wake_workers();
}

//! A person's devices: who has which, who approves, who is disabled.
//!
//! An approval is a statement that the approving device signs; the server keeps it
//! for the worker, which believes no server that a device is trusted.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::{Approve, DeviceState, Devices};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::trust::{MAX_DEVICES, Statement, StatementError};
use ferry_protocol::{DeviceId, PublicJwk, UnixMillis, UserId, WorkspaceId};

use crate::auth::body::{Body, NoBody};
use crate::auth::roles::{Administrator, Ids, TrustedPerson};
use crate::manage::users::{UsersError, disable_device};
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::devices::{MOST_TRUSTED, Trusted};
use crate::storage::{Connection, Erase, StorageError, approvals, devices, sessions, users};

/// How far the time of an approval may lie from ours, in milliseconds.
const MAX_AGE_MS: i64 = 5 * 60 * 1000;

/// Why nothing could be done with a device.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// It is nobody's, or somebody else's.
    #[error("there is no such device, or it is not yours")]
    NotFound,
    /// There is no such person in the workspace.
    #[error("there is no such person in your workspace")]
    NoUser,
    /// The device that asks was disabled after the request was let in.
    #[error("this device is no longer trusted: set it up anew")]
    NotTrusted,
    /// Whoever asks administers the workspace no longer.
    #[error("only an admin of the workspace may do this")]
    NotAdmin,
    /// It does not wait for an answer.
    #[error("the device does not wait for approval, or no longer: have it ask again")]
    NotPending,
    /// It was approved before.
    #[error("the device was approved before")]
    Approved,
    /// It was disabled.
    #[error("the device was disabled, and is never enabled again: set it up anew")]
    Disabled,
    /// The limit.
    #[error("you have {MOST_TRUSTED} trusted devices, and no more may be: disable one first")]
    Limit,
    /// The statement.
    #[error("the approval does not fit: {0}")]
    Statement(#[from] Unfit),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What of an approval does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The person, or the workspace.
    #[error("it is for another person or workspace")]
    Person,
    /// The device.
    #[error("it is for another device")]
    Device,
    /// The device changed its sealing key since.
    #[error(
        "the device has other keys now than those that were compared. Do not approve it unless you know why; if you do \
         not, tell your admin"
    )]
    SealingKey,
    /// The approver.
    #[error("it was signed by another device than this one")]
    Approver,
    /// The time.
    #[error("its time is not now: set this device's clock")]
    Time,
    /// The signature.
    #[error("its signature is not this device's")]
    Signature,
    /// A device cannot vouch for one that was trusted before it.
    #[error("the device was trusted before this one: approve it with a device that is older")]
    Older,
    /// A device cannot vouch for one that vouches for it.
    #[error("the device vouches for this one, by itself or by way of others")]
    Circle,
    /// The chain is as long as may be.
    #[error(
        "{MAX_DEVICES} devices vouch for one another already: approve it with one that was set up earlier"
    )]
    TooLong,
}

impl From<UsersError> for DevicesError {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::Storage(error) => Self::Storage(error),
            UsersError::NoUser => Self::NoUser,
            // To disable a device finds nothing else wrong.
            _ => Self::NotFound,
        }
    }
}

impl From<DevicesError> for Rejection {
    fn from(error: DevicesError) -> Self {
        use DevicesError as E;
        let code = match error {
            E::NotFound | E::NoUser => ProblemCode::NotFound,
            E::NotTrusted => ProblemCode::DeviceNotTrusted,
            E::NotAdmin => ProblemCode::Forbidden,
            E::NotPending | E::Approved | E::Disabled => ProblemCode::NotPending,
            E::Limit => ProblemCode::DeviceLimit,
            E::Statement(_) => ProblemCode::ApprovalRejected,
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Whether the device that asks is trusted still. In the transaction that makes the
/// change: it may have been disabled since the request was let in.
pub(super) async fn require_trusted(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), DevicesError> {
    let device = devices::get(connection, user, device).await?;
    if device.is_some_and(|device| device.state == DeviceState::Trusted) {
        Ok(())
    } else {
        Err(DevicesError::NotTrusted)
    }
}

/// Whether this person administers the workspace still, with a trusted device.
pub(super) async fn require_admin(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), DevicesError> {
    require_trusted(connection, user, device).await?;
    if users::is_admin(connection, user).await? {
        Ok(())
    } else {
        Err(DevicesError::NotAdmin)
    }
}

async fn show(state: &AppState, user: UserId, this: Option<DeviceId>) -> Result<Json<Devices>, StorageError> {
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
    responses((status = 200, body = Devices), (status = 401, body = Problem), (status = 403, body = Problem))
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
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
pub async fn list_of_user(
    State(state): State<AppState>,
    Ids(user): Ids<UserId>,
    caller: Administrator<NoBody>,
) -> Result<Json<Devices>, Rejection> {
    let mut connection = state.storage().read().await?;
    if !users::is_in(&mut connection, user, caller.person.workspace.id).await? {
        return Err(DevicesError::NoUser.into());
    }
    drop(connection);
    Ok(show(
        &state,
        user,
        Some(caller.device.id).filter(|_| user == caller.person.user.id),
    )
    .await?)
}

/// Approves a device: one that asks for it is trusted then, one that was verified by a
/// code is vouched for.
#[utoipa::path(
    post, path = "/v1/devices/{device}/approve", tag = "devices", request_body = Approve,
    params(("device" = DeviceId, Path, description = "The device that is approved")),
    responses(
        (status = 200, body = Devices),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`not_pending`, `device_limit`"),
        (status = 422, body = Problem, description = "`approval_rejected`"),
    )
)]
pub async fn approve(
    State(state): State<AppState>,
    Ids(device): Ids<DeviceId>,
    caller: TrustedPerson<Body<Approve>>,
) -> Result<Json<Devices>, Rejection> {
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let this = caller.device.id;
    let approve = caller.body.0;
    // Costly, so it is not done in the transaction.
    let fits = fits(&approve, (workspace, user), device, &caller.key, stamp.now);
    let approved = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_trusted(connection, user, this).await?;
            approve_in(connection, &stamp, (workspace, user), device, fits, &approve).await
        })
    });
    approved.await?;
    state.waiting().wake(user);
    // Sessions of a device that is vouched for now may be good now.
    state.wake_workers();
    Ok(show(&state, user, Some(this)).await?)
}

/// Whether the statement is this person's, of now, for this device, by the one that
/// asks.
fn fits(
    approve: &Approve,
    person: (WorkspaceId, UserId),
    device: DeviceId,
    approver_key: &PublicJwk,
    now: UnixMillis,
) -> Result<(), Unfit> {
    let Statement {
        workspace, user, at, ..
    } = approve.statement;
    if (workspace, user) != person {
        return Err(Unfit::Person);
    }
    if approve.statement.device != device {
        return Err(Unfit::Device);
    }
    if at.0.abs_diff(now.0) > MAX_AGE_MS.unsigned_abs() {
        return Err(Unfit::Time);
    }
    approve
        .statement
        .verify(approver_key, approve.signature.as_ref())
        .map_err(|error| match error {
            StatementError::Approver => Unfit::Approver,
            StatementError::Signature(_) => Unfit::Signature,
        })
}

/// Approves, as things stand in this transaction: the device waits or has a code
/// alone, its keys are those that were signed, and no circle comes of it.
async fn approve_in(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, user): (WorkspaceId, UserId),
    device: DeviceId,
    fits: Result<(), Unfit>,
    approve: &Approve,
) -> Result<(), DevicesError> {
    let approver = approve.statement.approver;
    let found = devices::get(connection, user, device)
        .await?
        .ok_or(DevicesError::NotFound)?;
    // Only told to whose device it is.
    fits?;
    let sealing_key = devices::sealing_key(connection, user, device).await?;
    if sealing_key.is_none_or(|key| approve.statement.sealing_key.as_ref() != key.thumbprint()) {
        return Err(Unfit::SealingKey.into());
    }
    let above = approvals::chain(connection, user, approver)
        .await?
        .ok_or(DevicesError::NotTrusted)?;
    let circle = approver == device || above.approvals.iter().any(|step| step.by.id() == device);
    if circle {
        return Err(Unfit::Circle.into());
    }
    // What vouches above, the approver, and the device; with what hangs below it.
    let below = approvals::depth_below(connection, user, device).await?;
    if above.approvals.len() + 2 + below > MAX_DEVICES {
        return Err(Unfit::TooLong.into());
    }
    match found.state {
        DeviceState::Disabled => return Err(DevicesError::Disabled),
        DeviceState::AwaitingCode => return Err(DevicesError::NotPending),
        DeviceState::PendingApproval => {
            if !approvals::is_pending(connection, user, device, stamp.now).await? {
                return Err(DevicesError::NotPending);
            }
            match devices::trust(connection, user, device, stamp.now).await? {
                Trusted::Yes => {}
                Trusted::NotWaiting => return Err(DevicesError::NotPending),
                Trusted::Limit => return Err(DevicesError::Limit),
            }
        }
        // A code verified it: now it is vouched for as well.
        DeviceState::Trusted => {
            if !approvals::may_vouch(connection, user, approver, device).await? {
                return Err(Unfit::Older.into());
            }
            sessions::check_unapproved(connection, user, stamp.now).await?;
        }
    }
    if !approvals::keep(connection, user, approve, stamp.now).await? {
        return Err(DevicesError::Approved);
    }
    let event = Event::new(workspace, Actor::User(user), Action::DeviceApproved)
        .device(device)
        .detail(format!("{} by device {approver}", found.name));
    Ok(audit::record(connection, stamp, [event]).await?)
}

/// Denies a device that asks for approval.
#[utoipa::path(
    post, path = "/v1/devices/{device}/deny", tag = "devices",
    params(("device" = DeviceId, Path, description = "The device that is denied")),
    responses(
        (status = 200, body = Devices),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`not_pending`"),
    )
)]
pub async fn deny(
    State(state): State<AppState>,
    Ids(device): Ids<DeviceId>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Devices>, Rejection> {
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let this = caller.device.id;
    let denied = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_trusted(connection, user, this).await?;
            let found = devices::get(connection, user, device)
                .await?
                .ok_or(DevicesError::NotFound)?;
            if !approvals::deny(connection, user, device, stamp.now).await? {
                return Err(DevicesError::NotPending);
            }
            let event = Event::new(workspace, Actor::User(user), Action::ApprovalDenied)
                .device(device)
                .detail(found.name);
            Ok(audit::record(connection, &stamp, [event]).await?)
        })
    });
    denied.await?;
    state.waiting().wake(user);
    Ok(show(&state, user, Some(this)).await?)
}

/// Disables a device of the person's own, for good. To disable it again is no error.
#[utoipa::path(
    post, path = "/v1/devices/{device}/disable", tag = "devices",
    params(("device" = DeviceId, Path, description = "The device")),
    responses(
        (status = 200, body = Devices),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
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
            Ok::<_, DevicesError>(disable_device(connection, &stamp, by, user, device).await?)
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
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
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
                return Err(DevicesError::NoUser);
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

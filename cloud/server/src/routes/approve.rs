//! Approving devices, and denying them.
//!
//! An approval is a statement that the approving device signs; the server keeps it
//! for the worker, which believes no server that a device is trusted.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::{Approve, DeviceState, Devices};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::trust::{MAX_DEVICES, Statement, StatementError};
use ferry_protocol::{DeviceId, PublicJwk, UnixMillis, UserId, WorkspaceId};

use super::answers::NotTheirs;
use super::devices::show;
use crate::auth::body::{Body, NoBody};
use crate::auth::recheck::{RecheckError, require_trusted};
use crate::auth::roles::{Ids, TrustedPerson};
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::devices::{MOST_TRUSTED, Trusted};
use crate::storage::{Connection, Erase, StorageError, approvals, devices, sessions};

/// How far the time of an approval may lie from ours, in milliseconds.
const MAX_AGE_MS: i64 = 5 * 60 * 1000;

/// Why a device was not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// Whoever asks.
    #[error(transparent)]
    Asker(#[from] RecheckError),
    /// It is nobody's, or somebody else's.
    #[error("there is no such device, or it is not yours")]
    NotFound,
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

impl From<ApproveError> for Rejection {
    fn from(error: ApproveError) -> Self {
        use ApproveError as E;
        let code = match error {
            E::Asker(error) => return error.into(),
            E::NotFound => ProblemCode::NotFound,
            E::NotPending | E::Approved | E::Disabled => ProblemCode::NotPending,
            E::Limit => ProblemCode::DeviceLimit,
            E::Statement(_) => ProblemCode::ApprovalRejected,
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Why a device was not denied.
#[derive(Debug, thiserror::Error)]
pub enum DenyError {
    /// Whoever asks.
    #[error(transparent)]
    Asker(#[from] RecheckError),
    /// It is nobody's, or somebody else's.
    #[error("there is no such device, or it is not yours")]
    NotFound,
    /// It does not wait for an answer.
    #[error("the device does not wait for approval, or no longer")]
    NotPending,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<DenyError> for Rejection {
    fn from(error: DenyError) -> Self {
        use DenyError as E;
        let code = match error {
            E::Asker(error) => return error.into(),
            E::NotFound => ProblemCode::NotFound,
            E::NotPending => ProblemCode::NotPending,
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Approves a device: one that asks for it is trusted then, one that was verified by a
/// code is vouched for.
#[utoipa::path(
    post, path = "/v1/devices/{device}/approve", tag = "devices", request_body = Approve,
    params(("device" = DeviceId, Path, description = "The device that is approved")),
    responses(
        (status = 200, body = Devices),
        (status = 400, body = Problem), NotTheirs,
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
) -> Result<(), ApproveError> {
    let approver = approve.statement.approver;
    let found = devices::get(connection, user, device)
        .await?
        .ok_or(ApproveError::NotFound)?;
    // Only told to whose device it is.
    fits?;
    let sealing_key = devices::sealing_key(connection, user, device).await?;
    if sealing_key.is_none_or(|key| approve.statement.sealing_key.as_ref() != key.thumbprint()) {
        return Err(Unfit::SealingKey.into());
    }
    let above = approvals::chain(connection, user, approver)
        .await?
        .ok_or(RecheckError::NotTrusted)?;
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
        DeviceState::Disabled => return Err(ApproveError::Disabled),
        DeviceState::AwaitingCode => return Err(ApproveError::NotPending),
        DeviceState::PendingApproval => {
            if !approvals::is_pending(connection, user, device, stamp.now).await? {
                return Err(ApproveError::NotPending);
            }
            match devices::trust(connection, user, device, stamp.now).await? {
                Trusted::Yes => {}
                Trusted::NotWaiting => return Err(ApproveError::NotPending),
                Trusted::Limit => return Err(ApproveError::Limit),
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
        return Err(ApproveError::Approved);
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
        NotTheirs,
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
                .ok_or(DenyError::NotFound)?;
            if !approvals::deny(connection, user, device, stamp.now).await? {
                return Err(DenyError::NotPending);
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

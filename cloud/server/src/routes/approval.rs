//! A device that is not trusted asks for approval, and waits for the answer.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use ferry_protocol::UnixMillis;
use ferry_protocol::api::{ApprovalAnswer, ApprovalState, AskApproval, DeviceState};
use ferry_protocol::problem::{Problem, ProblemCode};
use tokio::time::Instant;

use super::answers::NotLetIn;
use super::device::{DeviceError, awaiting, require_room};
use crate::auth::body::{Body, NoBody};
use crate::auth::roles::SignedInPerson;
use crate::names;
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::approvals::{self, Asked, NewRequest, Standing};
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::{Connection, Erase, StorageError, devices};
use crate::waiting::Woken;

/// How long an answer is waited for.
const WAIT: Duration = Duration::from_secs(25);

/// Why a device could not ask for approval.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// What it says of itself.
    #[error("say which browser it is in 1 to {} characters", names::MAX_CHARS)]
    Browser,
    /// Nobody can answer.
    #[error("no other device of yours is trusted: have a code sent by e-mail instead")]
    NobodyToAsk,
    /// It was denied.
    #[error("this device was denied: wait a quarter of an hour, or have a code sent by e-mail")]
    Denied {
        /// Seconds until it may ask again.
        retry_after_s: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<AskError> for Rejection {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Device(error) => error.into(),
            AskError::Browser => Self::new(ProblemCode::InvalidRequest, error),
            AskError::NobodyToAsk => Self::new(ProblemCode::NoTrustedDevice, error),
            AskError::Denied { retry_after_s } => {
                Self::new(ProblemCode::TooManyRequests, error).retry_after(retry_after_s)
            }
            AskError::Storage(error) => error.into(),
        }
    }
}

/// Asks the person's trusted devices for approval. The e-mailed code stays possible.
#[utoipa::path(
    post, path = "/v1/device/approval", tag = "device", request_body = AskApproval,
    responses(
        (status = 200, body = ApprovalAnswer),
        (status = 400, body = Problem, description = "`invalid_request`: not enrolled, or set up already"),
        NotLetIn,
        (status = 409, body = Problem, description = "`no_trusted_device`, `device_limit`"),
        (status = 429, body = Problem, description = "`too_many_requests`: denied lately"),
    )
)]
pub async fn ask(
    State(state): State<AppState>,
    caller: SignedInPerson<Body<AskApproval>>,
) -> Result<Json<ApprovalAnswer>, Rejection> {
    awaiting(&caller.person)?;
    let browser = names::clean(&caller.body.0.browser);
    if !(1..=names::MAX_CHARS).contains(&browser.chars().count()) {
        return Err(AskError::Browser.into());
    }
    let stamp = state.stamp();
    let workspace = caller.person.workspace.id;
    let new = NewRequest {
        user: caller.person.user.id,
        device: caller.device,
        browser,
        ip: caller.ip,
    };
    let asked = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let (until, is_new) = request(connection, &new, stamp.now).await?;
            if is_new {
                let event =
                    Event::new(workspace, Actor::User(new.user), Action::ApprovalAsked).device(new.device);
                audit::record(connection, &stamp, [event]).await?;
            }
            Ok::<_, AskError>(until)
        })
    });
    Ok(Json(ApprovalAnswer {
        state: ApprovalState::Pending,
        until: Some(asked.await?),
    }))
}

/// When the request ends, and whether it was not there before.
async fn request(
    connection: &mut Connection,
    new: &NewRequest,
    now: UnixMillis,
) -> Result<(UnixMillis, bool), AskError> {
    let device = devices::get(connection, new.user, new.device).await?;
    match device.map(|device| device.state) {
        Some(DeviceState::AwaitingCode | DeviceState::PendingApproval) => {}
        Some(DeviceState::Trusted) => return Err(DeviceError::AlreadyTrusted.into()),
        Some(DeviceState::Disabled) => return Err(DeviceError::Disabled.into()),
        None => return Err(DeviceError::NotEnrolled.into()),
    }
    if devices::count_trusted(connection, new.user).await? == 0 {
        return Err(AskError::NobodyToAsk);
    }
    require_room(connection, new.user).await?;
    match approvals::ask(connection, new, now).await? {
        Asked::Pending(until) => Ok((until, true)),
        Asked::PendingAlready(until) => Ok((until, false)),
        Asked::Denied(until) => Err(AskError::Denied {
            retry_after_s: until.seconds_from(now),
        }),
    }
}

/// What became of asking. While that is pending, it waits for an answer, 25 seconds
/// at most, or until the same device asks this again.
#[utoipa::path(
    get, path = "/v1/device/approval", tag = "device",
    responses(
        (status = 200, body = ApprovalAnswer),
        (status = 400, body = Problem, description = "`invalid_request`: not enrolled"),
        NotLetIn,
    )
)]
pub async fn answer(
    State(state): State<AppState>,
    caller: SignedInPerson<NoBody>,
) -> Result<Json<ApprovalAnswer>, Rejection> {
    if caller.person.device.is_none() {
        return Err(DeviceError::NotEnrolled.into());
    }
    let user = caller.person.user.id;
    let end = Instant::now() + WAIT;
    // Before looking: what happens from now on wakes.
    let mut place = state.waiting().wait(user, caller.device);
    let mut stopping = state.stopping();
    let mut replaced = false;
    loop {
        let now = state.now();
        let mut connection = state.storage().read().await?;
        let answer = approvals::answer(&mut connection, user, caller.device, now).await?;
        drop(connection);
        let answer = match answer {
            Standing::NotEnrolled => return Err(DeviceError::NotEnrolled.into()),
            Standing::Disabled => return Err(DeviceError::Disabled.into()),
            Standing::Of(answer) => answer,
        };
        let over = replaced || Instant::now() >= end || *stopping.borrow_and_update();
        let until = match answer.until {
            Some(until) if answer.state == ApprovalState::Pending && !over => until,
            _ => return Ok(Json(answer)),
        };
        let millis = until.0.saturating_sub(now.0).max(1).unsigned_abs();
        let wake_at = end.min(Instant::now() + Duration::from_millis(millis));
        tokio::select! {
            () = tokio::time::sleep_until(wake_at) => {}
            woken = place.woken() => replaced = woken == Woken::Replaced,
            _ = stopping.changed() => {}
        }
    }
}

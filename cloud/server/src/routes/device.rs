//! Setting up the device whose key signs the proofs.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::{CodeSent, DeviceState, EnrolDevice, Me, VerifyCode};
use ferry_protocol::device::verify_sealing_key;
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::{DeviceId, PublicJwk, UserId, WorkspaceId};
use zeroize::Zeroizing;

use super::answers::NotLetIn;
use super::sign_in::me_again;
use crate::auth::body::{Body, NoBody};
use crate::auth::roles::SignedInPerson;
use crate::code::Code;
use crate::mail::MailError;
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::codes::Kept;
use crate::storage::devices::{MOST_TRUSTED, NewDevice, Trusted};
use crate::storage::tokens::Person;
use crate::storage::{Connection, Erase, StorageError, codes, devices};
use crate::{forwarded, names};

/// Why a device could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The name has no visible character, or too many.
    #[error("a device's name has 1 to {} characters", names::MAX_CHARS)]
    Name,
    /// The sealing key is not the device's.
    #[error("the sealing key is not signed by the device key")]
    SealingKey,
    /// The name is another device's.
    #[error("another device of yours is called \"{0}\": choose another name")]
    NameTaken(String),
    /// A trusted device keeps its sealing key: stored sessions rest on it.
    #[error("this device has another sealing key already: set it up anew, with a new device key")]
    AnotherSealingKey,
    /// It is not enrolled.
    #[error("this device is not enrolled: give it a name first")]
    NotEnrolled,
    /// It is trusted already.
    #[error("this device is set up already")]
    AlreadyTrusted,
    /// It was disabled just now.
    #[error("this device was disabled: set it up anew")]
    Disabled,
    /// Too many codes.
    #[error("too many codes were sent: 3 in 15 minutes and 10 a day are the most; try again later")]
    CodeLimit {
        /// Seconds until another may be sent.
        retry_after_s: u32,
    },
    /// Too many devices.
    #[error(
        "you have {MOST_TRUSTED} trusted devices, and no more may be: disable one under Trusted devices \
         on a trusted device, or ask your admin to"
    )]
    DeviceLimit,
    /// The code is wrong.
    #[error("the code is wrong: {left} tries are left")]
    CodeWrong {
        /// How often it may still be tried.
        left: u32,
    },
    /// The code is of no use any more.
    #[error("there is no code to try, it has expired, or it was tried too often: have a new one sent")]
    CodeExpired,
    /// The mail could not be sent.
    #[error("the code could not be e-mailed: try again in a moment; if it goes on, tell your admin")]
    Mail(#[from] MailError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<DeviceError> for Rejection {
    fn from(error: DeviceError) -> Self {
        use DeviceError as E;
        let code = match error {
            E::Name | E::SealingKey | E::AnotherSealingKey | E::NotEnrolled | E::AlreadyTrusted => {
                ProblemCode::InvalidRequest
            }
            E::NameTaken(_) => ProblemCode::DeviceNameTaken,
            E::Disabled => ProblemCode::DeviceDisabled,
            E::CodeLimit { retry_after_s } => {
                return Self::new(ProblemCode::CodeLimit, error).retry_after(retry_after_s);
            }
            E::DeviceLimit => ProblemCode::DeviceLimit,
            E::CodeWrong { .. } => ProblemCode::CodeWrong,
            E::CodeExpired => ProblemCode::CodeExpired,
            E::Mail(_) => ProblemCode::Unavailable,
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Enrols the device, or gives it another name.
#[utoipa::path(
    put, path = "/v1/device", tag = "device", request_body = EnrolDevice,
    responses(
        (status = 200, body = Me),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotLetIn,
        (status = 409, body = Problem, description = "`device_name_taken`"),
    )
)]
pub async fn enrol(
    State(state): State<AppState>,
    caller: SignedInPerson<Body<EnrolDevice>>,
) -> Result<Json<Me>, Rejection> {
    let new = read(caller.body.0, caller.key, &caller.ip)?;
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let enrolled = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move { store(connection, &stamp, user, workspace, new).await })
    });
    enrolled.await?;
    // A device that had to make room may wait for approval.
    state.waiting().wake(user);
    Ok(Json(me_again(&state, caller.person, caller.device).await?))
}

fn read(enrol: EnrolDevice, device_key: PublicJwk, ip: &str) -> Result<NewDevice, DeviceError> {
    let name = names::clean(&enrol.name);
    if !(1..=names::MAX_CHARS).contains(&name.chars().count()) {
        return Err(DeviceError::Name);
    }
    verify_sealing_key(
        &device_key,
        &enrol.sealing_key,
        enrol.sealing_key_signature.as_ref(),
    )
    .map_err(|_| DeviceError::SealingKey)?;
    Ok(NewDevice {
        name_key: names::key(&name),
        name,
        kind: enrol.kind,
        device_key,
        sealing_key: enrol.sealing_key,
        sealing_key_signature: enrol.sealing_key_signature,
        enrolled_from: forwarded::network_of(ip),
    })
}

async fn store(
    connection: &mut Connection,
    stamp: &Stamp,
    user: UserId,
    workspace: WorkspaceId,
    new: NewDevice,
) -> Result<(), DeviceError> {
    let id = new.device_key.device_id();
    if devices::name_is_taken(connection, user, id, &new.name_key).await? {
        return Err(DeviceError::NameTaken(new.name));
    }
    let state = devices::get(connection, user, id)
        .await?
        .map(|device| device.state);
    if state.is_none()
        && let Some(forgotten) = devices::make_room(connection, user, stamp.now).await?
    {
        let event = Event::new(workspace, Actor::Server, Action::DeviceForgotten)
            .device(forgotten.id)
            .detail(forgotten.name);
        audit::record(connection, stamp, [event]).await?;
    }
    let action = match state {
        None | Some(DeviceState::AwaitingCode | DeviceState::PendingApproval) => {
            devices::enrol(connection, user, &new, stamp.now).await?;
            Action::DeviceEnrolled
        }
        Some(DeviceState::Trusted) => {
            if devices::sealing_key(connection, user, id).await? != Some(new.sealing_key) {
                return Err(DeviceError::AnotherSealingKey);
            }
            devices::rename(connection, user, id, &new.name, &new.name_key).await?;
            Action::DeviceRenamed
        }
        Some(DeviceState::Disabled) => return Err(DeviceError::Disabled),
    };
    let event = Event::new(workspace, Actor::User(user), action)
        .device(id)
        .detail(new.name);
    Ok(audit::record(connection, stamp, [event]).await?)
}

/// E-mails a new code; the person's codes before it, for any device, are no longer
/// good.
#[utoipa::path(
    post, path = "/v1/device/code", tag = "device",
    responses(
        (status = 200, body = CodeSent),
        (status = 400, body = Problem, description = "`invalid_request`: not enrolled, or set up already"),
        NotLetIn,
        (status = 409, body = Problem, description = "`device_limit`"),
        (status = 429, body = Problem, description = "`code_limit`"),
        (status = 503, body = Problem, description = "`unavailable`: the mail could not be sent"),
    )
)]
pub async fn send_code(
    State(state): State<AppState>,
    caller: SignedInPerson<NoBody>,
) -> Result<Json<CodeSent>, Rejection> {
    let device_name = awaiting(&caller.person)?;
    let Person { user, workspace, .. } = &caller.person;
    let stamp = state.stamp();
    let code = Code::generate(&*stamp.random);
    let code_hmac = state.code_key().hmac(user.id, caller.device, &code);
    let write = {
        let (stamp, user, workspace) = (stamp.clone(), user.id, workspace.id);
        state.storage().write(Erase::Nothing, move |connection| {
            Box::pin(async move {
                require_room(connection, user).await?;
                let kept = codes::send(connection, &stamp, user, caller.device, code_hmac)
                    .await?
                    .map_err(|next| DeviceError::CodeLimit {
                        retry_after_s: next.seconds_from(stamp.now),
                    })?;
                let event = Event::new(workspace, Actor::User(user), Action::CodeSent).device(caller.device);
                audit::record(connection, &stamp, [event]).await?;
                Ok::<_, DeviceError>(kept)
            })
        })
    };
    // Kept first: a code that arrives is good.
    let kept = write.await?;
    let sent = state
        .mailer()
        .send_code(&stamp, &user.email, device_name, &code)
        .await;
    if let Err(error) = sent {
        tracing::error!(%error, "a code could not be e-mailed");
        let event = Event::new(workspace.id, Actor::User(user.id), Action::CodeNotSent).device(caller.device);
        withdraw(&state, kept, event).await?;
        return Err(DeviceError::from(error).into());
    }
    Ok(Json(CodeSent {
        to: mask(&user.email),
        expires_at: stamp.now.plus(codes::LIFETIME_MS),
    }))
}

/// Takes back a code that no mail server took: the person may have as many as before.
async fn withdraw(state: &AppState, kept: Kept, event: Event) -> Result<(), StorageError> {
    let stamp = state.stamp();
    let withdrawn = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            codes::withdraw(connection, &kept).await?;
            audit::record(connection, &stamp, [event]).await
        })
    });
    withdrawn.await
}

/// Whether the person may have one more trusted device. Told before a code is sent or
/// approval is asked for; what counts is that it is so when the device comes to be
/// trusted.
pub(super) async fn require_room(connection: &mut Connection, user: UserId) -> Result<(), DeviceError> {
    if devices::is_at_limit(connection, user).await? {
        Err(DeviceError::DeviceLimit)
    } else {
        Ok(())
    }
}

/// The name of a device that is not trusted yet.
pub(super) fn awaiting(person: &Person) -> Result<&str, DeviceError> {
    let device = person.device.as_ref().ok_or(DeviceError::NotEnrolled)?;
    match device.state {
        DeviceState::AwaitingCode | DeviceState::PendingApproval => Ok(&device.name),
        DeviceState::Trusted => Err(DeviceError::AlreadyTrusted),
        DeviceState::Disabled => Err(DeviceError::Disabled),
    }
}

/// An e-mail address, hidden but for its first character and its domain.
fn mask(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

/// Tries the code; the device is trusted if it is right.
#[utoipa::path(
    post, path = "/v1/device/verify", tag = "device", request_body = VerifyCode,
    responses(
        (status = 200, body = Me),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotLetIn,
        (status = 409, body = Problem, description = "`device_limit`"),
        (status = 422, body = Problem, description = "`code_wrong`, `code_expired`"),
    )
)]
pub async fn verify(
    State(state): State<AppState>,
    caller: SignedInPerson<Body<VerifyCode>>,
) -> Result<Json<Me>, Rejection> {
    awaiting(&caller.person)?;
    let code = Code::parse(&Zeroizing::new(caller.body.0.code));
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let keys = state.clone();
    let tried = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let is_right = |kept: &[u8]| {
                code.as_ref()
                    .is_some_and(|code| keys.code_key().verify(user, caller.device, code, kept))
            };
            try_code(
                connection,
                &keys.stamp(),
                user,
                workspace,
                caller.device,
                is_right,
            )
            .await
        })
    });
    match tried.await? {
        Tried::Right => {
            // It may wait for approval as well.
            state.waiting().wake(user);
            Ok(Json(me_again(&state, caller.person, caller.device).await?))
        }
        Tried::Limit => Err(DeviceError::DeviceLimit.into()),
        Tried::Wrong { left } => Err(DeviceError::CodeWrong { left }.into()),
        Tried::None => Err(DeviceError::CodeExpired.into()),
    }
}

/// How trying a code ended. Not an error to the transaction: the try counts.
enum Tried {
    Right,
    Wrong { left: u32 },
    Limit,
    None,
}

async fn try_code(
    connection: &mut Connection,
    stamp: &Stamp,
    user: UserId,
    workspace: WorkspaceId,
    device: DeviceId,
    is_right: impl FnOnce(&[u8]) -> bool + Send,
) -> Result<Tried, StorageError> {
    // Not counted: the code is good once there is room.
    if devices::is_at_limit(connection, user).await? {
        return Ok(Tried::Limit);
    }
    let Some(tried) = codes::count_try(connection, user, device, stamp.now).await? else {
        return Ok(Tried::None);
    };
    let event = |action| Event::new(workspace, Actor::User(user), action).device(device);
    if !is_right(&tried.code_hmac) {
        if tried.left == 0 {
            audit::record(connection, stamp, [event(Action::CodeExhausted)]).await?;
        }
        return Ok(Tried::Wrong { left: tried.left });
    }
    codes::close(connection, &tried, stamp.now).await?;
    match devices::trust(connection, user, device, stamp.now).await? {
        Trusted::Yes => {}
        Trusted::NotWaiting => return Ok(Tried::None),
        Trusted::Limit => return Ok(Tried::Limit),
    }
    audit::record(connection, stamp, [event(Action::DeviceTrusted)]).await?;
    Ok(Tried::Right)
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn addresses_are_partly_hidden() {
        assert_eq!(mask("ada@example.com"), "a•••@example.com");
        assert_eq!(mask("\"a@b\"@example.com"), "\"•••@example.com");
        assert_eq!(mask("@example.com"), "•••@example.com");
    }
}

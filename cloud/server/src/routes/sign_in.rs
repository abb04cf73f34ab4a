//! Signing in and out, and who is signed in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ferry_protocol::api::{DeviceState, Me, SignIn, SignedIn};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::{DeviceId, UnixMillis, UserId};
use zeroize::Zeroizing;

use super::answers::NotLetIn;
use crate::auth::body::{Body, NoBody};
use crate::auth::roles::{KeyHolder, SignedInPerson};
use crate::passwords::Busy;
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::sign_in::{self, Attempt, Source};
use crate::storage::tokens::{self, Holder, Person, Who};
use crate::storage::users::{self, Credentials};
use crate::storage::{Connection, Erase, StorageError, devices, vaults};

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many tries.
    #[error("too many tries to sign in: wait a quarter of an hour")]
    TooMany {
        /// Seconds until another try counts.
        retry_after_s: u32,
    },
    /// Too many at once.
    #[error("too many people are signing in at this moment: try again in a few seconds")]
    Busy(#[from] Busy),
    /// E-mail or password.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// The device.
    #[error("this device was disabled: set it up anew")]
    Disabled,
    /// The token just issued is not there.
    #[error("the new token could not be read back")]
    Lost,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<SignInError> for Rejection {
    fn from(error: SignInError) -> Self {
        let code = match error {
            SignInError::TooMany { retry_after_s } => {
                return Self::new(ProblemCode::TooManyRequests, error).retry_after(retry_after_s);
            }
            SignInError::Busy(_) => ProblemCode::Unavailable,
            SignInError::Wrong => ProblemCode::WrongCredentials,
            SignInError::Disabled => ProblemCode::DeviceDisabled,
            SignInError::Lost => return Self::internal(error),
            SignInError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Signs a person in: a token for the key of the proof.
#[utoipa::path(
    post, path = "/v1/sign-in", tag = "device", request_body = SignIn,
    responses(
        (status = 200, body = SignedIn),
        (status = 401, body = Problem, description = "`wrong_credentials`, `use_dpop_nonce`, `invalid_dpop_proof`"),
        (status = 403, body = Problem, description = "`device_disabled`"),
        (status = 429, body = Problem, description = "`too_many_requests`"),
        (status = 503, body = Problem, description = "`unavailable`: many sign in at once"),
    )
)]
pub async fn sign_in(
    State(state): State<AppState>,
    caller: KeyHolder<Body<SignIn>>,
) -> Result<Json<SignedIn>, Rejection> {
    let SignIn { email, password } = caller.body.0;
    // First of all: who is sent away for want of a place has not tried.
    let place = state.passwords().place().map_err(SignInError::from)?;
    let attempt = Attempt {
        email: email.clone(),
        ip: caller.ip,
        key: caller.device,
    };
    let source = count(&state, attempt).await?;
    let credentials = users::credentials(&mut *state.storage().read().await?, &email).await?;
    let hash = credentials
        .as_ref()
        .map(|credentials| credentials.password_hash.clone());
    let right = state
        .passwords()
        .verify(place, Zeroizing::new(password), hash)
        .await;
    let credentials = credentials.filter(|_| right).ok_or(SignInError::Wrong)?;
    let (access_token, expires_at) = issue(&state, source, credentials, caller.device).await?;
    let mut connection = state.storage().read().await?;
    let bearer = tokens::find(&mut connection, &tokens::hash(&access_token), state.now()).await?;
    let Some(Who::Person(person)) = bearer.map(|bearer| bearer.who) else {
        return Err(SignInError::Lost.into());
    };
    let me = me_of(&mut connection, person).await?;
    Ok(Json(SignedIn {
        access_token: access_token.to_string(),
        expires_at,
        me,
    }))
}

/// Counts the attempt before the password is looked at.
pub(super) async fn count(state: &AppState, attempt: Attempt) -> Result<Source, SignInError> {
    let stamp = state.stamp();
    let now = stamp.now;
    let counted = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move { sign_in::count(connection, &stamp, attempt).await })
    });
    counted.await?.map_err(|next| SignInError::TooMany {
        retry_after_s: next.seconds_from(now),
    })
}

async fn issue(
    state: &AppState,
    source: Source,
    credentials: Credentials,
    device: DeviceId,
) -> Result<(Zeroizing<String>, UnixMillis), SignInError> {
    let stamp = state.stamp();
    let token = stamp.random.token();
    let kept = token.clone();
    let issued = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            // Deprovisioned while the password was looked at.
            if !users::is_active(connection, credentials.user).await? {
                return Err(SignInError::Wrong);
            }
            let known = devices::get(connection, credentials.user, device).await?;
            if known.is_some_and(|device| device.state == DeviceState::Disabled) {
                return Err(SignInError::Disabled);
            }
            sign_in::clear(connection, &source).await?;
            let holder = Holder::User(credentials.user);
            let expires_at = tokens::issue(connection, &stamp, &kept, device, holder).await?;
            let actor = Actor::User(credentials.user);
            let event = Event::new(credentials.workspace, actor, Action::SignedIn).device(device);
            audit::record(connection, &stamp, [event]).await?;
            Ok(expires_at)
        })
    });
    Ok((token, issued.await?))
}

/// Ends the token that it is asked with.
#[utoipa::path(
    post, path = "/v1/sign-out", tag = "device",
    responses((status = 204), NotLetIn)
)]
pub async fn sign_out(
    State(state): State<AppState>,
    caller: SignedInPerson<NoBody>,
) -> Result<StatusCode, Rejection> {
    let stamp = state.stamp();
    let Person { user, workspace, .. } = caller.person;
    let signed_out = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            tokens::revoke(connection, &caller.token_hash).await?;
            let event =
                Event::new(workspace.id, Actor::User(user.id), Action::SignedOut).device(caller.device);
            audit::record(connection, &stamp, [event]).await
        })
    });
    signed_out.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in, and the state of the device in use.
#[utoipa::path(
    get, path = "/v1/me", tag = "device",
    responses((status = 200, body = Me), NotLetIn)
)]
pub async fn me(
    State(state): State<AppState>,
    caller: SignedInPerson<NoBody>,
) -> Result<Json<Me>, Rejection> {
    let mut connection = state.storage().read().await?;
    Ok(Json(me_of(&mut connection, caller.person).await?))
}

/// A person as they see themselves. The vault is told to trusted devices only.
pub(super) async fn me_of(connection: &mut Connection, person: Person) -> Result<Me, StorageError> {
    let Person {
        user,
        workspace,
        admin,
        device,
    } = person;
    let trusted = device
        .as_ref()
        .is_some_and(|device| device.state == DeviceState::Trusted);
    let vault = if trusted {
        vaults::get(connection, workspace.id).await?
    } else {
        None
    };
    Ok(Me {
        user,
        workspace,
        admin,
        device,
        vault,
    })
}

/// The same after a change to the person's device.
pub(super) async fn me_again(
    state: &AppState,
    mut person: Person,
    device: DeviceId,
) -> Result<Me, StorageError> {
    let mut connection = state.storage().read().await?;
    let user: UserId = person.user.id;
    person.device = devices::get(&mut connection, user, device).await?;
    me_of(&mut connection, person).await
}

//! The people of a workspace, for its admins; and accepting an invitation.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ferry_protocol::UserId;
use ferry_protocol::api::{AcceptInvitation, Invite, Users};
use ferry_protocol::problem::{Problem, ProblemCode};
use zeroize::Zeroizing;

use super::answers::{NotLetIn, NotTheirs};
use super::devices::ended;
use super::sign_in::{SignInError, count};
use crate::auth::body::{Body, NoBody};
use crate::auth::recheck::{RecheckError, require_admin};
use crate::auth::roles::{Administrator, Ids, KeyHolder};
use crate::code::InvitationCode;
use crate::mail::{Invitation, MailError};
use crate::manage::users::{self as manage, AddError, DeprovisionError};
use crate::passwords::{Busy, PasswordError};
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::invitations::Counted;
use crate::storage::sign_in::{self, Attempt, Source};
use crate::storage::users::NewUser;
use crate::storage::{Connection, Erase, StorageError, invitations, users};

/// The page of the web app on which an invitation is accepted.
const INVITATION_PAGE: &str = "/#/invitation";

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Whoever asks.
    #[error(transparent)]
    Asker(#[from] RecheckError),
    /// The person.
    #[error(transparent)]
    Person(#[from] AddError),
    /// Too many were invited.
    #[error(
        "too many invitations: 3 in 15 minutes and 10 a day to one address, and 100 an hour, are the most"
    )]
    TooMany {
        /// Seconds until another may be sent.
        retry_after_s: u32,
    },
    /// The mail could not be sent.
    #[error("the invitation could not be e-mailed: invite them again in a moment")]
    Mail(#[from] MailError),
    /// The hasher failed.
    #[error("the password could not be hashed")]
    Hasher,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<InviteError> for Rejection {
    fn from(error: InviteError) -> Self {
        use InviteError as E;
        let code = match error {
            E::Asker(error) => return error.into(),
            E::Storage(error) | E::Person(AddError::Storage(error)) => return error.into(),
            E::Person(AddError::Name | AddError::Email(_)) => ProblemCode::InvalidRequest,
            E::Person(AddError::EmailTaken(_)) => ProblemCode::EmailTaken,
            E::TooMany { retry_after_s } => {
                return Self::new(ProblemCode::TooManyRequests, error).retry_after(retry_after_s);
            }
            E::Mail(_) => ProblemCode::Unavailable,
            E::Hasher => return Self::internal(error),
        };
        Self::new(code, error)
    }
}

/// Why nobody was deprovisioned.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// Whoever asks.
    #[error(transparent)]
    Asker(#[from] RecheckError),
    /// The person.
    #[error(transparent)]
    Person(#[from] DeprovisionError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<EndError> for Rejection {
    fn from(error: EndError) -> Self {
        use EndError as E;
        let code = match error {
            E::Asker(error) => return error.into(),
            E::Storage(error) | E::Person(DeprovisionError::Storage(error)) => return error.into(),
            E::Person(DeprovisionError::NoUser) => ProblemCode::NotFound,
            E::Person(DeprovisionError::LastAdmin) => ProblemCode::LastAdmin,
        };
        Self::new(code, error)
    }
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The code, or the address: nobody is told which.
    #[error("the code is wrong, was used, or has expired: look again, or have your admin invite you again")]
    Wrong,
    /// The address.
    #[error("somebody signs in with this e-mail address already, in another workspace: tell your admin")]
    EmailTaken,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<AcceptError> for Rejection {
    fn from(error: AcceptError) -> Self {
        let code = match error {
            AcceptError::Password(PasswordError::TooShort | PasswordError::TooLong) => {
                ProblemCode::InvalidRequest
            }
            AcceptError::Password(PasswordError::Hasher) => return Self::internal(error),
            AcceptError::Wrong => ProblemCode::CodeWrong,
            AcceptError::EmailTaken => ProblemCode::EmailTaken,
            AcceptError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

async fn show(state: &AppState, caller: &Administrator<impl Send>) -> Result<Json<Users>, StorageError> {
    let mut connection = state.storage().read().await?;
    let users = users::listed(&mut connection, caller.person.workspace.id).await?;
    Ok(Json(Users { users }))
}

/// The people of the workspace.
#[utoipa::path(
    get, path = "/v1/users", tag = "users",
    responses((status = 200, body = Users), NotLetIn)
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Administrator<NoBody>,
) -> Result<Json<Users>, Rejection> {
    Ok(show(&state, &caller).await?)
}

/// Invites a person: they set their own password with the code that is e-mailed.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", request_body = Invite,
    responses(
        (status = 200, body = Users),
        (status = 400, body = Problem), NotLetIn,
        (status = 409, body = Problem, description = "`email_taken`"),
        (status = 429, body = Problem, description = "`too_many_requests`"),
        (status = 503, body = Problem, description = "`unavailable`: the mail could not be sent"),
    )
)]
pub async fn invite(
    State(state): State<AppState>,
    caller: Administrator<Body<Invite>>,
) -> Result<Json<Users>, Rejection> {
    let (email, name) = manage::read(&caller.body.0.email, &caller.body.0.name).map_err(InviteError::from)?;
    let stamp = state.stamp();
    // Until they set one, nobody has their password.
    let nobodys = stamp.random.token();
    let place = state.passwords().place().map_err(SignInError::from)?;
    let hashed = state.passwords().hash(place, nobodys, stamp.random.bytes());
    let new = NewUser {
        workspace: caller.person.workspace.id,
        email: email.clone(),
        name,
        password_hash: hashed.await.map_err(|_| InviteError::Hasher)?,
        admin: caller.body.0.admin,
        holds_email: false,
    };
    let code = InvitationCode::generate(&*stamp.random);
    let kept = {
        let (code, keys, stamp) = (code.clone(), state.clone(), stamp.clone());
        let (admin, this) = (caller.person.user.id, caller.device.id);
        state.storage().write(Erase::Nothing, move |connection| {
            Box::pin(async move {
                require_admin(connection, admin, this).await?;
                keep(connection, &keys, &stamp, Actor::User(admin), &new, &code).await
            })
        })
    };
    // Kept first: a code that arrives is good.
    let counted = match kept.await? {
        Kept::Invited(counted) => counted,
        Kept::EmailTaken => return Err(InviteError::from(AddError::EmailTaken(email)).into()),
    };
    let invitation = Invitation {
        to: &email,
        by: &caller.person.user.name,
        workspace: &caller.person.workspace.name,
        url: &state.config().public_url.join(INVITATION_PAGE),
        code: &code,
    };
    if let Err(error) = state.mailer().send_invitation(&stamp, &invitation).await {
        tracing::error!(%error, "an invitation could not be e-mailed");
        let uncounted = state.storage().write(Erase::Nothing, move |connection| {
            Box::pin(async move { invitations::uncount(connection, &counted).await })
        });
        uncounted.await?;
        return Err(InviteError::from(error).into());
    }
    Ok(show(&state, &caller).await?)
}

/// How keeping an invitation ended. Not an error to the transaction: it counts, taken or
/// not, since the answer tells of other workspaces as well.
enum Kept {
    Invited(Counted),
    EmailTaken,
}

/// Adds the person, or takes the one who was invited before and did not accept yet.
async fn keep(
    connection: &mut Connection,
    state: &AppState,
    stamp: &Stamp,
    actor: Actor,
    new: &NewUser,
    code: &InvitationCode,
) -> Result<Kept, InviteError> {
    let counted = invitations::count(connection, stamp, new.workspace, &new.email)
        .await?
        .map_err(|next| InviteError::TooMany {
            retry_after_s: next.seconds_from(stamp.now),
        })?;
    if users::email_is_held(connection, &new.email).await? {
        return Ok(Kept::EmailTaken);
    }
    let invited = users::invited(connection, new.workspace, &new.email).await?;
    let user = match invited {
        Some(user) => {
            users::change_invited(connection, user, &new.name, new.admin).await?;
            user
        }
        None => match manage::add(connection, stamp, actor, new).await {
            Ok(user) => user,
            // They were invited before, and deprovisioned: nothing was written.
            Err(AddError::EmailTaken(_)) => return Ok(Kept::EmailTaken),
            Err(error) => return Err(error.into()),
        },
    };
    let code_hmac = state.code_key().invitation_hmac(user, code);
    invitations::put(connection, user, code_hmac, stamp.now).await?;
    let event = Event::new(new.workspace, actor, Action::UserInvited).detail(format!("user {user}"));
    audit::record(connection, stamp, [event]).await?;
    Ok(Kept::Invited(counted))
}

/// Sets the password of a person who was invited. They sign in with it then.
#[utoipa::path(
    post, path = "/v1/invitation/accept", tag = "users", request_body = AcceptInvitation,
    responses(
        (status = 204),
        (status = 400, body = Problem, description = "`invalid_request`: the password is too short"),
        (status = 401, body = Problem, description = "`use_dpop_nonce`, `invalid_dpop_proof`"),
        (status = 409, body = Problem, description = "`email_taken`: meanwhile, in another workspace"),
        (status = 422, body = Problem, description = "`code_wrong`"),
        (status = 429, body = Problem, description = "`too_many_requests`"),
        (status = 503, body = Problem, description = "`unavailable`: many sign in at once"),
    )
)]
pub async fn accept(
    State(state): State<AppState>,
    caller: KeyHolder<Body<AcceptInvitation>>,
) -> Result<StatusCode, Rejection> {
    let AcceptInvitation {
        email,
        code,
        password,
    } = caller.body.0;
    let code = InvitationCode::parse(&Zeroizing::new(code));
    let place = state
        .passwords()
        .place()
        .map_err(|error: Busy| SignInError::from(error))?;
    // Counted as tries to sign in are: whoever guesses is as limited here.
    let attempt = Attempt {
        email: email.clone(),
        ip: caller.ip,
        key: caller.device,
    };
    let source = count(&state, attempt).await?;
    let stamp = state.stamp();
    let salt = stamp.random.bytes();
    // For unknown addresses and wrong codes too: the time tells nothing.
    let hashed = state
        .passwords()
        .hash(place, Zeroizing::new(password), salt)
        .await;
    let password_hash = hashed.map_err(AcceptError::from)?;
    let keys = state.clone();
    let accepted = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let is_right = |user, kept: &[u8]| {
                code.as_ref()
                    .is_some_and(|code| keys.code_key().verify_invitation(user, code, kept))
            };
            set_password(connection, &stamp, &email, &password_hash, &source, is_right).await
        })
    });
    accepted.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_password(
    connection: &mut Connection,
    stamp: &Stamp,
    email: &str,
    password_hash: &str,
    source: &Source,
    is_right: impl Fn(UserId, &[u8]) -> bool + Send,
) -> Result<(), AcceptError> {
    // Of several workspaces, the code is one's.
    let open = invitations::open(connection, email, stamp.now)
        .await?
        .into_iter()
        .find(|open| is_right(open.user, &open.code_hmac))
        .ok_or(AcceptError::Wrong)?;
    if !users::accept(connection, open.user, password_hash).await? {
        return Err(AcceptError::EmailTaken);
    }
    invitations::remove(connection, open.user).await?;
    sign_in::clear(connection, source).await?;
    let event = Event::new(open.workspace, Actor::User(open.user), Action::InvitationAccepted);
    Ok(audit::record(connection, stamp, [event]).await?)
}

/// Ends all access of a person, for good.
#[utoipa::path(
    post, path = "/v1/users/{user}/deprovision", tag = "users",
    params(("user" = UserId, Path, description = "Who")),
    responses(
        (status = 200, body = Users),
        NotTheirs,
        (status = 409, body = Problem, description = "`last_admin`"),
    )
)]
pub async fn deprovision(
    State(state): State<AppState>,
    Ids(user): Ids<UserId>,
    caller: Administrator<NoBody>,
) -> Result<Json<Users>, Rejection> {
    let stamp = state.stamp();
    let (admin, workspace, this) = (
        caller.person.user.id,
        caller.person.workspace.id,
        caller.device.id,
    );
    let done = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_admin(connection, admin, this).await?;
            let by = (workspace, Actor::User(admin));
            Ok::<_, EndError>(manage::deprovision(connection, &stamp, by, user).await?)
        })
    });
    done.await?;
    ended(&state, user);
    Ok(show(&state, &caller).await?)
}

//! A stored session: deleted, or checked now, when its owner asks.

use axum::Json;
use axum::extract::State;
use ferry_protocol::AccountId;
use ferry_protocol::api::Account;
use ferry_protocol::problem::ProblemCode;

use super::accounts::{AccountError, require_owner, show};
use super::answers::NotTheirs;
use crate::auth::body::NoBody;
use crate::auth::roles::{Ids, TrustedPerson};
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::{Erase, StorageError, keys, sessions};

/// Why nothing could be done with a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// There is no session to check.
    #[error("there is no session in the cloud for this account: transfer one first")]
    None,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<SessionError> for Rejection {
    fn from(error: SessionError) -> Self {
        let code = match error {
            SessionError::Account(error) => return error.into(),
            SessionError::None => ProblemCode::NotFound,
            SessionError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Deletes the account's session for good: its bytes now, its key when the worker
/// is next there. Transfers that are under way end as well. To delete what is not
/// there is no error.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}/session", tag = "transfers",
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = Account),
        NotTheirs,
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Account>, Rejection> {
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let deleted = state.storage().write(Erase::Now, move |connection| {
        Box::pin(async move {
            require_owner(connection, account, user, caller.device.id).await?;
            keys::destroy_of_account(connection, account).await?;
            if let Some(transfer) = sessions::delete(connection, account).await? {
                let event = Event::new(workspace, Actor::User(user), Action::SessionDeleted)
                    .device(caller.device.id)
                    .account(account)
                    .transfer(transfer);
                audit::record(connection, &stamp, [event]).await?;
            }
            Ok::<_, SessionError>(())
        })
    });
    deleted.await?;
    state.wake_workers();
    Ok(show(&state, account, user).await?)
}

/// Has the account's session checked now.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/session/check", tag = "transfers",
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = Account),
        NotTheirs,
    )
)]
pub async fn check(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Account>, Rejection> {
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let asked = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_owner(connection, account, user, caller.device.id).await?;
            let transfer = sessions::check_now(connection, account, stamp.now)
                .await?
                .ok_or(SessionError::None)?;
            let event = Event::new(workspace, Actor::User(user), Action::CheckAsked)
                .device(caller.device.id)
                .account(account)
                .transfer(transfer);
            Ok::<_, SessionError>(audit::record(connection, &stamp, [event]).await?)
        })
    });
    asked.await?;
    state.wake_workers();
    Ok(show(&state, account, user).await?)
}

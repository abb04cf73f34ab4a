//! The accounts that a person may see, and what they may do with one.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::{Account, Accounts, Role};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::{AccountId, UserId};

use crate::auth::body::NoBody;
use crate::auth::roles::{Ids, TrustedPerson};
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::{Connection, StorageError, accounts};

/// Why a person may not do something with an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// They have no role in it; they are not told whether it exists.
    #[error("there is no such account, or you have no part in it: ask your admin")]
    NotFound,
    /// Their role does not allow it.
    #[error("only an owner of the account may do this: ask one")]
    NotOwner,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<AccountError> for Rejection {
    fn from(error: AccountError) -> Self {
        let code = match error {
            AccountError::NotFound => ProblemCode::NotFound,
            AccountError::NotOwner => ProblemCode::Forbidden,
            AccountError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Whether this person owns the account.
pub(super) async fn require_owner(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
) -> Result<(), AccountError> {
    match accounts::role(connection, account, user).await? {
        Some(Role::Owner) => Ok(()),
        Some(Role::Collaborator) => Err(AccountError::NotOwner),
        None => Err(AccountError::NotFound),
    }
}

/// The account as this person sees it now.
pub(super) async fn show(
    state: &AppState,
    account: AccountId,
    user: UserId,
) -> Result<Json<Account>, AccountError> {
    let mut connection = state.storage().read().await?;
    accounts::view(&mut connection, user, account)
        .await?
        .map(Json)
        .ok_or(AccountError::NotFound)
}

/// The accounts that this person may see, by name.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "accounts",
    responses((status = 200, body = Accounts), (status = 401, body = Problem), (status = 403, body = Problem))
)]
pub async fn list(
    State(state): State<AppState>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Accounts>, Rejection> {
    let mut connection = state.storage().read().await?;
    let accounts = accounts::views(&mut connection, caller.person.user.id).await?;
    Ok(Json(Accounts { accounts }))
}

/// One of them.
#[utoipa::path(
    get, path = "/v1/accounts/{account}", tag = "accounts",
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = Account),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Account>, Rejection> {
    Ok(show(&state, account, caller.person.user.id).await?)
}

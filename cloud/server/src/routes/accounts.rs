//! The accounts that a person may see, and what they may do with one.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::{Account, Accounts, DeviceState, Role};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{AccountId, DeviceId, UserId};

use super::answers::{NotLetIn, NotTheirs};
use crate::auth::body::NoBody;
use crate::auth::roles::{Ids, TrustedPerson};
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::{Connection, StorageError, accounts, catalogues, devices};

/// Why a person may not do something with an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// They have no role in it; they are not told whether it exists.
    #[error("there is no such account, or you have no part in it: ask your admin")]
    NotFound,
    /// Their role does not allow it.
    #[error("only an owner of the account may do this: ask one")]
    NotOwner,
    /// The device was disabled after the request was let in.
    #[error("this device is no longer trusted: set it up anew")]
    NotTrusted,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<AccountError> for Rejection {
    fn from(error: AccountError) -> Self {
        let code = match error {
            AccountError::NotFound => ProblemCode::NotFound,
            AccountError::NotOwner => ProblemCode::Forbidden,
            AccountError::NotTrusted => ProblemCode::DeviceNotTrusted,
            AccountError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Whether this person owns the account, and still trusts the device that asks.
///
/// For every change to an account, in the transaction that makes it: the device was
/// trusted when the request was let in, but may have been disabled since.
pub(super) async fn require_owner(
    connection: &mut Connection,
    account: AccountId,
    user: UserId,
    device: DeviceId,
) -> Result<(), AccountError> {
    match accounts::role(connection, account, user).await? {
        Some(Role::Owner) => {}
        Some(Role::Collaborator) => return Err(AccountError::NotOwner),
        None => return Err(AccountError::NotFound),
    }
    let device = devices::get(connection, user, device).await?;
    if device.is_some_and(|device| device.state == DeviceState::Trusted) {
        Ok(())
    } else {
        Err(AccountError::NotTrusted)
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
    responses((status = 200, body = Accounts), NotLetIn)
)]
pub async fn list(
    State(state): State<AppState>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Accounts>, Rejection> {
    let mut connection = state.storage().read().await?;
    let accounts = accounts::views(&mut connection, caller.person.user.id).await?;
    let catalogue = catalogues::version(&mut connection, caller.person.workspace.id).await?;
    Ok(Json(Accounts { accounts, catalogue }))
}

/// One of them.
#[utoipa::path(
    get, path = "/v1/accounts/{account}", tag = "accounts",
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = Account),
        NotTheirs,
    )
)]
pub async fn get(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<Account>, Rejection> {
    Ok(show(&state, account, caller.person.user.id).await?)
}

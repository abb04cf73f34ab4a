//! Accounts and apps of a workspace, for its admins.

use axum::Json;
use axum::extract::State;
use ferry_catalogue::{App, AppId};
use ferry_protocol::AccountId;
use ferry_protocol::api::{AccountSettings, Apps, ManagedAccounts, NewAccount};
use ferry_protocol::problem::{Problem, ProblemCode};

use super::answers::{NotLetIn, NotTheirs};
use crate::auth::body::{Body, NoBody};
use crate::auth::recheck::{RecheckError, require_admin};
use crate::auth::roles::{Administrator, Ids};
use crate::manage::accounts::{self as manage_accounts, AccountsError};
use crate::manage::apps::{self as manage_apps, AppsError};
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::Actor;
use crate::storage::{Erase, StorageError, accounts, apps};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// Whoever asks.
    #[error(transparent)]
    Asker(#[from] RecheckError),
    /// The account.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The app.
    #[error(transparent)]
    Apps(#[from] AppsError),
    /// The definition is another app's than the path.
    #[error("the id in the definition differs from the one in the address")]
    OtherApp,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ManageError> for Rejection {
    fn from(error: ManageError) -> Self {
        use AccountsError as A;
        use AppsError as P;
        use ManageError as E;
        let code = match error {
            E::Asker(error) => return error.into(),
            E::Storage(error) | E::Accounts(A::Storage(error)) | E::Apps(P::Storage(error)) => {
                return error.into();
            }
            E::Accounts(A::NoAccount) | E::Apps(P::NoApp(_)) => ProblemCode::NotFound,
            E::Accounts(A::Name | A::Identity | A::NoOwner | A::NoUser(_) | A::TwoRoles(_) | A::NoApp(_))
            | E::Apps(P::NotCustom(_) | P::Invalid(_) | P::Overlaps(_))
            | E::OtherApp => ProblemCode::InvalidRequest,
            E::Apps(P::InUse(_)) => ProblemCode::AppInUse,
        };
        Self::new(code, error)
    }
}

async fn show_accounts<B>(
    state: &AppState,
    caller: &Administrator<B>,
) -> Result<Json<ManagedAccounts>, StorageError> {
    let mut connection = state.storage().read().await?;
    let accounts = accounts::managed(&mut connection, caller.person.workspace.id).await?;
    Ok(Json(ManagedAccounts { accounts }))
}

/// All accounts of the workspace.
#[utoipa::path(
    get, path = "/v1/manage/accounts", tag = "manage",
    responses(
        (status = 200, body = ManagedAccounts),
        NotLetIn,
    )
)]
pub async fn list_accounts(
    State(state): State<AppState>,
    caller: Administrator<NoBody>,
) -> Result<Json<ManagedAccounts>, Rejection> {
    Ok(show_accounts(&state, &caller).await?)
}

/// Adds an account.
#[utoipa::path(
    post, path = "/v1/manage/accounts", tag = "manage", request_body = NewAccount,
    responses(
        (status = 200, body = ManagedAccounts),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotLetIn,
    )
)]
pub async fn add_account(
    State(state): State<AppState>,
    caller: Administrator<Body<NewAccount>>,
) -> Result<Json<ManagedAccounts>, Rejection> {
    let stamp = state.stamp();
    let new = caller.body.0.clone();
    let (admin, workspace, this) = caller.ids();
    let added = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_admin(connection, admin, this).await?;
            let by = (workspace, Actor::User(admin));
            Ok::<_, ManageError>(manage_accounts::add(connection, &stamp, by, new).await?)
        })
    });
    added.await?;
    Ok(show_accounts(&state, &caller).await?)
}

/// Changes an account: its name, whose session it takes, who may do what.
#[utoipa::path(
    put, path = "/v1/manage/accounts/{account}", tag = "manage", request_body = AccountSettings,
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = ManagedAccounts),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotTheirs,
    )
)]
pub async fn change_account(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: Administrator<Body<AccountSettings>>,
) -> Result<Json<ManagedAccounts>, Rejection> {
    let stamp = state.stamp();
    let settings = caller.body.0.clone();
    let (admin, workspace, this) = caller.ids();
    let changed = state.storage().write(Erase::Now, move |connection| {
        Box::pin(async move {
            require_admin(connection, admin, this).await?;
            let by = (workspace, Actor::User(admin));
            let changed = manage_accounts::change(connection, &stamp, by, account, settings);
            Ok::<_, ManageError>(changed.await?)
        })
    });
    changed.await?;
    state.wake_workers();
    Ok(show_accounts(&state, &caller).await?)
}

async fn show_apps<B>(state: &AppState, caller: &Administrator<B>) -> Result<Json<Apps>, StorageError> {
    let mut connection = state.storage().read().await?;
    let workspace = caller.person.workspace.id;
    Ok(Json(Apps {
        custom: apps::list(&mut connection, workspace).await?,
        supported: apps::supported(&mut connection, workspace).await?,
    }))
}

/// The apps that accounts may be in.
#[utoipa::path(
    get, path = "/v1/manage/apps", tag = "manage",
    responses((status = 200, body = Apps), NotLetIn)
)]
pub async fn list_apps(
    State(state): State<AppState>,
    caller: Administrator<NoBody>,
) -> Result<Json<Apps>, Rejection> {
    Ok(show_apps(&state, &caller).await?)
}

/// Adds an app of the workspace's own, or replaces it.
#[utoipa::path(
    put, path = "/v1/manage/apps/{app}", tag = "manage", request_body = App,
    params(("app" = AppId, Path, description = "Its identifier, which starts with custom-")),
    responses(
        (status = 200, body = Apps),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotLetIn,
    )
)]
pub async fn put_app(
    State(state): State<AppState>,
    Ids(id): Ids<AppId>,
    caller: Administrator<Body<App>>,
) -> Result<Json<Apps>, Rejection> {
    let stamp = state.stamp();
    let app = caller.body.0.clone();
    if app.id != id {
        return Err(ManageError::OtherApp.into());
    }
    let (admin, workspace, this) = caller.ids();
    let put = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_admin(connection, admin, this).await?;
            let by = (workspace, Actor::User(admin));
            Ok::<_, ManageError>(manage_apps::put(connection, &stamp, by, &app).await?)
        })
    });
    put.await?;
    Ok(show_apps(&state, &caller).await?)
}

/// Removes an app of the workspace's own that no account is in.
#[utoipa::path(
    delete, path = "/v1/manage/apps/{app}", tag = "manage",
    params(("app" = AppId, Path, description = "Its identifier")),
    responses(
        (status = 200, body = Apps),
        NotTheirs,
        (status = 409, body = Problem, description = "`app_in_use`"),
    )
)]
pub async fn remove_app(
    State(state): State<AppState>,
    Ids(app): Ids<AppId>,
    caller: Administrator<NoBody>,
) -> Result<Json<Apps>, Rejection> {
    let stamp = state.stamp();
    let (admin, workspace, this) = caller.ids();
    let removed = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_admin(connection, admin, this).await?;
            let by = (workspace, Actor::User(admin));
            Ok::<_, ManageError>(manage_apps::remove(connection, &stamp, by, &app).await?)
        })
    });
    removed.await?;
    Ok(show_apps(&state, &caller).await?)
}

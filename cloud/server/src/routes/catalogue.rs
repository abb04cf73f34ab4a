//! The catalogue of supported apps: a worker delivers it, trusted devices fetch it.
//!
//! The server passes it on, and goes by it itself. That it is the vault's, devices find
//! out on their own.

use axum::Json;
use axum::extract::State;
use ferry_catalogue::{CatalogueError, read_catalogue};
use ferry_protocol::api::CatalogueHeld;
use ferry_protocol::catalogue::{SignedCatalogue, SignedCatalogueError};
use ferry_protocol::problem::{Problem, ProblemCode};

use super::answers::NotLetIn;
use crate::auth::body::{CatalogueBody, NoBody};
use crate::auth::roles::{SignedInWorker, TrustedPerson};
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::{Erase, StorageError, catalogues, vaults};

/// Why a catalogue was not taken, or not given.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueRouteError {
    /// Nobody delivered one.
    #[error("no catalogue was delivered: the apps are those that are built in")]
    NotFound,
    /// No identity.
    #[error("the workspace has no vault identity: sign in first")]
    NoVault,
    /// The signature.
    #[error("{0}: start the worker with its own keys")]
    Signature(#[from] SignedCatalogueError),
    /// The apps.
    #[error("the catalogue is refused: {0}")]
    Apps(#[from] CatalogueError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<CatalogueRouteError> for Rejection {
    fn from(error: CatalogueRouteError) -> Self {
        use CatalogueRouteError as E;
        let code = match error {
            E::NotFound => ProblemCode::NotFound,
            E::NoVault => ProblemCode::NoVault,
            E::Signature(_) | E::Apps(_) => ProblemCode::InvalidRequest,
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// The catalogue of the person's workspace.
#[utoipa::path(
    get, path = "/v1/catalogue", tag = "accounts",
    responses(
        (status = 200, body = SignedCatalogue),
        NotLetIn,
        (status = 404, body = Problem, description = "`not_found`: none was delivered"),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    caller: TrustedPerson<NoBody>,
) -> Result<Json<SignedCatalogue>, Rejection> {
    let mut connection = state.storage().read().await?;
    let found = catalogues::get(&mut connection, caller.person.workspace.id).await?;
    Ok(Json(found.ok_or(CatalogueRouteError::NotFound)?))
}

/// Takes a newer catalogue of other apps; says which one is held.
#[utoipa::path(
    post, path = "/v1/worker/catalogue", tag = "worker", request_body = SignedCatalogue,
    responses(
        (status = 200, body = CatalogueHeld),
        (status = 400, body = Problem, description = "`invalid_request`"),
        NotLetIn,
    )
)]
pub async fn deliver(
    State(state): State<AppState>,
    caller: SignedInWorker<CatalogueBody<SignedCatalogue>>,
) -> Result<Json<CatalogueHeld>, Rejection> {
    let stamp = state.stamp();
    let (worker, workspace) = (caller.id, caller.workspace);
    let brought = caller.body.0;
    let apps = read_catalogue(&brought.apps).map_err(CatalogueRouteError::from)?;
    let delivered = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            let vault = vaults::get(connection, workspace).await?;
            let identity = vault.ok_or(CatalogueRouteError::NoVault)?.current;
            brought.verify(&identity, &workspace)?;
            if let Some(held) = catalogues::get(connection, workspace).await? {
                // Under the signature of an earlier identity, devices take it no more.
                let is_good = held.verify(&identity, &workspace).is_ok();
                let same = is_good && held.apps == brought.apps;
                if same || brought.version <= held.version {
                    let version = held.version;
                    return Ok(CatalogueHeld { version, same });
                }
            }
            catalogues::put(connection, &stamp, &brought, &apps).await?;
            let event = Event::new(workspace, Actor::Worker(worker), Action::CatalogueDelivered)
                .detail(format!("{} apps", apps.len()));
            audit::record(connection, &stamp, [event]).await?;
            Ok::<_, CatalogueRouteError>(CatalogueHeld {
                version: brought.version,
                same: true,
            })
        })
    });
    Ok(Json(delivered.await?))
}

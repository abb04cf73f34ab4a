//! Consent: given for one account and one text, and revoked.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ferry_protocol::api::{Consent, GiveConsent};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::{AccountId, ConsentId};

use super::accounts::{AccountError, require_owner};
use super::answers::NotTheirs;
use crate::auth::body::{Body, NoBody};
use crate::auth::roles::{Ids, TrustedPerson};
use crate::manage;
use crate::problem::Rejection;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::consents::{self, Revoked};
use crate::storage::{Erase, StorageError};

/// Why consent could not be given or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// This person never gave that consent.
    #[error("there is no such consent of yours")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ConsentError> for Rejection {
    fn from(error: ConsentError) -> Self {
        let code = match error {
            ConsentError::Account(error) => return error.into(),
            ConsentError::NotFound => ProblemCode::NotFound,
            ConsentError::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Records this person's consent. If it was given before for the same text, that
/// one is returned; for another text, the new one takes its place.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/consents", tag = "accounts", request_body = GiveConsent,
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = Consent),
        NotTheirs,
    )
)]
pub async fn give(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    caller: TrustedPerson<Body<GiveConsent>>,
) -> Result<Json<Consent>, Rejection> {
    let stamp = state.stamp();
    let text_version = caller.body.0.text_version;
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let given = state.storage().write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            require_owner(connection, account, user, caller.device.id).await?;
            if let Some(before) = consents::in_force(connection, account, user).await? {
                if before.text_version == text_version {
                    return Ok::<_, ConsentError>(before);
                }
                consents::revoke(connection, account, user, before.id, stamp.now).await?;
            }
            let consent = consents::give(connection, &stamp, account, user, text_version).await?;
            let event = Event::new(workspace, Actor::User(user), Action::ConsentGiven)
                .device(caller.device.id)
                .account(account)
                .detail(format!("consent {}, text version {text_version}", consent.id));
            audit::record(connection, &stamp, [event]).await?;
            Ok(consent)
        })
    });
    Ok(Json(given.await?))
}

/// Revokes it, and deletes what rests on it: the session that this person transferred
/// to the account, for good, as if they had deleted it, and their transfers that are
/// under way. Another owner's session stays.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}/consents/{consent}", tag = "accounts",
    params(
        ("account" = AccountId, Path, description = "The account"),
        ("consent" = ConsentId, Path, description = "The consent"),
    ),
    responses(
        (status = 204),
        NotTheirs,
    )
)]
pub async fn revoke(
    State(state): State<AppState>,
    Ids((account, consent)): Ids<(AccountId, ConsentId)>,
    caller: TrustedPerson<NoBody>,
) -> Result<StatusCode, Rejection> {
    let stamp = state.stamp();
    let (user, workspace) = (caller.person.user.id, caller.person.workspace.id);
    let revoked = state.storage().write(Erase::Now, move |connection| {
        Box::pin(async move {
            require_owner(connection, account, user, caller.device.id).await?;
            let event = |action| Event::new(workspace, Actor::User(user), action).device(caller.device.id);
            match manage::consents::revoke(connection, &stamp, (account, user), consent, event).await? {
                Revoked::Unknown => Err(ConsentError::NotFound),
                Revoked::Before | Revoked::Now => Ok(()),
            }
        })
    });
    revoked.await?;
    // Its key is to be destroyed.
    state.wake_workers();
    Ok(StatusCode::NO_CONTENT)
}

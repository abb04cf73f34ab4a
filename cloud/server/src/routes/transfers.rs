//! A transfer: a one-time key is handed out, and the session sealed to it is
//! stored.
//!
//! **Which transfer wins.** The one that *began* last, by the server's clock, and
//! not the one that arrives last. When a session is stored, every key of the account
//! that was handed out earlier is given up for destruction, so a slow upload that
//! began before cannot overwrite it: it finds its key gone. The same goes for a
//! deletion: it also ends the transfers that are under way.
//!
//! **Once.** A transfer keeps its key for good, and a key is used once. The same
//! bytes again are answered as the first time; other bytes, or a transfer whose
//! session was replaced, deleted or has expired, are a conflict.

use axum::Json;
use axum::extract::State;
use ferry_protocol::api::{Account, BeginTransfer, Role, SessionStatus, StoredSession, TransferOffer};
use ferry_protocol::problem::{Problem, ProblemCode};
use ferry_protocol::session::{Header, SealedSession};
use ferry_protocol::{AccountId, PublicJwk, TransferId};

use super::accounts::{AccountError, require_owner};
use crate::auth::body::{Body, Upload};
use crate::auth::dpop::AuthError;
use crate::auth::roles::{Ids, Transferrer};
use crate::problem::Rejection;
use crate::stamp::Stamp;
use crate::state::AppState;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::jti::Reused;
use crate::storage::keys::{KeyState, Reservation};
use crate::storage::tokens::Person;
use crate::storage::uploads::{NewSession, Standing, Store};
use crate::storage::{Connection, Erase, StorageError, consents, keys, sessions, vaults};

/// Why a session could not be transferred.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// No consent is in force.
    #[error("you have not agreed to transfer this account's session, or took it back: agree first")]
    ConsentRequired,
    /// No worker.
    #[error("the workspace has no worker yet: ask your admin to start one")]
    NoVault,
    /// No key.
    #[error("the worker has not supplied sealing keys: try again in a moment; if it goes on, ask your admin")]
    NoSealingKey,
    /// The transfer cannot go on.
    #[error("this transfer is over, or a newer one took its place: transfer again")]
    Over,
    /// The same transfer, other bytes.
    #[error("this transfer was stored before with other content: transfer again")]
    OtherBytes,
    /// The seal.
    #[error("the seal does not fit: {0}")]
    Seal(#[from] SealMismatch),
    /// The proof.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What of a seal does not fit the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealMismatch {
    /// The header cannot be read.
    #[error("its header is malformed")]
    Header,
    /// The encapsulated key cannot be one.
    #[error("its encapsulated key is not 65 bytes")]
    Enc,
    /// The transfer.
    #[error("it is another transfer's")]
    Transfer,
    /// The workspace.
    #[error("it is for another workspace")]
    Workspace,
    /// The account.
    #[error("it is for another account")]
    Account,
    /// The app.
    #[error("it is for another app")]
    App,
    /// The device.
    #[error("it is another device's")]
    Device,
    /// The key.
    #[error("it is sealed to another key than the one that was handed out")]
    SealingKey,
    /// The consent.
    #[error("it rests on another consent than the one in force")]
    Consent,
    /// The signature.
    #[error("its signature is not this device's")]
    Signature,
}

impl From<TransferError> for Rejection {
    fn from(error: TransferError) -> Self {
        use TransferError as E;
        let code = match error {
            E::Account(error) => return error.into(),
            E::ConsentRequired => ProblemCode::ConsentRequired,
            E::NoVault => ProblemCode::NoVault,
            E::NoSealingKey => ProblemCode::NoSealingKey,
            E::Over | E::OtherBytes => ProblemCode::TransferConflict,
            E::Seal(_) => ProblemCode::SealRejected,
            E::Reused(reused) => return AuthError::from(reused).into(),
            E::Storage(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

/// Hands out a one-time key for a transfer; the same again for the same transfer.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/transfers", tag = "transfers", request_body = BeginTransfer,
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, body = TransferOffer),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "`consent_required`, `forbidden`, `device_not_trusted`"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`transfer_conflict`"),
        (status = 503, body = Problem, description = "`no_sealing_key`, `no_vault`"),
    )
)]
pub async fn begin(
    State(state): State<AppState>,
    Ids(account): Ids<AccountId>,
    Transferrer { caller, claim }: Transferrer<Body<BeginTransfer>>,
) -> Result<Json<TransferOffer>, Rejection> {
    let stamp = state.stamp();
    let reservation = Reservation {
        transfer: caller.body.0.transfer,
        account,
        user: caller.person.user.id,
        device: caller.device.id,
    };
    let person = caller.person;
    let begun = state
        .storage()
        .claim_and_write(claim, Erase::Nothing, move |connection| {
            Box::pin(async move { reserve(connection, &stamp, &person, reservation).await })
        });
    let result = begun.await;
    if !matches!(result, Err(TransferError::Reused(_))) {
        // One key less, or none left: the worker may want to bring more.
        state.wake_workers();
    }
    Ok(Json(result?))
}

async fn reserve(
    connection: &mut Connection,
    stamp: &Stamp,
    person: &Person,
    reservation: Reservation,
) -> Result<TransferOffer, TransferError> {
    let Reservation {
        transfer,
        account,
        user,
        device,
    } = reservation;
    require_owner(connection, account, user, device).await?;
    if consents::in_force(connection, account, user).await?.is_none() {
        return Err(TransferError::ConsentRequired);
    }
    let workspace = person.workspace.id;
    let vault = vaults::get(connection, workspace)
        .await?
        .ok_or(TransferError::NoVault)?;
    if let Some(before) = keys::of_transfer(connection, transfer).await? {
        let same = before.reservation.account == account
            && before.reservation.user == user
            && before.reservation.device == device;
        let open = before.state == KeyState::Reserved && before.key.expires_at > stamp.now;
        // Used: the upload was stored, and its answer lost. It is repeated with this key.
        let stored = before.state == KeyState::Used;
        return if same && (open || stored) {
            Ok(TransferOffer {
                sealing_key: before.key,
                vault,
            })
        } else {
            Err(TransferError::Over)
        };
    }
    let sealing_key = keys::reserve(connection, workspace, reservation, stamp.now)
        .await?
        .ok_or(TransferError::NoSealingKey)?;
    let event = Event::new(workspace, Actor::User(user), Action::TransferBegun)
        .device(device)
        .account(account)
        .transfer(transfer);
    audit::record(connection, stamp, [event]).await?;
    Ok(TransferOffer { sealing_key, vault })
}

/// Stores a sealed session, in the place of the one that the account had.
#[utoipa::path(
    put, path = "/v1/accounts/{account}/transfers/{transfer}", tag = "transfers", request_body = SealedSession,
    params(
        ("account" = AccountId, Path, description = "The account"),
        ("transfer" = TransferId, Path, description = "The transfer, as it was begun"),
    ),
    responses(
        (status = 200, body = Account),
        (status = 400, body = Problem, description = "`invalid_request`"),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "`consent_required`, `forbidden`, `device_not_trusted`"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`transfer_conflict`"),
        (status = 413, body = Problem, description = "`too_large`: more than 4 MiB"),
        (status = 422, body = Problem, description = "`seal_rejected`"),
    )
)]
pub async fn store(
    State(state): State<AppState>,
    Ids((account, transfer)): Ids<(AccountId, TransferId)>,
    Transferrer { caller, claim }: Transferrer<Upload>,
) -> Result<Json<Account>, Rejection> {
    let user = caller.person.user.id;
    let reservation = Reservation {
        transfer,
        account,
        user,
        device: caller.device.id,
    };
    let sealed = caller.body.0;
    let attempt = Attempt {
        stamp: state.stamp(),
        reservation,
        // Costly, so it is not done in the transaction; told only to who may transfer.
        fitting: fitting_header(&sealed, &caller.person, &caller.key, reservation),
        sealed,
        device_name: caller.device.name,
        user_name: caller.person.user.name,
    };
    let stored = state
        .storage()
        .upload(claim, reservation, move |connection, standing| {
            Box::pin(attempt.decide(connection, standing))
        });
    let account = stored.await?;
    state.wake_workers();
    Ok(Json(account))
}

/// The header, if it says of the request what the request says of itself, and the
/// device signed it. Key, app and consent are compared with what is stored.
fn fitting_header(
    sealed: &SealedSession,
    person: &Person,
    device_key: &PublicJwk,
    expected: Reservation,
) -> Result<Header, SealMismatch> {
    let header = sealed.header().map_err(|_| SealMismatch::Header)?;
    if sealed.enc.0.len() != 65 {
        return Err(SealMismatch::Enc);
    }
    if header.transfer != expected.transfer {
        return Err(SealMismatch::Transfer);
    }
    if header.workspace != person.workspace.id {
        return Err(SealMismatch::Workspace);
    }
    if header.account != expected.account {
        return Err(SealMismatch::Account);
    }
    if header.device != expected.device {
        return Err(SealMismatch::Device);
    }
    sealed
        .verify_signature(device_key)
        .map_err(|_| SealMismatch::Signature)?;
    Ok(header)
}

/// An upload, as far as it can be judged without the database.
struct Attempt {
    stamp: Stamp,
    reservation: Reservation,
    fitting: Result<Header, SealMismatch>,
    sealed: SealedSession,
    device_name: String,
    user_name: String,
}

impl Attempt {
    /// Whether the session may be stored, as things stand in this transaction: what was
    /// revoked until now counts. Returns how the account looks then, and what is to be
    /// stored: nothing, if it was before.
    async fn decide(
        self,
        connection: &mut Connection,
        standing: Option<Standing>,
    ) -> Result<(Account, Option<Store>), TransferError> {
        let standing = standing.ok_or(AccountError::NotFound)?;
        if standing.account.role != Role::Owner {
            return Err(AccountError::NotOwner.into());
        }
        if !standing.device_trusted {
            return Err(AccountError::NotTrusted.into());
        }
        let header = self.fitting?;
        if header.app != standing.account.app.id {
            return Err(SealMismatch::App.into());
        }
        let Reservation {
            transfer,
            account,
            user,
            device,
        } = self.reservation;
        let key = standing.key.ok_or(TransferError::Over)?;
        if key.state == KeyState::Used && standing.stored == Some(transfer) {
            let stored = sessions::sealed(connection, transfer).await?;
            let same = stored.is_some_and(|stored| stored == self.sealed);
            return if same {
                Ok((standing.account, None))
            } else {
                Err(TransferError::OtherBytes)
            };
        }
        // Before the key: to revoke consent gives that up as well.
        let consent = standing
            .account
            .consent
            .as_ref()
            .ok_or(TransferError::ConsentRequired)?;
        if key.state != KeyState::Reserved {
            return Err(TransferError::Over);
        }
        if header.consent != consent.id {
            return Err(SealMismatch::Consent.into());
        }
        if header.sealing_key != key.id {
            return Err(SealMismatch::SealingKey.into());
        }
        let now = self.stamp.now;
        let expires_at = now.plus(standing.retention_ms);
        let event = |action, transfer| {
            Event::new(header.workspace, Actor::User(user), action)
                .device(device)
                .account(account)
                .transfer(transfer)
        };
        let replaced = standing.stored.map(|old| event(Action::SessionReplaced, old));
        let stored = event(Action::SessionTransferred, transfer);
        let store = Store {
            session: NewSession {
                transfer,
                account,
                workspace: header.workspace,
                user,
                device,
                sealing_key: key.id,
                consent: consent.id,
                begun_at: key.reserved_at,
                expires_at,
                sealed: self.sealed,
            },
            stamp: self.stamp,
            events: replaced.into_iter().chain([stored]).collect(),
        };
        let session = SessionStatus::Transferred(StoredSession {
            transfer,
            transferred_at: now,
            device_name: self.device_name,
            transferred_by: self.user_name,
            expires_at,
            check: None,
        });
        let account = Account {
            session,
            ..standing.account
        };
        Ok((account, Some(store)))
    }
}

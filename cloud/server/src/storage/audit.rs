//! The audit trail: who did what, when. Events are only ever added, in the same
//! transaction as the change they tell of.

use ferry_protocol::{AccountId, DeviceId, TransferId, UserId, WorkspaceId};

use super::workers::WorkerId;
use super::{Connection, StorageError};
use crate::stamp::Stamp;

/// Events of one statement. Each number of them is a statement of its own, and stays
/// prepared.
const PER_STATEMENT: usize = 32;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, with a device.
    User(UserId),
    /// A worker.
    Worker(WorkerId),
    /// The server, on its own: the sweep.
    Server,
    /// Whoever has the command line.
    Operator,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A workspace was added.
    WorkspaceAdded,
    /// A person was added.
    UserAdded,
    /// An app was added or replaced.
    AppAdded,
    /// An account was added.
    AccountAdded,
    /// A worker token was made.
    WorkerTokenAdded,
    /// A person signed in.
    SignedIn,
    /// A person signed out.
    SignedOut,
    /// A device was enrolled, and waits to be verified.
    DeviceEnrolled,
    /// A trusted device was renamed.
    DeviceRenamed,
    /// A code was sent.
    CodeSent,
    /// It could not be e-mailed after all.
    CodeNotSent,
    /// A code was tried the last time, in vain.
    CodeExhausted,
    /// A device came to be trusted.
    DeviceTrusted,
    /// A device asked for approval.
    ApprovalAsked,
    /// A device was approved by another.
    DeviceApproved,
    /// A device's request was denied.
    ApprovalDenied,
    /// A device was disabled.
    DeviceDisabled,
    /// Consent was given.
    ConsentGiven,
    /// Consent was revoked.
    ConsentRevoked,
    /// A one-time key was handed out.
    TransferBegun,
    /// A session was stored.
    SessionTransferred,
    /// A session was deleted because a newer one took its place.
    SessionReplaced,
    /// A session was deleted by a person.
    SessionDeleted,
    /// A session was deleted because nothing used it.
    SessionExpired,
    /// A check was asked for.
    CheckAsked,
    /// A check found the session alive.
    SessionVerified,
    /// A check found the session unusable.
    SessionInvalid,
    /// A session was taken to hand its cookies to another program.
    SessionExported,
    /// A session was taken to open it in a browser.
    SessionOpened,
    /// A worker signed in.
    WorkerSignedIn,
    /// The vault identity was set, or handed over.
    VaultChanged,
    /// A worker said that private halves are destroyed.
    KeysDestroyed,
}

impl Action {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkspaceAdded => "workspace.added",
            Self::UserAdded => "user.added",
            Self::AppAdded => "app.added",
            Self::AccountAdded => "account.added",
            Self::WorkerTokenAdded => "worker_token.added",
            Self::SignedIn => "user.signed_in",
            Self::SignedOut => "user.signed_out",
            Self::DeviceEnrolled => "device.enrolled",
            Self::DeviceRenamed => "device.renamed",
            Self::CodeSent => "device.code_sent",
            Self::CodeNotSent => "device.code_not_sent",
            Self::CodeExhausted => "device.code_exhausted",
            Self::DeviceTrusted => "device.trusted",
            Self::ApprovalAsked => "device.approval_asked",
            Self::DeviceApproved => "device.approved",
            Self::ApprovalDenied => "device.approval_denied",
            Self::DeviceDisabled => "device.disabled",
            Self::ConsentGiven => "consent.given",
            Self::ConsentRevoked => "consent.revoked",
            Self::TransferBegun => "transfer.begun",
            Self::SessionTransferred => "session.transferred",
            Self::SessionReplaced => "session.replaced",
            Self::SessionDeleted => "session.deleted",
            Self::SessionExpired => "session.expired",
            Self::CheckAsked => "session.check_asked",
            Self::SessionVerified => "session.verified",
            Self::SessionInvalid => "session.invalid",
            Self::SessionExported => "session.exported",
            Self::SessionOpened => "session.opened",
            Self::WorkerSignedIn => "worker.signed_in",
            Self::VaultChanged => "vault.changed",
            Self::KeysDestroyed => "keys.destroyed",
        }
    }
}

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where it happened.
    pub workspace: WorkspaceId,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// The device it was done with, or to.
    pub device: Option<DeviceId>,
    /// The account it was done to.
    pub account: Option<AccountId>,
    /// The transfer it was done to.
    pub transfer: Option<TransferId>,
    /// More about it, in plain words; never a secret.
    pub detail: Option<String>,
}

impl Event {
    /// An event that concerns the workspace as a whole.
    pub fn new(workspace: WorkspaceId, actor: Actor, action: Action) -> Self {
        Self {
            workspace,
            actor,
            action,
            device: None,
            account: None,
            transfer: None,
            detail: None,
        }
    }

    /// With or to this device.
    #[must_use]
    pub fn device(mut self, device: DeviceId) -> Self {
        self.device = Some(device);
        self
    }

    /// To this account.
    #[must_use]
    pub fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// To this transfer.
    #[must_use]
    pub fn transfer(mut self, transfer: TransferId) -> Self {
        self.transfer = Some(transfer);
        self
    }

    /// In more words.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Adds events to the trail.
pub async fn record<const N: usize>(
    connection: &mut Connection,
    stamp: &Stamp,
    events: [Event; N],
) -> Result<(), StorageError> {
    insert(connection, events.iter().map(|event| (stamp, event))).await
}

/// The same for those of several changes, each with its moment.
pub async fn record_all(connection: &mut Connection, events: &[(Stamp, Event)]) -> Result<(), StorageError> {
    for some in events.chunks(PER_STATEMENT) {
        insert(connection, some.iter().map(|(stamp, event)| (stamp, event))).await?;
    }
    Ok(())
}

async fn insert<'e>(
    connection: &mut Connection,
    events: impl Iterator<Item = (&'e Stamp, &'e Event)>,
) -> Result<(), StorageError> {
    let mut query = sqlx::QueryBuilder::new(
        "INSERT INTO audit_events
         (id, workspace_id, at, actor, actor_id, device_id, action, account_id, transfer_id, detail) ",
    );
    query.push_values(events, |mut row, (stamp, event)| {
        let (actor, actor_id) = match event.actor {
            Actor::User(id) => ("user", Some(id.to_string())),
            Actor::Worker(id) => ("worker", Some(id.to_string())),
            Actor::Server => ("server", None),
            Actor::Operator => ("operator", None),
        };
        row.push_bind(stamp.uuid().to_string())
            .push_bind(event.workspace.to_string())
            .push_bind(stamp.now.0)
            .push_bind(actor)
            .push_bind(actor_id)
            .push_bind(event.device.map(|id| id.to_string()))
            .push_bind(event.action.as_str())
            .push_bind(event.account.map(|id| id.to_string()))
            .push_bind(event.transfer.map(|id| id.to_string()))
            .push_bind(event.detail.clone());
    });
    query.build().execute(connection).await?;
    Ok(())
}

//! The audit trail: who did what, when. Events are only ever added, in the same
//! transaction as the change they tell of.

pub use ferry_protocol::api::Action;
use ferry_protocol::api::{ActorKind, AuditEvent};
use ferry_protocol::{AccountId, DeviceId, TransferId, UserId, WorkspaceId};
use sqlx::Row as _;
use uuid::Uuid;

use super::workers::WorkerId;
use super::{Connection, Row, StorageError, row};
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

/// Who reads the trail.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub user: UserId,
    /// All of it; otherwise what they did, and what concerns their accounts and devices.
    pub all: bool,
}

/// At most so many events, the newest first; those before one, if it is given.
pub async fn page(
    connection: &mut Connection,
    reader: Reader,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<AuditEvent>, StorageError> {
    let rows = sqlx::query(
        "SELECT events.id, events.at, events.actor, events.device_id, events.action, events.account_id,
                events.transfer_id, events.detail,
                COALESCE(actors.name, workers.name) AS actor_name, accounts.name AS account_name,
                (SELECT MIN(devices.name) FROM devices JOIN users ON users.id = devices.user_id
                 WHERE devices.id = events.device_id AND users.workspace_id = events.workspace_id) AS device_name
         FROM audit_events AS events
         LEFT JOIN users AS actors ON actors.id = events.actor_id
         LEFT JOIN workers ON workers.id = events.actor_id
         LEFT JOIN accounts ON accounts.id = events.account_id
         WHERE events.workspace_id = $1
           AND ($3 = 1 OR (events.actor = 'user' AND events.actor_id = $2)
                OR events.account_id IN (SELECT account_id FROM account_roles
                                         WHERE user_id = $2 AND role = 'owner')
                OR events.device_id IN (SELECT id FROM devices WHERE user_id = $2))
           AND ($4 IS NULL OR (events.at, events.id) < (SELECT at, id FROM audit_events WHERE id = $4))
         ORDER BY events.at DESC, events.id DESC LIMIT $5",
    )
    .bind(reader.workspace.to_string())
    .bind(reader.user.to_string())
    .bind(i64::from(reader.all))
    .bind(before.map(|id| id.to_string()))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_event).collect()
}

fn read_event(found: &Row) -> Result<AuditEvent, StorageError> {
    Ok(AuditEvent {
        id: found.try_get("id")?,
        at: row::time(found, "at")?,
        actor: match found.try_get("actor")? {
            "user" => ActorKind::User,
            "worker" => ActorKind::Worker,
            "server" => ActorKind::Server,
            "operator" => ActorKind::Operator,
            _ => return Err(StorageError::Corrupt { column: "actor" }),
        },
        actor_name: found.try_get("actor_name")?,
        action: found.try_get("action")?,
        device: row::optional_text(found, "device_id")?,
        device_name: found.try_get("device_name")?,
        account: row::optional_text(found, "account_id")?,
        account_name: found.try_get("account_name")?,
        transfer: row::optional_text(found, "transfer_id")?,
        detail: found.try_get("detail")?,
    })
}

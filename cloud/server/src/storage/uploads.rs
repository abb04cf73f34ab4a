//! Sessions that are being stored: what decides whether one may be, and storing it.
//!
//! It is what the server does most, so everything here is for many uploads at once:
//! a statement costs a change of threads, whatever number of rows it is about. The
//! uploads of one call are of different accounts, as none of them sees the others.

use ferry_protocol::api::Account;
use ferry_protocol::session::SealedSession;
use ferry_protocol::{
    AccountId, ConsentId, DeviceId, SealingKeyId, TransferId, UnixMillis, UserId, WorkspaceId,
};
use sqlx::{QueryBuilder, Row as _};

use super::audit::{self, Event};
use super::keys::{KeyState, Reservation};
use super::{Connection, Row, StorageError, accounts, keys, row};
use crate::stamp::Stamp;

/// Uploads of one call, at most. Each number of them is a statement of its own, and
/// stays prepared.
pub const AT_ONCE: usize = 32;

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The transfer that brings it.
    pub transfer: TransferId,
    /// The account.
    pub account: AccountId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Who transfers it.
    pub user: UserId,
    /// The device that sealed it.
    pub device: DeviceId,
    /// The key it is sealed to.
    pub sealing_key: SealingKeyId,
    /// The consent it rests on.
    pub consent: ConsentId,
    /// When the transfer began: when its key was handed out.
    pub begun_at: UnixMillis,
    /// When it is deleted if nothing uses it.
    pub expires_at: UnixMillis,
    /// The bytes.
    pub sealed: SealedSession,
}

/// A session to be stored, and what the audit trail is to tell of it.
#[derive(Clone, Debug)]
pub struct Store {
    /// The session.
    pub session: NewSession,
    /// When.
    pub stamp: Stamp,
    /// What happened thereby.
    pub events: Vec<Event>,
}

/// Everything that decides whether a transfer may be stored, read at once.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The account as the person sees it.
    pub account: Account,
    /// Whether the device is trusted, now.
    pub device_trusted: bool,
    /// How long sessions are kept that nothing uses, in milliseconds.
    pub retention_ms: i64,
    /// The key that was handed out for this transfer to this person and device.
    pub key: Option<StandingKey>,
    /// The transfer of the session that the account has now, expired or not.
    pub stored: Option<TransferId>,
}

/// The key that was handed out for a transfer.
#[derive(Clone, Copy, Debug)]
pub struct StandingKey {
    /// Which.
    pub id: SealingKeyId,
    /// What became of it.
    pub state: KeyState,
    /// When it was handed out.
    pub reserved_at: UnixMillis,
}

/// How things stand for each of these transfers, in their order; `None`: the person
/// has no part in the account. What cannot be read of one is an error of that one alone.
pub async fn standings(
    connection: &mut Connection,
    reservations: &[Reservation],
) -> Result<Vec<Result<Option<Standing>, StorageError>>, StorageError> {
    let mut query =
        QueryBuilder::new("WITH wanted (place, user_id, account_id, device_id, transfer_id) AS (");
    query.push_values((0_i64..).zip(reservations), |mut row, (place, reservation)| {
        row.push_bind(place)
            .push_bind(reservation.user.to_string())
            .push_bind(reservation.account.to_string())
            .push_bind(reservation.device.to_string())
            .push_bind(reservation.transfer.to_string());
    });
    query.push(accounts::view_query!(
        ") ",
        ", wanted.place, workspaces.retention_ms, sealers.state AS device_state,
         sealing_keys.id AS key_id, sealing_keys.state AS key_state, sealing_keys.reserved_at",
        "wanted JOIN account_roles ON account_roles.account_id = wanted.account_id
             AND account_roles.user_id = wanted.user_id",
        "JOIN workspaces ON workspaces.id = accounts.workspace_id
         LEFT JOIN devices AS sealers ON sealers.user_id = wanted.user_id AND sealers.id = wanted.device_id
         LEFT JOIN sealing_keys ON sealing_keys.transfer_id = wanted.transfer_id
             AND sealing_keys.account_id = wanted.account_id
             AND sealing_keys.user_id = wanted.user_id AND sealing_keys.device_id = wanted.device_id"
    ));
    let mut standings: Vec<_> = reservations.iter().map(|_| Ok(None)).collect();
    for found in query.build().fetch_all(connection).await? {
        let corrupt = StorageError::Corrupt { column: "place" };
        let place = row::count(&found, "place")? as usize;
        *standings.get_mut(place).ok_or(corrupt)? = read_standing(&found).map(Some);
    }
    Ok(standings)
}

fn read_standing(found: &Row) -> Result<Standing, StorageError> {
    let key = match row::optional_text(found, "key_id")? {
        Some(id) => Some(StandingKey {
            id,
            state: keys::read_state(found, "key_state")?,
            reserved_at: row::time(found, "reserved_at")?,
        }),
        None => None,
    };
    Ok(Standing {
        account: accounts::read_view(found)?,
        device_trusted: found.try_get::<Option<&str>, _>("device_state")? == Some("trusted"),
        retention_ms: found.try_get("retention_ms")?,
        key,
        stored: row::optional_text(found, "transfer_id")?,
    })
}

/// Stores sessions, due to be checked at once, each in the place of the one that its
/// account had: that one's bytes are gone. Every other key of the account that was
/// handed out before this transfer began is to be destroyed: that of the session
/// before, and those of transfers that have not arrived, and now never will.
///
/// Several statements in one round trip to SQLite. PostgreSQL takes one at a time: there
/// they are to be sent one after the other.
pub async fn store(connection: &mut Connection, uploads: Vec<Store>) -> Result<(), StorageError> {
    let mut query = QueryBuilder::new("DELETE FROM sessions WHERE account_id IN (");
    let mut accounts = query.separated(", ");
    for upload in &uploads {
        accounts.push_bind(upload.session.account.to_string());
    }
    query.push("); WITH new (account_id, sealing_key_id, begun_at) AS (");
    query.push_values(&uploads, |mut row, Store { session, .. }| {
        row.push_bind(session.account.to_string())
            .push_bind(session.sealing_key.to_string())
            .push_bind(session.begun_at.0);
    });
    query.push(
        ") UPDATE sealing_keys
         SET state = CASE WHEN sealing_keys.id = new.sealing_key_id THEN 'used' ELSE 'destroy_pending' END
         FROM new
         WHERE sealing_keys.account_id = new.account_id AND sealing_keys.state IN ('reserved', 'used')
             AND sealing_keys.reserved_at <= new.begun_at;
         INSERT INTO sessions
         (transfer_id, account_id, workspace_id, user_id, device_id, sealing_key_id, consent_id,
          transferred_at, expires_at, state, next_check_at, unreachable) ",
    );
    query.push_values(&uploads, |mut row, Store { session, stamp, .. }| {
        row.push_bind(session.transfer.to_string())
            .push_bind(session.account.to_string())
            .push_bind(session.workspace.to_string())
            .push_bind(session.user.to_string())
            .push_bind(session.device.to_string())
            .push_bind(session.sealing_key.to_string())
            .push_bind(session.consent.to_string())
            .push_bind(stamp.now.0)
            .push_bind(session.expires_at.0)
            .push("'transferred'")
            .push_bind(stamp.now.0)
            .push("0");
    });
    query.push("; INSERT INTO seals (transfer_id, header, enc, signature, ciphertext) ");
    let mut events = Vec::with_capacity(2 * uploads.len());
    query.push_values(uploads, |mut row, upload| {
        let sealed = upload.session.sealed;
        row.push_bind(upload.session.transfer.to_string())
            .push_bind(sealed.header.0)
            .push_bind(sealed.enc.0)
            .push_bind(sealed.signature.0)
            .push_bind(sealed.ciphertext.0);
        let stamp = upload.stamp;
        events.extend(upload.events.into_iter().map(|event| (stamp.clone(), event)));
    });
    query.build().execute(&mut *connection).await?;
    audit::record_all(connection, &events).await
}

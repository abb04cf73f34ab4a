//! Leases: a worker's hold on a session it works on. A check has the session to
//! itself; taking it for automation does not.

use ferry_protocol::api::LeasedSession;
use ferry_protocol::{AccountId, LeaseId, TransferId, UnixMillis, WorkspaceId};
use sqlx::Row as _;

use super::workers::WorkerId;
use super::{Connection, Row, StorageError, accounts, approvals, row, sessions};

/// How long a worker has to check a session, in milliseconds.
pub const CHECK_MS: i64 = 60 * 1000;

/// How long automation holds a session, in milliseconds.
pub const AUTOMATION_MS: i64 = 5 * 60 * 1000;

/// Whoever transferred the session `sessions` still consents. To revoke deletes it; this
/// holds whatever else may leave a session behind.
macro_rules! consented {
    () => {
        "EXISTS (SELECT 1 FROM consents WHERE consents.account_id = sessions.account_id
             AND consents.user_id = sessions.user_id AND consents.revoked_at IS NULL)"
    };
}

macro_rules! leased {
    ($condition:literal) => {
        concat!(
            "SELECT sessions.transfer_id, sessions.account_id, accounts.identity,
                    accounts.app_id, apps.definition,
                    sessions.user_id, sessions.device_id,
                    seals.header, seals.enc, seals.ciphertext, seals.signature
             FROM sessions
             JOIN seals ON seals.transfer_id = sessions.transfer_id
             JOIN accounts ON accounts.id = sessions.account_id
             LEFT JOIN apps ON apps.workspace_id = accounts.workspace_id AND apps.id = accounts.app_id
             WHERE sessions.workspace_id = $1 AND ",
            consented!(),
            " AND ",
            $condition
        )
    };
}

async fn read(
    connection: &mut Connection,
    found: &Row,
    lease: LeaseId,
    lease_expires_at: UnixMillis,
) -> Result<LeasedSession, StorageError> {
    let user = row::text(found, "user_id")?;
    let chain = approvals::chain(connection, user, row::text(found, "device_id")?).await?;
    Ok(LeasedSession {
        lease,
        lease_expires_at,
        transfer: row::text(found, "transfer_id")?,
        account: row::text(found, "account_id")?,
        account_identity: found.try_get("identity")?,
        app: accounts::read_app(found)?,
        user,
        // The session refers to its device: it is there.
        chain: chain.ok_or(StorageError::Corrupt { column: "device_id" })?,
        sealed: sessions::read_sealed(found)?,
    })
}

/// Whether no worker has been given the session `sessions` since it was transferred. One whose
/// check ends its worker is not new for ever.
macro_rules! new {
    () => {
        "(sessions.last_check IS NULL AND sessions.unreachable = 0 AND sessions.lease_expires_at IS NULL)"
    };
}

/// Which sessions a worker asks for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// All that are due.
    Due,
    /// Of these, such as no worker was given before.
    New,
}

/// When the next session of the workspace is due that no worker holds; `None`: none
/// is.
pub async fn next_due(
    connection: &mut Connection,
    workspace: WorkspaceId,
    wanted: Wanted,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, StorageError> {
    let found = sqlx::query(concat!(
        "SELECT MIN(CASE WHEN lease_expires_at > $2 AND lease_expires_at > next_check_at
                         THEN lease_expires_at ELSE next_check_at END) AS due
         FROM sessions WHERE workspace_id = $1 AND next_check_at IS NOT NULL
             AND ($3 = 0 OR ",
        new!(),
        ") AND ",
        consented!()
    ))
    .bind(workspace.to_string())
    .bind(now.0)
    .bind(i64::from(matches!(wanted, Wanted::New)))
    .fetch_one(connection)
    .await?;
    Ok(found.try_get::<Option<i64>, _>("due")?.map(UnixMillis))
}

/// Leases the one of the wanted sessions that is due the longest, and that no worker holds.
pub async fn lease_due(
    connection: &mut Connection,
    workspace: WorkspaceId,
    wanted: Wanted,
    worker: WorkerId,
    lease: LeaseId,
    now: UnixMillis,
) -> Result<Option<LeasedSession>, StorageError> {
    let expires_at = now.plus(CHECK_MS);
    let leased = sqlx::query(concat!(
        "UPDATE sessions SET lease_id = $3, lease_worker_id = $4, lease_expires_at = $5
         WHERE transfer_id = (
             SELECT transfer_id FROM sessions
             WHERE workspace_id = $1 AND next_check_at <= $2
               AND (lease_expires_at IS NULL OR lease_expires_at <= $2)
               AND ($6 = 0 OR ",
        new!(),
        ") AND ",
        consented!(),
        " ORDER BY next_check_at, transfer_id LIMIT 1)
         RETURNING transfer_id"
    ))
    .bind(workspace.to_string())
    .bind(now.0)
    .bind(lease.to_string())
    .bind(worker.to_string())
    .bind(expires_at.0)
    .bind(i64::from(matches!(wanted, Wanted::New)))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(leased) = leased else { return Ok(None) };
    let found = sqlx::query(leased!("sessions.transfer_id = $2"))
        .bind(workspace.to_string())
        .bind(leased.try_get::<String, _>("transfer_id")?)
        .fetch_one(&mut *connection)
        .await?;
    read(connection, &found, lease, expires_at).await.map(Some)
}

/// Takes an account's session for automation. `None`: it has none, or none that
/// somebody consents to.
pub async fn take(
    connection: &mut Connection,
    workspace: WorkspaceId,
    worker: WorkerId,
    account: AccountId,
    lease: LeaseId,
    now: UnixMillis,
) -> Result<Option<LeasedSession>, StorageError> {
    let found = sqlx::query(leased!("sessions.account_id = $2"))
        .bind(workspace.to_string())
        .bind(account.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let taken = read(connection, &found, lease, now.plus(AUTOMATION_MS)).await?;
    sqlx::query(
        "INSERT INTO automation_leases (id, transfer_id, worker_id, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(lease.to_string())
    .bind(taken.transfer.to_string())
    .bind(worker.to_string())
    .bind(taken.lease_expires_at.0)
    .execute(connection)
    .await?;
    Ok(Some(taken))
}

/// A session whose lease was ended just now.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The account.
    pub account: AccountId,
    /// How many checks in a row could not reach the app before this one.
    pub unreachable: u32,
    /// How long sessions are kept that nothing uses, in milliseconds.
    pub retention_ms: i64,
    /// Whether somebody asked for a check after the lease began.
    pub asked_meanwhile: bool,
}

/// Ends a lease. `None`: it has run out, is another worker's, or its session is no
/// longer stored.
pub async fn end(
    connection: &mut Connection,
    worker: WorkerId,
    transfer: TransferId,
    lease: LeaseId,
    now: UnixMillis,
) -> Result<Option<Ended>, StorageError> {
    let automation = sqlx::query(
        "DELETE FROM automation_leases WHERE id = $1 AND transfer_id = $2 AND worker_id = $3 AND expires_at > $4",
    )
    .bind(lease.to_string())
    .bind(transfer.to_string())
    .bind(worker.to_string())
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    // The check's lease began CHECK_MS before its end; a check asked for since then is
    // still to be done.
    let found = sqlx::query(
        "SELECT sessions.account_id, sessions.unreachable, workspaces.retention_ms,
                CASE WHEN sessions.next_check_at > sessions.lease_expires_at - $5 THEN 1 ELSE 0 END AS asked_meanwhile
         FROM sessions JOIN workspaces ON workspaces.id = sessions.workspace_id
         WHERE sessions.transfer_id = $1 AND ($6 = 1
             OR (sessions.lease_id = $2 AND sessions.lease_worker_id = $3 AND sessions.lease_expires_at > $4))",
    )
    .bind(transfer.to_string())
    .bind(lease.to_string())
    .bind(worker.to_string())
    .bind(now.0)
    .bind(CHECK_MS)
    .bind(i64::from(automation.rows_affected() == 1))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    sqlx::query(
        "UPDATE sessions SET lease_id = NULL, lease_worker_id = NULL, lease_expires_at = NULL
         WHERE transfer_id = $1 AND lease_id = $2",
    )
    .bind(transfer.to_string())
    .bind(lease.to_string())
    .execute(connection)
    .await?;
    Ok(Some(Ended {
        account: row::text(&found, "account_id")?,
        unreachable: row::count(&found, "unreachable")?,
        retention_ms: found.try_get("retention_ms")?,
        asked_meanwhile: found.try_get::<i64, _>("asked_meanwhile")? == 1,
    }))
}

/// Forgets automation leases that have run out. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM automation_leases WHERE expires_at <= $1")
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

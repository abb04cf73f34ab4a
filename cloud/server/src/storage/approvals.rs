//! Devices that ask for approval, and devices that were approved.

use ferry_protocol::api::{ApprovalAnswer, ApprovalState, Approve, DeviceState};
use ferry_protocol::trust::{Approval, DeviceKeys, MAX_DEVICES, Statement, TrustChain};
use ferry_protocol::{Bytes, DeviceId, UnixMillis, UserId};
use sqlx::{Row as _, ValueRef as _};

use super::devices::Wait;
use super::{Connection, Row, StorageError, devices, row};

/// How long a request is pending, and how long a device that was denied has to wait,
/// in milliseconds.
pub const PENDING_MS: i64 = 15 * 60 * 1000;

/// A device that asks.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Whose device it is.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Browser and operating system, cleaned.
    pub browser: String,
    /// The address that it asks from; empty if nobody knows.
    pub ip: String,
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is pending until then.
    Pending(UnixMillis),
    /// It was pending before, until then: nothing has changed.
    PendingAlready(UnixMillis),
    /// It was denied, and may not ask again until then.
    Denied(UnixMillis),
}

/// A device that is not trusted asks. While its request is pending, asking again
/// changes nothing.
pub async fn ask(
    connection: &mut Connection,
    new: &NewRequest,
    now: UnixMillis,
) -> Result<Asked, StorageError> {
    let before = sqlx::query(
        "SELECT expires_at, denied_at FROM approval_requests
         WHERE user_id = $1 AND device_id = $2 AND expires_at > $3",
    )
    .bind(new.user.to_string())
    .bind(new.device.to_string())
    .bind(now.0)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(before) = before {
        let until = row::time(&before, "expires_at")?;
        return Ok(if before.try_get_raw("denied_at")?.is_null() {
            Asked::PendingAlready(until)
        } else {
            Asked::Denied(until)
        });
    }
    let until = now.plus(PENDING_MS);
    sqlx::query(
        "INSERT INTO approval_requests (user_id, device_id, browser, ip, asked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id, device_id) DO UPDATE SET browser = excluded.browser, ip = excluded.ip,
             asked_at = excluded.asked_at, expires_at = excluded.expires_at, denied_at = NULL",
    )
    .bind(new.user.to_string())
    .bind(new.device.to_string())
    .bind(new.browser.clone())
    .bind(new.ip.clone())
    .bind(now.0)
    .bind(until.0)
    .execute(&mut *connection)
    .await?;
    devices::wait_for(connection, new.user, new.device, Wait::Approval).await?;
    Ok(Asked::Pending(until))
}

/// How it stands with a device that may have asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no such device, or no longer.
    NotEnrolled,
    /// It was disabled.
    Disabled,
    /// What became of its request.
    Of(ApprovalAnswer),
}

/// What became of a device's request.
pub async fn answer(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<Standing, StorageError> {
    let found = sqlx::query(
        "SELECT devices.state, requests.expires_at, requests.denied_at FROM devices
         LEFT JOIN approval_requests AS requests ON requests.user_id = devices.user_id
             AND requests.device_id = devices.id AND requests.expires_at > $3
         WHERE devices.user_id = $1 AND devices.id = $2",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    let Some(found) = found else {
        return Ok(Standing::NotEnrolled);
    };
    let until = found.try_get::<Option<i64>, _>("expires_at")?.map(UnixMillis);
    let denied = !found.try_get_raw("denied_at")?.is_null();
    let state = match devices::read_state(&found, "state")? {
        DeviceState::Disabled => return Ok(Standing::Disabled),
        DeviceState::Trusted => ApprovalState::Approved,
        DeviceState::AwaitingCode | DeviceState::PendingApproval => match until {
            None => ApprovalState::NotAsked,
            Some(_) if denied => ApprovalState::Denied,
            Some(_) => ApprovalState::Pending,
        },
    };
    Ok(Standing::Of(ApprovalAnswer { state, until }))
}

/// Whether the device's request is pending.
pub async fn is_pending(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let standing = answer(connection, user, device, now).await?;
    Ok(matches!(standing, Standing::Of(answer) if answer.state == ApprovalState::Pending))
}

/// Denies a device's pending request. `false`: there is none.
pub async fn deny(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "UPDATE approval_requests SET denied_at = $3, expires_at = $4
         WHERE user_id = $1 AND device_id = $2 AND expires_at > $3 AND denied_at IS NULL",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .bind(now.plus(PENDING_MS).0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    devices::wait_for(connection, user, device, Wait::Code).await?;
    Ok(true)
}

/// Ends a device's pending request, whatever it was for: the device was trusted,
/// disabled, or enrolled anew.
pub async fn withdraw(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM approval_requests WHERE user_id = $1 AND device_id = $2 AND denied_at IS NULL")
        .bind(user.to_string())
        .bind(device.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether a device may vouch for one that is trusted already: for one that came after
/// it; or, since the worker may know the later of the two, for one whose session it
/// refused. Otherwise whoever has password and mailbox could put a device of their own
/// above those that the person has.
pub async fn may_vouch(
    connection: &mut Connection,
    user: UserId,
    approver: DeviceId,
    device: DeviceId,
) -> Result<bool, StorageError> {
    let found = sqlx::query(
        "SELECT 1 FROM devices AS newer WHERE newer.user_id = $1 AND newer.id = $3 AND (
             EXISTS (SELECT 1 FROM devices AS older WHERE older.user_id = $1 AND older.id = $2
                 AND older.trusted_at < newer.trusted_at)
             OR EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = $1 AND sessions.device_id = $3
                 AND state = 'invalid' AND invalid_reason LIKE '%\"why\":\"device_not_approved\"%'))",
    )
    .bind(user.to_string())
    .bind(approver.to_string())
    .bind(device.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Keeps an approval, which was checked, in the place of one by a device that was
/// disabled since. `false`: the device has another one.
pub async fn keep(
    connection: &mut Connection,
    user: UserId,
    approve: &Approve,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "INSERT INTO device_approvals (user_id, device_id, approver_id, statement, signature, approved_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id, device_id) DO UPDATE SET approver_id = excluded.approver_id,
             statement = excluded.statement, signature = excluded.signature,
             approved_at = excluded.approved_at
         WHERE EXISTS (SELECT 1 FROM devices WHERE devices.user_id = device_approvals.user_id
             AND devices.id = device_approvals.approver_id AND devices.state = 'disabled')",
    )
    .bind(user.to_string())
    .bind(approve.statement.device.to_string())
    .bind(approve.statement.approver.to_string())
    .bind(row::to_json(&approve.statement))
    .bind(approve.signature.0.clone())
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A device, and who vouches for it. `None`: there is no such device.
pub async fn chain(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<Option<TrustChain>, StorageError> {
    let rows = sqlx::query(
        "WITH RECURSIVE steps (device_id, depth) AS (
             SELECT id, 0 FROM devices WHERE user_id = $1 AND id = $2
             UNION ALL
             SELECT approvals.approver_id, steps.depth + 1 FROM steps
             JOIN device_approvals AS approvals
                 ON approvals.user_id = $1 AND approvals.device_id = steps.device_id
             WHERE steps.depth + 1 < $3)
         SELECT devices.device_key, devices.sealing_key, devices.sealing_key_signature,
                approvals.statement, approvals.signature
         FROM steps JOIN devices ON devices.user_id = $1 AND devices.id = steps.device_id
         LEFT JOIN device_approvals AS approvals
             ON approvals.user_id = $1 AND approvals.device_id = steps.device_id
         ORDER BY steps.depth",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(i64::try_from(MAX_DEVICES).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    let Some((first, above)) = rows.split_first() else {
        return Ok(None);
    };
    let mut approvals = Vec::with_capacity(above.len());
    // Each row has the approval of its own device, by that of the next row.
    for (below, by) in rows.iter().zip(above) {
        let statement: Option<Statement> = row::optional_json(below, "statement")?;
        approvals.push(Approval {
            statement: statement.ok_or(StorageError::Corrupt { column: "statement" })?,
            signature: row::bytes(below, "signature")?,
            by: read_keys(by)?,
        });
    }
    Ok(Some(TrustChain {
        device: read_keys(first)?,
        approvals,
    }))
}

/// How many devices hang below this one at most, one vouched for by the other.
pub async fn depth_below(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<usize, StorageError> {
    let found = sqlx::query(
        "WITH RECURSIVE steps (device_id, depth) AS (
             SELECT $2, 0
             UNION ALL
             SELECT approvals.device_id, steps.depth + 1 FROM steps
             JOIN device_approvals AS approvals
                 ON approvals.user_id = $1 AND approvals.approver_id = steps.device_id
             WHERE steps.depth < $3)
         SELECT MAX(depth) AS depth FROM steps",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(i64::try_from(MAX_DEVICES).unwrap_or(i64::MAX))
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(row::count(&found, "depth")?).unwrap_or(usize::MAX))
}

/// The public keys of a device, out of its row.
pub(super) fn read_keys(found: &Row) -> Result<DeviceKeys, StorageError> {
    Ok(DeviceKeys {
        device_key: row::json(found, "device_key")?,
        sealing_key: row::json(found, "sealing_key")?,
        sealing_key_signature: Bytes(found.try_get("sealing_key_signature")?),
    })
}

/// Forgets requests that have ended; their devices wait for a code. Returns how many.
pub async fn sweep(connection: &mut Connection, now: UnixMillis) -> Result<u64, StorageError> {
    let done = sqlx::query("DELETE FROM approval_requests WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() > 0 {
        sqlx::query(
            "UPDATE devices SET state = 'awaiting_code' WHERE state = 'pending_approval'
             AND NOT EXISTS (SELECT 1 FROM approval_requests AS requests
                 WHERE requests.user_id = devices.user_id AND requests.device_id = devices.id)",
        )
        .execute(connection)
        .await?;
    }
    Ok(done.rows_affected())
}

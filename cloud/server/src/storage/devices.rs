//! The devices that people use.

use ferry_protocol::api::{ApprovalRequest, Device, DeviceKind, DeviceState, ListedDevice};
use ferry_protocol::{Bytes, DeviceId, PublicJwk, UnixMillis, UserId};
use sqlx::{Row as _, ValueRef as _};

use super::{Connection, Row, StorageError, approvals, codes, keys, row, tokens};

/// Devices of one person that may be trusted at once.
pub const MOST_TRUSTED: u32 = 20;

/// Devices of one person that may be enrolled at once without being trusted: more than
/// anybody sets up, and few enough to look through.
pub const MOST_UNTRUSTED: u32 = 50;

/// A device to be enrolled.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// What the person calls it, cleaned.
    pub name: String,
    /// The name as it is compared.
    pub name_key: String,
    /// What it is.
    pub kind: DeviceKind,
    /// The public device key.
    pub device_key: PublicJwk,
    /// The public sealing key.
    pub sealing_key: PublicJwk,
    /// By the device key, over device id and sealing key.
    pub sealing_key_signature: Bytes,
    /// The network that it is enrolled from, as text; empty if nobody knows.
    pub enrolled_from: String,
}

pub(super) fn kind_text(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Extension => "extension",
        DeviceKind::Web => "web",
    }
}

fn state_text(state: DeviceState) -> &'static str {
    match state {
        DeviceState::AwaitingCode => "awaiting_code",
        DeviceState::PendingApproval => "pending_approval",
        DeviceState::Trusted => "trusted",
        DeviceState::Disabled => "disabled",
    }
}

pub(super) fn read_kind(found: &Row, column: &'static str) -> Result<DeviceKind, StorageError> {
    match found.try_get(column)? {
        "extension" => Ok(DeviceKind::Extension),
        "web" => Ok(DeviceKind::Web),
        _ => Err(StorageError::Corrupt { column }),
    }
}

pub(super) fn read_state(found: &Row, column: &'static str) -> Result<DeviceState, StorageError> {
    match found.try_get(column)? {
        "awaiting_code" => Ok(DeviceState::AwaitingCode),
        "pending_approval" => Ok(DeviceState::PendingApproval),
        "trusted" => Ok(DeviceState::Trusted),
        "disabled" => Ok(DeviceState::Disabled),
        _ => Err(StorageError::Corrupt { column }),
    }
}

/// A person's device.
pub async fn get(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<Option<Device>, StorageError> {
    let found = sqlx::query("SELECT name, kind, state FROM devices WHERE user_id = $1 AND id = $2")
        .bind(user.to_string())
        .bind(device.to_string())
        .fetch_optional(connection)
        .await?;
    let read = |found: &Row| {
        Ok(Device {
            id: device,
            name: found.try_get("name")?,
            kind: read_kind(found, "kind")?,
            state: read_state(found, "state")?,
        })
    };
    found.as_ref().map(read).transpose()
}

/// The sealing key that a person's device registered.
pub async fn sealing_key(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
) -> Result<Option<PublicJwk>, StorageError> {
    let found = sqlx::query("SELECT sealing_key FROM devices WHERE user_id = $1 AND id = $2")
        .bind(user.to_string())
        .bind(device.to_string())
        .fetch_optional(connection)
        .await?;
    found
        .as_ref()
        .map(|found| row::json(found, "sealing_key"))
        .transpose()
}

/// Whether another device in use of this person's has this name.
pub async fn name_is_taken(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    name_key: &str,
) -> Result<bool, StorageError> {
    let found = sqlx::query(
        "SELECT 1 FROM devices WHERE user_id = $1 AND name_key = $2 AND id <> $3 AND state <> 'disabled'",
    )
    .bind(user.to_string())
    .bind(name_key.to_owned())
    .bind(device.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Enrols a device, which then awaits its code; or enrols it again with another
/// name or sealing key, as long as it is not trusted: a request for approval is
/// withdrawn by that, as it was for the keys before.
pub async fn enrol(
    connection: &mut Connection,
    user: UserId,
    new: &NewDevice,
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO devices
         (user_id, id, name, name_key, kind, state, device_key, sealing_key, sealing_key_signature, created_at,
          enrolled_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (user_id, id) DO UPDATE SET
             name = excluded.name, name_key = excluded.name_key, kind = excluded.kind,
             state = excluded.state,
             sealing_key = excluded.sealing_key, sealing_key_signature = excluded.sealing_key_signature,
             enrolled_from = excluded.enrolled_from
         WHERE devices.state IN ('awaiting_code', 'pending_approval')",
    )
    .bind(user.to_string())
    .bind(new.device_key.device_id().to_string())
    .bind(new.name.clone())
    .bind(new.name_key.clone())
    .bind(kind_text(new.kind))
    .bind(state_text(DeviceState::AwaitingCode))
    .bind(row::to_json(&new.device_key))
    .bind(row::to_json(&new.sealing_key))
    .bind(new.sealing_key_signature.0.clone())
    .bind(now.0)
    .bind(new.enrolled_from.clone())
    .execute(&mut *connection)
    .await?;
    approvals::withdraw(connection, user, new.device_key.device_id()).await
}

/// A device that was forgotten.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// Which.
    pub id: DeviceId,
    /// What it was called.
    pub name: String,
}

/// Forgets a device that is not trusted, if the person has as many of those as may be:
/// one more is about to be enrolled.
///
/// Whoever knows the person's password can enrol devices without end, and shall neither
/// keep the person from enrolling one nor push theirs out. So it is one from the network
/// that most of them came from; of those, one that nobody is setting up, with neither an
/// open code nor a pending request, if there is one; of those, the one that was enrolled,
/// or asked for approval, the longest ago.
pub async fn make_room(
    connection: &mut Connection,
    user: UserId,
    now: UnixMillis,
) -> Result<Option<Forgotten>, StorageError> {
    let found = sqlx::query(
        "WITH waiting AS (
             SELECT devices.id, devices.name, devices.enrolled_from,
                    COALESCE(requests.asked_at, devices.created_at) AS active_at,
                    CASE WHEN requests.asked_at IS NOT NULL OR EXISTS (
                        SELECT 1 FROM email_codes AS codes
                        WHERE codes.user_id = devices.user_id AND codes.device_id = devices.id
                            AND codes.closed_at IS NULL AND codes.expires_at > $2 AND codes.tries < $4
                    ) THEN 1 ELSE 0 END AS under_way
             FROM devices LEFT JOIN approval_requests AS requests
                 ON requests.user_id = devices.user_id AND requests.device_id = devices.id
                 AND requests.denied_at IS NULL AND requests.expires_at > $2
             WHERE devices.user_id = $1 AND devices.state IN ('awaiting_code', 'pending_approval'))
         SELECT id, name FROM waiting
         WHERE (SELECT COUNT(*) FROM waiting) >= $3
         ORDER BY (SELECT COUNT(*) FROM waiting AS others
                   WHERE others.enrolled_from = waiting.enrolled_from) DESC,
                  under_way, active_at, id
         LIMIT 1",
    )
    .bind(user.to_string())
    .bind(now.0)
    .bind(i64::from(MOST_UNTRUSTED))
    .bind(i64::from(codes::TRIES))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let forgotten = Forgotten {
        id: row::text(&found, "id")?,
        name: found.try_get("name")?,
    };
    // The codes stay, closed: the person's limit counts them.
    codes::close_of_device(connection, user, forgotten.id, now).await?;
    for statement in [
        "DELETE FROM approval_requests WHERE user_id = $1 AND device_id = $2",
        "DELETE FROM devices WHERE user_id = $1 AND id = $2",
    ] {
        sqlx::query(statement)
            .bind(user.to_string())
            .bind(forgotten.id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(Some(forgotten))
}

/// Gives a device another name.
pub async fn rename(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    name: &str,
    name_key: &str,
) -> Result<(), StorageError> {
    sqlx::query("UPDATE devices SET name = $3, name_key = $4 WHERE user_id = $1 AND id = $2")
        .bind(user.to_string())
        .bind(device.to_string())
        .bind(name.to_owned())
        .bind(name_key.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the person has as many trusted devices as may be.
pub async fn is_at_limit(connection: &mut Connection, user: UserId) -> Result<bool, StorageError> {
    Ok(count_trusted(connection, user).await? >= MOST_TRUSTED)
}

/// How many trusted devices the person has.
pub async fn count_trusted(connection: &mut Connection, user: UserId) -> Result<u32, StorageError> {
    let found =
        sqlx::query("SELECT COUNT(*) AS trusted FROM devices WHERE user_id = $1 AND state = 'trusted'")
            .bind(user.to_string())
            .fetch_one(connection)
            .await?;
    row::count(&found, "trusted")
}

/// What became of trusting a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// It is trusted.
    Yes,
    /// It does not wait to be: it is trusted already, was disabled, or is not there.
    NotWaiting,
    /// The person has as many trusted devices as may be.
    Limit,
}

/// Trusts a device that waits for it. Writes happen one after the other: of many at
/// once, no more are trusted than may be.
pub async fn trust(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<Trusted, StorageError> {
    if is_at_limit(connection, user).await? {
        return Ok(Trusted::Limit);
    }
    let done = sqlx::query(
        "UPDATE devices SET state = 'trusted', trusted_at = $3, enrolled_from = NULL
         WHERE user_id = $1 AND id = $2 AND state IN ('awaiting_code', 'pending_approval')",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(Trusted::NotWaiting);
    }
    approvals::withdraw(connection, user, device).await?;
    Ok(Trusted::Yes)
}

/// What a device that is not trusted yet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Its code.
    Code,
    /// Approval; its code does as well.
    Approval,
}

/// A device that is not trusted yet waits for something else from now on.
pub(super) async fn wait_for(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    wait: Wait,
) -> Result<(), StorageError> {
    let state = match wait {
        Wait::Code => "awaiting_code",
        Wait::Approval => "pending_approval",
    };
    sqlx::query(
        "UPDATE devices SET state = $3
         WHERE user_id = $1 AND id = $2 AND state IN ('awaiting_code', 'pending_approval')",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(state)
    .execute(connection)
    .await?;
    Ok(())
}

/// Disables a device, and ends all that it has: its tokens, its code, its request for
/// approval, and the keys of its transfers under way. `false`: it is disabled
/// already, or not there.
pub async fn disable(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "UPDATE devices SET state = 'disabled', disabled_at = $3, enrolled_from = NULL
         WHERE user_id = $1 AND id = $2 AND state <> 'disabled'",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    tokens::revoke_of_device(connection, user, device).await?;
    codes::close_of_device(connection, user, device, now).await?;
    approvals::withdraw(connection, user, device).await?;
    keys::destroy_of_device(connection, user, device).await?;
    Ok(true)
}

/// Whether somebody's device with this key was disabled, and nobody's is in use.
pub async fn key_is_disabled(connection: &mut Connection, key: DeviceId) -> Result<bool, StorageError> {
    let found = sqlx::query(
        "SELECT COUNT(*) AS disabled, COALESCE(SUM(CASE WHEN state <> 'disabled' THEN 1 ELSE 0 END), 0) AS in_use
         FROM devices WHERE id = $1",
    )
    .bind(key.to_string())
    .fetch_one(connection)
    .await?;
    Ok(row::count(&found, "disabled")? > 0 && row::count(&found, "in_use")? == 0)
}

/// Notes when devices were last used; not again within a minute.
pub async fn seen(
    connection: &mut Connection,
    seen: &[(UserId, DeviceId, UnixMillis)],
) -> Result<(), StorageError> {
    for (user, device, at) in seen {
        sqlx::query(
            "UPDATE devices SET last_seen_at = $3
             WHERE user_id = $1 AND id = $2 AND (last_seen_at IS NULL OR last_seen_at <= $4)",
        )
        .bind(user.to_string())
        .bind(device.to_string())
        .bind(at.0)
        .bind(at.plus(-60_000).0)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// All devices of a person: those in use first, the newest first.
pub async fn list(
    connection: &mut Connection,
    user: UserId,
    this: Option<DeviceId>,
    now: UnixMillis,
) -> Result<Vec<ListedDevice>, StorageError> {
    let rows = sqlx::query(
        "SELECT devices.id, devices.name, devices.kind, devices.state, devices.created_at,
                devices.trusted_at, devices.disabled_at, devices.last_seen_at,
                devices.device_key, devices.sealing_key, devices.sealing_key_signature,
                approvals.approver_id,
                requests.browser, requests.ip, requests.asked_at, requests.expires_at
         FROM devices
         LEFT JOIN device_approvals AS approvals
             ON approvals.user_id = devices.user_id AND approvals.device_id = devices.id
         LEFT JOIN approval_requests AS requests
             ON requests.user_id = devices.user_id AND requests.device_id = devices.id
             AND requests.denied_at IS NULL AND requests.expires_at > $2
         WHERE devices.user_id = $1
         ORDER BY CASE WHEN devices.state = 'disabled' THEN 1 ELSE 0 END, devices.created_at DESC, devices.id",
    )
    .bind(user.to_string())
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|found| read_listed(found, this)).collect()
}

fn read_listed(found: &Row, this: Option<DeviceId>) -> Result<ListedDevice, StorageError> {
    let id = row::text(found, "id")?;
    let time = |column| Ok::<_, StorageError>(found.try_get::<Option<i64>, _>(column)?.map(UnixMillis));
    let request = if found.try_get_raw("asked_at")?.is_null() {
        None
    } else {
        Some(ApprovalRequest {
            browser: found.try_get("browser")?,
            ip: found.try_get("ip")?,
            asked_at: row::time(found, "asked_at")?,
            expires_at: row::time(found, "expires_at")?,
        })
    };
    // A request that has ended is swept later; it is pending no longer.
    let state = match read_state(found, "state")? {
        DeviceState::PendingApproval if request.is_none() => DeviceState::AwaitingCode,
        state => state,
    };
    Ok(ListedDevice {
        id,
        name: found.try_get("name")?,
        kind: read_kind(found, "kind")?,
        state,
        this_device: this == Some(id),
        enrolled_at: row::time(found, "created_at")?,
        trusted_at: time("trusted_at")?,
        disabled_at: time("disabled_at")?,
        last_seen_at: time("last_seen_at")?,
        approved_by: row::optional_text(found, "approver_id")?,
        request,
        keys: approvals::read_keys(found)?,
    })
}

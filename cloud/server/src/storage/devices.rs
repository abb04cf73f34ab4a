//! The devices that people use.

use ferry_protocol::api::{Device, DeviceKind, DeviceState};
use ferry_protocol::{Bytes, DeviceId, PublicJwk, UnixMillis, UserId};
use sqlx::Row as _;

use super::{Connection, Row, StorageError, row};

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
/// name or sealing key, as long as it still awaits it.
pub async fn enrol(
    connection: &mut Connection,
    user: UserId,
    new: &NewDevice,
    now: UnixMillis,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO devices
         (user_id, id, name, name_key, kind, state, device_key, sealing_key, sealing_key_signature, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (user_id, id) DO UPDATE SET
             name = excluded.name, name_key = excluded.name_key, kind = excluded.kind,
             sealing_key = excluded.sealing_key, sealing_key_signature = excluded.sealing_key_signature
         WHERE devices.state = 'awaiting_code'",
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
    .execute(connection)
    .await?;
    Ok(())
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

/// Trusts a device that awaits its code. `false`: it does not.
pub async fn trust(
    connection: &mut Connection,
    user: UserId,
    device: DeviceId,
    now: UnixMillis,
) -> Result<bool, StorageError> {
    let done = sqlx::query(
        "UPDATE devices SET state = 'trusted', trusted_at = $3
         WHERE user_id = $1 AND id = $2 AND state = 'awaiting_code'",
    )
    .bind(user.to_string())
    .bind(device.to_string())
    .bind(now.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

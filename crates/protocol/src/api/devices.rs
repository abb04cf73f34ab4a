//! A person's devices: asking for approval, approving, disabling.

use serde::{Deserialize, Serialize};

use super::{DeviceKind, DeviceState};
use crate::trust::{DeviceKeys, Statement};
use crate::{Bytes, DeviceId, UnixMillis};

/// Asks the person's trusted devices for approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskApproval {
    /// Browser and operating system, as the device names them, such as
    /// `Firefox on Linux`: at most 100 characters.
    pub browser: String,
}

/// What became of asking for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalAnswer {
    /// What.
    pub state: ApprovalState,
    /// When a request that is pending ends, or when a device that was denied may ask
    /// again.
    pub until: Option<UnixMillis>,
}

/// What became of asking for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// The device does not ask, or asked too long ago.
    NotAsked,
    /// Nobody answered yet.
    Pending,
    /// The device is trusted.
    Approved,
    /// Somebody said no.
    Denied,
}

/// All devices of a person: those in use first, then by age, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Devices {
    /// All of them, disabled ones too.
    pub devices: Vec<ListedDevice>,
    /// So many may be trusted at once.
    pub most: u32,
}

/// A device in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedDevice {
    /// Identifier.
    pub id: DeviceId,
    /// What the person calls it.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Whether it is trusted.
    pub state: DeviceState,
    /// Whether it is the one that asks.
    pub this_device: bool,
    /// When it was enrolled.
    pub enrolled_at: UnixMillis,
    /// When it came to be trusted.
    pub trusted_at: Option<UnixMillis>,
    /// When it was disabled.
    pub disabled_at: Option<UnixMillis>,
    /// When it was last used, to a minute or so.
    pub last_seen_at: Option<UnixMillis>,
    /// The device that approved it; `None` for one that is trusted: an e-mailed code
    /// alone stands for it.
    pub approved_by: Option<DeviceId>,
    /// Its request for approval, if that is pending.
    pub request: Option<ApprovalRequest>,
    /// Its public keys: whoever approves computes the fingerprint from these.
    pub keys: DeviceKeys,
}

/// A request for approval that is pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalRequest {
    /// Browser and operating system, as the device says.
    pub browser: String,
    /// The address that it asked from; empty if the server does not know.
    pub ip: String,
    /// When.
    pub asked_at: UnixMillis,
    /// When the request ends.
    pub expires_at: UnixMillis,
}

/// Approves a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// What was signed.
    pub statement: Statement,
    /// By the device key of the device that approves.
    pub signature: Bytes,
}

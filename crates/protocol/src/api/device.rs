//! Signing in and setting up a device.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vault::VaultIdentity;
use crate::{Bytes, DeviceId, PublicJwk, UnixMillis, UserId, WorkspaceId};

/// Signs a person in. The proof's key is the device key from then on.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// The answer to [`SignIn`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// 32 random bytes as base64url; usable only with the key it was issued to.
    pub access_token: String,
    /// When the token ends.
    pub expires_at: UnixMillis,
    /// Who signed in, and with what.
    pub me: Me,
}

/// Who is signed in, and the state of the device in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The person.
    pub user: User,
    /// Their workspace.
    pub workspace: Workspace,
    /// Whether they administer the workspace.
    #[serde(default)]
    pub admin: bool,
    /// This device; `None` until it is enrolled.
    pub device: Option<Device>,
    /// The vault that sessions are sealed to; `None` until a worker has signed in.
    /// Only told to trusted devices.
    pub vault: Option<VaultIdentity>,
}

/// A person who uses Ferry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// What to call them.
    pub name: String,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Workspace {
    /// Identifier.
    pub id: WorkspaceId,
    /// Name.
    pub name: String,
}

/// Enrols the device whose key signs the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnrolDevice {
    /// What the person calls it, 1 to 100 characters.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// The public half of its sealing key.
    pub sealing_key: PublicJwk,
    /// By the device key, over device id and sealing key.
    pub sealing_key_signature: Bytes,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The extension in one browser profile.
    Extension,
    /// The web app in one browser profile.
    Web,
}

/// A device of a person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// Identifier.
    pub id: DeviceId,
    /// What the person calls it.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Whether it is trusted.
    pub state: DeviceState,
}

/// Whether a device is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Waits for the e-mailed code, or to ask for approval.
    AwaitingCode,
    /// Waits for approval from a trusted device; the e-mailed code does as well.
    PendingApproval,
    /// Trusted.
    Trusted,
    /// Was disabled; it can only be set up anew, with a new key.
    Disabled,
}

/// A code is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeSent {
    /// Where to, partly hidden, such as `a•••@example.com`.
    pub to: String,
    /// When the code ends.
    pub expires_at: UnixMillis,
}

/// The e-mailed code: 8 characters of Crockford's base32, in any case, with or
/// without a dash between.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyCode {
    /// The code as typed.
    pub code: String,
}

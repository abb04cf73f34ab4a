//! The server's errors: problem documents (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};

/// An error as the server sends it (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:ferry:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// HTTP status.
    pub status: u16,
    /// Which problem, for programs.
    pub code: ProblemCode,
    /// Which problem, for people.
    pub title: String,
    /// What to do about it.
    pub detail: String,
    /// The request it belongs to, as in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The problems there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// Not of the form that the route takes.
    InvalidRequest,
    /// Larger than the route takes.
    TooLarge,
    /// No such route, or a thing that is not there, or is not yours.
    NotFound,
    /// The route does not know this method.
    MethodNotAllowed,
    /// The proof lacks the server's nonce, or has an old one: retry with the one
    /// in the `DPoP-Nonce` header (RFC 9449 §8).
    UseDpopNonce,
    /// The proof is missing, malformed, reused, or for another request.
    InvalidDpopProof,
    /// The access token is missing, unknown, expired, or another key's.
    InvalidToken,
    /// E-mail or password is wrong.
    WrongCredentials,
    /// The device is not set up.
    DeviceNotTrusted,
    /// The device was disabled.
    DeviceDisabled,
    /// Another device of the same user has this name.
    DeviceNameTaken,
    /// The person has as many trusted devices as may be: one must be disabled first.
    DeviceLimit,
    /// The device does not wait for approval, or no longer.
    NotPending,
    /// The approval does not fit the device, or is not signed by the one that asks.
    ApprovalRejected,
    /// No other device of the person's is trusted: verify this one by a code.
    NoTrustedDevice,
    /// Somebody has this e-mail address already.
    EmailTaken,
    /// Nobody would administer the workspace any more.
    LastAdmin,
    /// Accounts are in this app.
    AppInUse,
    /// The code is wrong; tries are left.
    CodeWrong,
    /// The code has expired, was used up, or there is none.
    CodeExpired,
    /// Too many codes were asked for.
    CodeLimit,
    /// The role does not allow it.
    Forbidden,
    /// There is no consent for this transfer.
    ConsentRequired,
    /// The worker has not supplied sealing keys.
    NoSealingKey,
    /// The workspace has no worker yet.
    NoVault,
    /// The seal does not fit the request: its header, key or signature.
    SealRejected,
    /// The same transfer was stored before with other bytes, or its key was used.
    TransferConflict,
    /// The vault identity is not the workspace's, nor signed by it.
    VaultIdentityRejected,
    /// The lease has run out, or is another worker's.
    LeaseLost,
    /// Too many requests.
    TooManyRequests,
    /// The server failed.
    Internal,
    /// The server cannot answer now; retry.
    Unavailable,
}

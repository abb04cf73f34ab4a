//! Who vouches for a device: an approval is signed by a device that was trusted
//! before, and approvals lead, one to the next, to a *root*: a device that was
//! verified by an e-mailed code alone.
//!
//! A server can leave approvals out, but cannot make one. Which roots are to be
//! believed is for the worker to say: it pins the first that it sees of each person.

use serde::{Deserialize, Serialize};

use crate::device::{Fingerprint, verify_sealing_key};
use crate::signature::{self, SignatureError};
use crate::{Bytes, DeviceId, PublicJwk, UnixMillis, UserId, WorkspaceId};

/// So many devices are in a chain at most, the root among them: each costs two
/// signature checks.
pub const MAX_DEVICES: usize = 20;

/// What the device that approves signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The workspace that both devices are used in.
    pub workspace: WorkspaceId,
    /// The person whose devices both are.
    pub user: UserId,
    /// The device that is approved.
    pub device: DeviceId,
    /// RFC 7638 thumbprint of its sealing key: 32 bytes.
    pub sealing_key: Bytes,
    /// The device that approves.
    pub approver: DeviceId,
    /// When, by its clock.
    pub at: UnixMillis,
}

impl Statement {
    /// That `approver` approves the device with these keys.
    pub fn new(
        (workspace, user): (WorkspaceId, UserId),
        device: DeviceId,
        sealing_key: &PublicJwk,
        approver: DeviceId,
        at: UnixMillis,
    ) -> Self {
        Self {
            workspace,
            user,
            device,
            sealing_key: sealing_key.thumbprint().into(),
            approver,
            at,
        }
    }

    /// The bytes to sign.
    pub fn message(&self) -> Vec<u8> {
        let fields: [&[u8]; 6] = [
            self.workspace.as_bytes(),
            self.user.as_bytes(),
            &self.device.0,
            self.sealing_key.as_ref(),
            &self.approver.0,
            &self.at.0.to_be_bytes(),
        ];
        signature::message("ferry/device-approval/v1", &fields)
    }

    /// Whether this is the approver's own word.
    pub fn verify(&self, approver_key: &PublicJwk, signature: &[u8]) -> Result<(), StatementError> {
        if approver_key.device_id() != self.approver {
            return Err(StatementError::Approver);
        }
        Ok(signature::verify(approver_key, &self.message(), signature)?)
    }
}

/// Why a statement approves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It names another device as the one that approves.
    #[error("the approval is another device's")]
    Approver,
    /// The signature.
    #[error("the approval is not signed by the device that it names")]
    Signature(#[from] SignatureError),
}

/// The public keys of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceKeys {
    /// The device key; its thumbprint is the device's identifier.
    pub device_key: PublicJwk,
    /// The sealing key.
    pub sealing_key: PublicJwk,
    /// By the device key, over device id and sealing key.
    pub sealing_key_signature: Bytes,
}

impl DeviceKeys {
    /// The device.
    pub fn id(&self) -> DeviceId {
        self.device_key.device_id()
    }

    /// What people compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(&self.id(), &self.sealing_key)
    }

    fn verify(&self) -> Result<(), SignatureError> {
        verify_sealing_key(
            &self.device_key,
            &self.sealing_key,
            self.sealing_key_signature.as_ref(),
        )
    }
}

/// One step up: the device below was approved by this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// What was signed.
    pub statement: Statement,
    /// By the device key of `by`.
    pub signature: Bytes,
    /// The device that approved.
    pub by: DeviceKeys,
}

/// A device, and who vouches for it, up to a root: the last that approved, or the
/// device itself if none did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TrustChain {
    /// The device.
    pub device: DeviceKeys,
    /// Each approves the one before it; the first approves the device.
    pub approvals: Vec<Approval>,
}

/// Why a chain vouches for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// More than [`MAX_DEVICES`].
    #[error("more than {MAX_DEVICES} devices vouch for one another")]
    TooLong,
    /// A device twice.
    #[error("a device vouches for itself by way of others")]
    Circle,
    /// A sealing key that is not the device's.
    #[error("a device's sealing key is not signed by its device key")]
    SealingKey,
    /// An approval of another device, or of other keys than these.
    #[error("an approval is for another device, or for another sealing key")]
    OtherDevice,
    /// An approval of another person's.
    #[error("an approval is another person's, or from another workspace")]
    OtherPerson,
    /// An approval that nobody gave.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// A chain whose every step was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedChain(Vec<(DeviceId, Fingerprint)>);

impl VerifiedChain {
    /// The device that nobody approved.
    pub fn root(&self) -> (DeviceId, Fingerprint) {
        #[expect(clippy::expect_used, reason = "it begins with the device itself")]
        *self.0.last().expect("a device")
    }

    /// Whether one of the devices, from the first to the root, is such: it vouches,
    /// by its own signature, for all below it.
    pub fn any(&self, is_such: impl Fn(&DeviceId, &Fingerprint) -> bool) -> bool {
        self.0.iter().any(|(id, fingerprint)| is_such(id, fingerprint))
    }
}

impl TrustChain {
    /// Verifies each step, for this person in this workspace. Whether the root is to
    /// be believed is not known by that.
    pub fn verify(&self, workspace: &WorkspaceId, user: &UserId) -> Result<VerifiedChain, ChainError> {
        if self.approvals.len() >= MAX_DEVICES {
            return Err(ChainError::TooLong);
        }
        let mut below = &self.device;
        below.verify().map_err(|_| ChainError::SealingKey)?;
        let mut devices = vec![(below.id(), below.fingerprint())];
        for Approval {
            statement,
            signature,
            by,
        } in &self.approvals
        {
            by.verify().map_err(|_| ChainError::SealingKey)?;
            // The signature first: what the statement says is only true if it holds.
            statement.verify(&by.device_key, signature.as_ref())?;
            if statement.workspace != *workspace || statement.user != *user {
                return Err(ChainError::OtherPerson);
            }
            let is_of = statement.device == below.id()
                && statement.sealing_key.as_ref() == below.sealing_key.thumbprint();
            if !is_of {
                return Err(ChainError::OtherDevice);
            }
            if devices.iter().any(|(id, _)| *id == by.id()) {
                return Err(ChainError::Circle);
            }
            devices.push((by.id(), by.fingerprint()));
            below = by;
        }
        Ok(VerifiedChain(devices))
    }
}

//! The vault identity and its one-time sealing keys.
//!
//! The vault identity is an ES256 key of the worker's. The extension pins its
//! thumbprint when the device is set up, shows it to the person, and from then on
//! seals only to one-time keys that this identity signed. Keeping the pin, and
//! moving it after [`VaultIdentity::accept`], is the extension's business.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::signature::{self, SignatureError};
use crate::{Bytes, PublicJwk, SealingKeyId, UnixMillis, WorkspaceId};

/// So many successions are followed, and no more: each costs a signature check.
pub const MAX_SUCCESSIONS: usize = 64;

/// A one-time sealing key, as the vault identity signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedSealingKey {
    /// Identifier of the key.
    pub id: SealingKeyId,
    /// The workspace it is for.
    pub workspace: WorkspaceId,
    /// Nothing is sealed to it after this.
    pub expires_at: UnixMillis,
    /// The public half.
    pub public: PublicJwk,
    /// By the vault identity, over all of the above.
    pub signature: Bytes,
}

/// Why nothing may be sealed to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeyError {
    /// The vault identity did not sign this.
    #[error("the sealing key is not signed by the vault: do not transfer, and tell the workspace's admin")]
    Signature(#[from] SignatureError),
    /// For another workspace.
    #[error("the sealing key is another workspace's: do not transfer, and tell the workspace's admin")]
    OtherWorkspace,
    /// Its time is over.
    #[error("the sealing key has expired: transfer again to get a new one")]
    Expired,
}

impl SignedSealingKey {
    /// What the vault identity signs.
    pub fn message(
        id: &SealingKeyId,
        workspace: &WorkspaceId,
        expires_at: UnixMillis,
        public: &PublicJwk,
    ) -> Vec<u8> {
        let expires_at = expires_at.0.to_be_bytes();
        let fields: [&[u8]; 4] = [id.as_bytes(), workspace.as_bytes(), &expires_at, public.sec1()];
        signature::message("ferry/vault-sealing-key/v1", &fields)
    }

    /// Whether something may be sealed to this key now, in this workspace, whose
    /// vault identity was accepted before.
    pub fn verify(
        &self,
        identity: &PublicJwk,
        workspace: &WorkspaceId,
        now: UnixMillis,
    ) -> Result<(), SealingKeyError> {
        // The signature first: what the others say is only true if it holds.
        signature::verify(identity, &self.signed_message(), self.signature.as_ref())?;
        self.admit(workspace, now)
    }

    /// What the vault identity signed, if the signature holds.
    pub fn signed_message(&self) -> Vec<u8> {
        Self::message(&self.id, &self.workspace, self.expires_at, &self.public)
    }

    /// Whether a key whose signature was checked elsewhere is for this workspace and
    /// for now.
    pub fn admit(&self, workspace: &WorkspaceId, now: UnixMillis) -> Result<(), SealingKeyError> {
        if self.workspace != *workspace {
            return Err(SealingKeyError::OtherWorkspace);
        }
        if now > self.expires_at {
            return Err(SealingKeyError::Expired);
        }
        Ok(())
    }
}

/// The vault identity that a workspace's worker uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VaultIdentity {
    /// The identity in use now.
    pub current: PublicJwk,
    /// How it came to be in use: each identity signed by the one before it,
    /// oldest first. Empty if there was never another.
    #[serde(default)]
    pub successions: Vec<Succession>,
}

/// Why a vault identity is not the one that was pinned, nor its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The pinned identity never handed over to anybody.
    #[error(
        "the vault is not the one this device was set up with: do not transfer, and ask the workspace's admin"
    )]
    Unknown,
    /// The successions do not lead from the pinned identity to the current one.
    #[error("the vault's identity changed without an unbroken record: ask the workspace's admin")]
    Broken,
    /// A succession is not signed by the one who hands over, for this workspace.
    #[error("the vault's identity changed without the old one's signature: ask the workspace's admin")]
    Signature(#[from] SignatureError),
    /// More than [`MAX_SUCCESSIONS`].
    #[error(
        "the vault's identity changed too often since this browser first saw it: ask the workspace's admin"
    )]
    TooMany,
}

impl VaultIdentity {
    /// The current identity's fingerprint: its RFC 7638 thumbprint.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.current.thumbprint()
    }

    /// Whether the current identity is the pinned one, or was handed over to by
    /// it, step by step. What came before the pinned one does not matter.
    pub fn accept(&self, pinned: &[u8; 32], workspace: &WorkspaceId) -> Result<(), VaultError> {
        for step in self.path(pinned)? {
            step.verify(workspace)?;
        }
        Ok(())
    }

    /// The steps that lead from the pinned identity to the current one, without a
    /// gap; none if it is the same. Each [`Succession::verify`] has still to hold.
    pub fn path(&self, pinned: &[u8; 32]) -> Result<&[Succession], VaultError> {
        if self.fingerprint() == *pinned {
            return Ok(&[]);
        }
        if self.successions.len() > MAX_SUCCESSIONS {
            return Err(VaultError::TooMany);
        }
        let first = self
            .successions
            .iter()
            .position(|step| step.from.thumbprint() == *pinned)
            .ok_or(VaultError::Unknown)?;
        let steps = &self.successions[first..];
        let is_unbroken = steps.windows(2).all(|pair| pair[0].to == pair[1].from);
        match steps.last() {
            Some(last) if is_unbroken && last.to == self.current => Ok(steps),
            _ => Err(VaultError::Broken),
        }
    }
}

/// One identity handing over to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Succession {
    /// Who hands over.
    pub from: PublicJwk,
    /// To whom.
    pub to: PublicJwk,
    /// By `from`, over workspace and `to`.
    pub signature: Bytes,
}

impl Succession {
    /// What the identity that hands over signs.
    pub fn message(workspace: &WorkspaceId, to: &PublicJwk) -> Vec<u8> {
        signature::message("ferry/vault-succession/v1", &[workspace.as_bytes(), to.sec1()])
    }

    /// Whether `from` handed over to `to` in this workspace.
    pub fn verify(&self, workspace: &WorkspaceId) -> Result<(), SignatureError> {
        let message = Self::message(workspace, &self.to);
        signature::verify(&self.from, &message, self.signature.as_ref())
    }
}

/// A fingerprint for people to compare: 16 of its bytes (128 bits, so nobody
/// finds a second key for it) as upper-case hex in groups of four, such as
/// `0A1B 2C3D …`.
pub fn fingerprint_text(fingerprint: &[u8; 32]) -> String {
    let mut text = String::with_capacity(39);
    for (i, byte) in fingerprint[..16].iter().enumerate() {
        if i > 0 && i % 2 == 0 {
            text.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

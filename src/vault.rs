//! The pinned vault identity, and which sealing keys it lets through.

use ferry_bridge::Remedy;
use ferry_protocol::api::TransferOffer;
use ferry_protocol::vault::{SealingKeyError, VaultError, VaultIdentity};
use ferry_protocol::{Bytes, UnixMillis, WorkspaceId};

use crate::explain::Explain;
use crate::records::Pin;

/// Why nothing is sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultRefusal {
    /// The vault is not the pinned one, nor its successor.
    #[error("Nothing left your browser: {0}.")]
    Identity(#[from] VaultError),
    /// The sealing key is not the vault's, or not for now.
    #[error("Nothing left your browser: {0}.")]
    SealingKey(#[from] SealingKeyError),
}

impl Explain for VaultRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Identity(_) => "vault-changed",
            Self::SealingKey(SealingKeyError::Expired) => "sealing-key-expired",
            Self::SealingKey(_) => "sealing-key-forged",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        matches!(self, Self::SealingKey(SealingKeyError::Expired)).then_some(Remedy::Retry)
    }
}

/// The pin after this device, while trusted, saw a vault identity: the first one
/// seen is pinned, a later one has to be the same, or handed over to by it. The
/// workspace is pinned with it: the server could otherwise shed a pin by calling
/// the workspace something else.
pub fn see(pin: Option<&Pin>, workspace: WorkspaceId, vault: &VaultIdentity) -> Result<Pin, VaultError> {
    if let Some(pin) = pin {
        if pin.workspace != workspace {
            return Err(VaultError::Unknown);
        }
        // A record that was tampered with pins nobody.
        let pinned = pin.fingerprint.to_array().map_err(|_| VaultError::Unknown)?;
        vault.accept(&pinned, &workspace)?;
    }
    Ok(Pin {
        workspace,
        fingerprint: Bytes::from(vault.fingerprint()),
    })
}

/// Whether something may be sealed to the offered key; the pin from then on.
pub fn check(
    pin: Option<&Pin>,
    workspace: WorkspaceId,
    offer: &TransferOffer,
    now: UnixMillis,
) -> Result<Pin, VaultRefusal> {
    let pin = see(pin, workspace, &offer.vault)?;
    offer.sealing_key.verify(&offer.vault.current, &workspace, now)?;
    Ok(pin)
}

//! The pinned vault identity, and which sealing keys it lets through.
//!
//! Signatures are checked by WebCrypto, which is several times faster than code of
//! our own, and weighs nothing.

use ferry_bridge::Remedy;
use ferry_client::{KeyError, Keyring};
use ferry_protocol::api::TransferOffer;
use ferry_protocol::signature::SignatureError;
use ferry_protocol::vault::{SealingKeyError, Succession, VaultError, VaultIdentity};
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
    /// The sealing key was sealed to before, in another transfer.
    #[error(
        "Nothing left your browser: the server handed out a one-time key that was used before. Share again; if this \
         goes on, do not transfer, and tell the workspace's admin."
    )]
    Reused,
    /// No vault was pinned before. It is now, and the person is to see it first.
    #[error(
        "Nothing left your browser: it meets the vault for the first time. Compare the fingerprint of the vault with \
         what \"ferry-worker identity\" says on the worker's machine, then share again."
    )]
    FirstSeen,
    /// The browser cannot check signatures.
    #[error("Nothing left your browser: {0}.")]
    Keys(#[from] KeyError),
}

impl Explain for VaultRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Identity(_) => "vault-changed",
            Self::SealingKey(SealingKeyError::Expired) => "sealing-key-expired",
            Self::SealingKey(_) => "sealing-key-forged",
            Self::Reused => "sealing-key-reused",
            Self::FirstSeen => "vault-first-seen",
            Self::Keys(_) => "device-keys",
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::SealingKey(SealingKeyError::Expired) | Self::Reused => Some(Remedy::Retry),
            Self::FirstSeen => Some(Remedy::Decide),
            Self::Identity(_) | Self::SealingKey(_) | Self::Keys(_) => None,
        }
    }
}

/// The pin after this device, while trusted, saw a vault identity: the first one
/// seen is pinned, a later one has to be the same, or handed over to by it. The
/// workspace is pinned with it: the server could otherwise shed a pin by calling
/// the workspace something else.
pub async fn see(
    keyring: &impl Keyring,
    pin: Option<&Pin>,
    workspace: WorkspaceId,
    vault: &VaultIdentity,
) -> Result<Pin, VaultRefusal> {
    if let Some(pin) = pin {
        if pin.workspace != workspace {
            return Err(VaultError::Unknown.into());
        }
        // A record that was tampered with pins nobody.
        let pinned = pin.fingerprint.to_array().map_err(|_| VaultError::Unknown)?;
        for step in vault.path(&pinned)? {
            let message = Succession::message(&workspace, &step.to);
            if !keyring
                .verify(&step.from, &message, step.signature.as_ref())
                .await?
            {
                return Err(VaultError::Signature(SignatureError::Wrong).into());
            }
        }
    }
    Ok(Pin {
        workspace,
        fingerprint: Bytes::from(vault.fingerprint()),
    })
}

/// Whether something may be sealed to the offered key; the pin from then on.
pub async fn check(
    keyring: &impl Keyring,
    pin: Option<&Pin>,
    workspace: WorkspaceId,
    offer: &TransferOffer,
    now: UnixMillis,
) -> Result<Pin, VaultRefusal> {
    let pin = see(keyring, pin, workspace, &offer.vault).await?;
    let key = &offer.sealing_key;
    // The signature first: what the key says of itself is only true if it holds.
    if !keyring
        .verify(
            &offer.vault.current,
            &key.signed_message(),
            key.signature.as_ref(),
        )
        .await?
    {
        return Err(SealingKeyError::Signature(SignatureError::Wrong).into());
    }
    key.admit(&workspace, now)?;
    Ok(pin)
}

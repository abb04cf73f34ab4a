//! What the rest of Ferry needs of device keys, as traits: in browsers they are
//! WebCrypto keys ([`crate::keys`]), in native tests keys in memory.

use ferry_protocol::{Bytes, DeviceId, PublicJwk};

use crate::keys::{DeviceKeys, SealDh};
use crate::webcrypto;

/// This device's two keys.
///
/// Contract: the private halves never leave the implementation.
#[expect(
    async_fn_in_trait,
    reason = "browsers have one thread: the futures need not be Send"
)]
pub trait Device: 'static {
    /// The device's identifier: the thumbprint of its device key.
    fn id(&self) -> DeviceId;

    /// The public half of the device key (ES256).
    fn key(&self) -> &PublicJwk;

    /// The public half of the sealing key (ECDH).
    fn sealing_key(&self) -> &PublicJwk;

    /// Signs with the device key: ES256, `r ∥ s`, 64 bytes.
    async fn sign(&self, message: &[u8]) -> Result<Bytes, KeyError>;

    /// The Diffie-Hellman results for one seal to `recipient`, with a key that is
    /// made for it and used for nothing else.
    async fn seal_dh(&self, recipient: &PublicJwk) -> Result<SealDh, KeyError>;
}

/// Where a device's keys are kept.
#[expect(
    async_fn_in_trait,
    reason = "browsers have one thread: the futures need not be Send"
)]
pub trait Keyring: 'static {
    /// The keys.
    type Device: Device;

    /// The keys that are kept, if there are any.
    async fn load(&self) -> Result<Option<Self::Device>, KeyError>;

    /// The keys that are kept; new ones if there are none.
    async fn load_or_create(&self) -> Result<Self::Device, KeyError>;

    /// Destroys them.
    async fn forget(&self) -> Result<(), KeyError>;

    /// Whether an ES256 signature, `r ∥ s`, of anybody's key holds.
    async fn verify(&self, key: &PublicJwk, message: &[u8], signature: &[u8]) -> Result<bool, KeyError>;
}

/// Device keys cannot be used; the text says why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

impl KeyError {
    /// From the error of an implementation.
    pub fn new(error: impl std::error::Error) -> Self {
        Self(error.to_string())
    }
}

/// The keys in this browser's IndexedDB.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserKeyring;

impl Keyring for BrowserKeyring {
    type Device = DeviceKeys;

    async fn load(&self) -> Result<Option<DeviceKeys>, KeyError> {
        DeviceKeys::load().await.map_err(KeyError::new)
    }

    async fn load_or_create(&self) -> Result<DeviceKeys, KeyError> {
        DeviceKeys::load_or_create().await.map_err(KeyError::new)
    }

    async fn forget(&self) -> Result<(), KeyError> {
        DeviceKeys::forget().await.map_err(KeyError::new)
    }

    async fn verify(&self, key: &PublicJwk, message: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        webcrypto::verify(key, message, signature)
            .await
            .map_err(KeyError::new)
    }
}

impl Device for DeviceKeys {
    fn id(&self) -> DeviceId {
        self.device_id()
    }

    fn key(&self) -> &PublicJwk {
        self.device_key()
    }

    fn sealing_key(&self) -> &PublicJwk {
        Self::sealing_key(self)
    }

    async fn sign(&self, message: &[u8]) -> Result<Bytes, KeyError> {
        let signature = Self::sign(self, message).await.map_err(KeyError::new)?;
        Ok(signature.into())
    }

    async fn seal_dh(&self, recipient: &PublicJwk) -> Result<SealDh, KeyError> {
        Self::seal_dh(self, recipient).await.map_err(KeyError::new)
    }
}

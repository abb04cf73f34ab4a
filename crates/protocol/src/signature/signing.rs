//! Signing with keys held in memory: the worker's own keys, and tests. Devices
//! sign with WebCrypto instead.

use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer;
use zeroize::Zeroizing;

use crate::{Bytes, PublicJwk};

/// An ES256 key pair. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey(p256::ecdsa::SigningKey);

/// The bytes are not a private P-256 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a private P-256 key; it must be 32 bytes, from 1 to the order of the curve")]
pub struct SigningKeyError;

impl SigningKey {
    /// A new key out of 32 random bytes. Of 2³² draws, one lies outside the range
    /// of private keys: draw again then.
    pub fn generate(random: [u8; 32]) -> Result<Self, SigningKeyError> {
        Self::from_bytes(Zeroizing::new(random).as_slice())
    }

    /// From the 32 bytes of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SigningKeyError> {
        // p256 itself would take shorter ones.
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| SigningKeyError)?;
        p256::ecdsa::SigningKey::from_slice(bytes)
            .map(Self)
            .map_err(|_| SigningKeyError)
    }

    /// The private key: a number of 32 bytes, big endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public half.
    pub fn public(&self) -> PublicJwk {
        PublicJwk::from(&p256::PublicKey::from(self.0.verifying_key()))
    }

    /// Signs (ES256, deterministically as in RFC 6979): 64 bytes, r and s.
    pub fn sign(&self, message: &[u8]) -> Bytes {
        let signature: Signature = self.0.sign(message);
        Bytes(signature.to_bytes().to_vec())
    }
}

//! ES256: ECDSA over P-256 with SHA-256, signatures as in JSON Web Signatures
//! (RFC 7518 §3.4).
//!
//! What is signed always starts with a domain tag, so that a signature made for
//! one purpose is worth nothing for another. The signing input of a DPoP proof is
//! base64url and starts with `ey`, so it is none of those.

use p256::ecdsa::Signature;

use crate::PublicJwk;

#[cfg(feature = "sign")]
mod signing;
#[cfg(feature = "sign")]
pub use signing::{SigningKey, SigningKeyError};

/// Length of a signature: r and s, 32 bytes each, big endian.
pub const SIGNATURE_LEN: usize = 64;

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not two numbers of 32 bytes from 1 to the order of the curve.
    #[error("the signature is malformed; it must be 64 bytes, r and s")]
    Malformed,
    /// Of another key, or over another message.
    #[error("the signature is not this key's signature of this message")]
    Wrong,
}

/// Verifies an ES256 signature (RFC 7518 §3.4).
///
/// As JOSE asks for no more, s may be in the upper half of its range: whoever has
/// a signature can make a second valid one of it. Nothing may identify a message
/// by its signature.
pub fn verify(key: &PublicJwk, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Malformed)?;
    if holds(key, message, &signature) {
        Ok(())
    } else {
        Err(SignatureError::Wrong)
    }
}

#[cfg(not(feature = "ring"))]
fn holds(key: &PublicJwk, message: &[u8], signature: &Signature) -> bool {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    VerifyingKey::from(key.public_key())
        .verify(message, signature)
        .is_ok()
}

#[cfg(feature = "ring")]
fn holds(key: &PublicJwk, message: &[u8], signature: &Signature) -> bool {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.sec1())
        .verify(message, &signature.to_bytes())
        .is_ok()
}

/// A message to sign: the tag that says what it is for, then each field behind
/// its length (32 bits, big endian), so that no two lists of fields give the same
/// message. No tag is the beginning of another.
pub(crate) fn message(tag: &'static str, fields: &[&[u8]]) -> Vec<u8> {
    let len = tag.len() + fields.iter().map(|field| 4 + field.len()).sum::<usize>();
    let mut message = Vec::with_capacity(len);
    message.extend_from_slice(tag.as_bytes());
    for field in fields {
        // Lengths beyond 32 bits do not occur: a request has at most MAX_SEALED_BYTES.
        let len = u32::try_from(field.len()).unwrap_or(u32::MAX);
        message.extend_from_slice(&len.to_be_bytes());
        message.extend_from_slice(field);
    }
    message
}

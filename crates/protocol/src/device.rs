//! A device's two keys: the device key (ES256), whose thumbprint is the device's
//! identifier, and the sealing key (ECDH) that it vouches for. And the fingerprint
//! of both, for people to compare.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::signature::{self, SignatureError};
use crate::{DeviceId, PublicJwk, base32};

/// What a device key signs to register the device's sealing key.
pub fn sealing_key_message(device: &DeviceId, sealing_key: &PublicJwk) -> Vec<u8> {
    signature::message("ferry/device-sealing-key/v1", &[&device.0, sealing_key.sec1()])
}

/// Whether the device of this device key registered this sealing key.
pub fn verify_sealing_key(
    device_key: &PublicJwk,
    sealing_key: &PublicJwk,
    signature: &[u8],
) -> Result<(), SignatureError> {
    let message = sealing_key_message(&device_key.device_id(), sealing_key);
    signature::verify(device_key, &message, signature)
}

/// Characters of a fingerprint, five bits each.
const LEN: usize = 20;

/// A device's fingerprint, which people compare on two screens: 100 bits of a hash
/// of both of its keys, as five groups of four characters of Crockford's base32,
/// such as `7K3M-…`. Each side computes it from the keys themselves: a server that
/// swaps one shows another fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; LEN]);

/// The text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a device's fingerprint has 20 letters and digits, in five groups of four")]
pub struct FingerprintError;

impl Fingerprint {
    /// Of the device with these keys.
    pub fn new(device: &DeviceId, sealing_key: &PublicJwk) -> Self {
        let message = signature::message(
            "ferry/device-fingerprint/v1",
            &[&device.0, &sealing_key.thumbprint()],
        );
        let hash: [u8; 32] = Sha256::digest(message).into();
        let mut text = [0; LEN];
        for (i, digit) in text.iter_mut().enumerate() {
            // Five bits, the highest first; they lie in at most two bytes.
            let (byte, bit) = (i * 5 / 8, i * 5 % 8);
            let pair = u16::from_be_bytes([hash[byte], hash[byte + 1]]);
            *digit = base32::digit(pair >> (11 - bit));
        }
        Self(text)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        base32::write_groups(&self.0, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// As people type it ([`base32::parse`]).
    fn from_str(typed: &str) -> Result<Self, FingerprintError> {
        base32::parse(typed).map(Self).ok_or(FingerprintError)
    }
}

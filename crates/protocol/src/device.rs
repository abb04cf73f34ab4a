//! A device's two keys: the device key (ES256), whose thumbprint is the device's
//! identifier, and the sealing key (ECDH) that it vouches for. And the fingerprint
//! of both, for people to compare.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::signature::{self, SignatureError};
use crate::{DeviceId, PublicJwk};

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

/// Crockford's base32: no I, L, O and U, which are taken for others.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a fingerprint, five bits each.
const LEN: usize = 20;

/// Characters between two dashes.
const GROUP: usize = 4;

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
            *digit = ALPHABET[usize::from(pair >> (11 - bit) & 31)];
        }
        Self(text)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, digit) in self.0.iter().enumerate() {
            if i > 0 && i % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// As people type it: in any case, with dashes and spaces anywhere, `i` and `l`
    /// for `1`, `o` for `0`.
    fn from_str(typed: &str) -> Result<Self, FingerprintError> {
        let mut text = [0; LEN];
        let mut len = 0;
        for c in typed.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
            let digit = match c.to_ascii_uppercase() {
                'I' | 'L' => b'1',
                'O' => b'0',
                other => u8::try_from(other)
                    .ok()
                    .filter(|byte| ALPHABET.contains(byte))
                    .ok_or(FingerprintError)?,
            };
            *text.get_mut(len).ok_or(FingerprintError)? = digit;
            len += 1;
        }
        if len == LEN {
            Ok(Self(text))
        } else {
            Err(FingerprintError)
        }
    }
}

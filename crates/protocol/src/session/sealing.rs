//! Sealing: what the extension does.

use super::{Header, INFO, Payload, PayloadError, SealedSession};
use crate::hpke::{HpkeError, SenderContext, SenderInput};
use crate::{Bytes, MAX_SEALED_BYTES};

/// Why a session cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Header and payload name different apps or consents, or the header is of
    /// another version.
    #[error("the session does not belong to this header: start the transfer anew")]
    Inconsistent,
    /// The payload cannot be written.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Sealed, it would be more than the server takes.
    #[error(
        "the session is larger than 4 MiB: delete cookies of the app that are not needed, then transfer again"
    )]
    TooLarge,
    /// The encryption failed.
    #[error(transparent)]
    Hpke(#[from] HpkeError),
}

/// A sealed session that still lacks the device key's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// The [`Header`] as JSON.
    pub header: Bytes,
    /// The HPKE encapsulated key, 65 bytes.
    pub enc: Bytes,
    /// The padded [`Payload`], encrypted.
    pub ciphertext: Bytes,
}

impl Unsigned {
    /// What the device key is to sign.
    pub fn message(&self) -> Vec<u8> {
        SealedSession::message(self.header.as_ref(), self.enc.as_ref(), self.ciphertext.as_ref())
    }

    /// With the device key's signature of [`Self::message`].
    pub fn signed(self, signature: impl Into<Bytes>) -> SealedSession {
        SealedSession {
            header: self.header,
            enc: self.enc,
            ciphertext: self.ciphertext,
            signature: signature.into(),
        }
    }
}

/// Seals a session to a one-time key of the vault: HPKE in mode_auth (RFC 9180
/// §5.1.3 and §6.1), the header as additional data. A [`SenderInput`] must be used
/// for one session only.
pub fn seal(header: &Header, payload: &Payload, input: &SenderInput<'_>) -> Result<Unsigned, SealError> {
    let consistent = header.version == Header::VERSION
        && header.app == payload.app.id
        && header.consent == payload.consent.id;
    if !consistent {
        return Err(SealError::Inconsistent);
    }
    let header = header.to_bytes();
    let plaintext = payload.encode()?;
    let ciphertext = SenderContext::new(input, INFO).seal(&header, &plaintext)?;
    if sealed_json_len(header.len(), ciphertext.len()) > MAX_SEALED_BYTES {
        return Err(SealError::TooLarge);
    }
    Ok(Unsigned {
        header: Bytes(header),
        enc: input.enc.into(),
        ciphertext: Bytes(ciphertext),
    })
}

/// Length of a [`SealedSession`] as JSON.
fn sealed_json_len(header: usize, ciphertext: usize) -> usize {
    let base64 = |len: usize| (len * 4).div_ceil(3);
    let members = r#"{"header":"","enc":"","ciphertext":"","signature":""}"#.len();
    members + base64(header) + base64(65) + base64(ciphertext) + base64(64)
}

//! A refreshed session: the cookies that the app rotated while the worker visited
//! it, which from then on stand for those in the seal.
//!
//! It is encrypted (AES-256-GCM) under a key derived (HKDF-SHA256, RFC 5869) from
//! the private half of the very one-time key that the session was sealed to. So
//! destroying that key destroys the seal and everything refreshed from it alike.
//! The file is a random nonce of 12 bytes, then the ciphertext.

use aes_gcm::aead::{Aead, KeyInit, Payload as Message};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use ferry_protocol::session::{Payload, VaultKey};
use ferry_protocol::{SealingKeyId, TransferId};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

const INFO: &[u8] = b"ferry/refreshed-session/v1";
const NONCE_LEN: usize = 12;

/// A refreshed session cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// It holds something that has no written form.
    #[error("the refreshed session cannot be written")]
    Encode,
    /// The file is damaged, or of another transfer or key.
    #[error("the refreshed session cannot be read")]
    Decrypt,
}

/// Encrypts a refreshed session. The nonce must be random, and new each time.
pub fn encrypt(
    payload: &Payload,
    transfer: &TransferId,
    sealing_key: &SealingKeyId,
    key: &VaultKey,
    nonce: [u8; NONCE_LEN],
) -> Result<Vec<u8>, RefreshError> {
    let plaintext = payload.encode().map_err(|_| RefreshError::Encode)?;
    let message = Message {
        msg: &plaintext,
        aad: &aad(transfer, sealing_key),
    };
    let ciphertext = cipher(key)
        .encrypt(&Nonce::from(nonce), message)
        .map_err(|_| RefreshError::Encode)?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

/// Decrypts a refreshed session.
pub fn decrypt(
    encrypted: &[u8],
    transfer: &TransferId,
    sealing_key: &SealingKeyId,
    key: &VaultKey,
) -> Result<Payload, RefreshError> {
    let (nonce, ciphertext) = encrypted
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(RefreshError::Decrypt)?;
    let message = Message {
        msg: ciphertext,
        aad: &aad(transfer, sealing_key),
    };
    let plaintext = cipher(key)
        .decrypt(&Nonce::from(*nonce), message)
        .map_err(|_| RefreshError::Decrypt)?;
    Payload::decode(&Zeroizing::new(plaintext)).map_err(|_| RefreshError::Decrypt)
}

fn cipher(key: &VaultKey) -> Aes256Gcm {
    let mut derived = Zeroizing::new([0; 32]);
    #[expect(
        clippy::expect_used,
        reason = "32 bytes are fewer than the 8,160 that HKDF-SHA256 gives"
    )]
    Hkdf::<Sha256>::new(None, key.to_bytes().as_slice())
        .expand(INFO, derived.as_mut_slice())
        .expect("32 bytes");
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*derived))
}

/// A file moved to another transfer's place does not decrypt there.
fn aad(transfer: &TransferId, sealing_key: &SealingKeyId) -> Vec<u8> {
    [transfer.as_bytes().as_slice(), sealing_key.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, payload};

    fn ids(n: u8) -> (TransferId, SealingKeyId) {
        (TransferId::new(NOW, [n; 10]), SealingKeyId::new(NOW, [n; 10]))
    }

    #[test]
    fn what_was_encrypted_decrypts_for_the_same_key_and_transfer_only() {
        let (transfer, id) = ids(1);
        let (other_transfer, other_id) = ids(2);
        let key = VaultKey::generate([1; 32]);
        let encrypted = encrypt(&payload(), &transfer, &id, &key, [9; 12]).unwrap();

        assert!(decrypt(&encrypted, &transfer, &id, &key).unwrap() == payload());
        assert!(decrypt(&encrypted, &other_transfer, &id, &key).is_err());
        assert!(decrypt(&encrypted, &transfer, &other_id, &key).is_err());
        assert!(decrypt(&encrypted, &transfer, &id, &VaultKey::generate([2; 32])).is_err());
    }

    #[test]
    fn damaged_bytes_do_not_decrypt() {
        let (transfer, id) = ids(1);
        let key = VaultKey::generate([1; 32]);
        let encrypted = encrypt(&payload(), &transfer, &id, &key, [9; 12]).unwrap();
        for at in [0, NONCE_LEN, encrypted.len() - 1] {
            let mut damaged = encrypted.clone();
            damaged[at] ^= 1;
            assert!(decrypt(&damaged, &transfer, &id, &key).is_err(), "byte {at}");
        }
        assert!(decrypt(&encrypted[..5], &transfer, &id, &key).is_err());
    }

    #[test]
    fn no_cookie_is_readable_in_it() {
        let (transfer, id) = ids(1);
        let mut payload = payload();
        payload.jar.cookies[0].value = "CANARY-4711".to_owned();
        let encrypted = encrypt(&payload, &transfer, &id, &VaultKey::generate([1; 32]), [9; 12]).unwrap();
        assert!(!encrypted.windows(11).any(|window| window == b"CANARY-4711"));
    }
}

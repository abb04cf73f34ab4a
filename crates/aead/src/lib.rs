//! AES-256-GCM (NIST SP 800-38D) as the sender of HPKE calls it (RFC 9180, §7.3).
//!
//! A crate of its own, because the library below is generic: its code comes to be where it
//! is called, and is compiled as that crate is. In the extension this one is compiled for
//! speed, since each byte of a jar goes through it, and what is around it for size
//! (`profile.wasm` in the workspace's Cargo.toml).

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use zeroize::Zeroize;

/// Length of a key, in bytes (`Nk`).
pub const KEY_LEN: usize = 32;
/// Length of a nonce, in bytes (`Nn`).
pub const NONCE_LEN: usize = 12;
/// Length of a tag, in bytes (`Nt`).
pub const TAG_LEN: usize = 16;

/// The plaintext is longer than AES-GCM takes: 2³⁶ − 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// `Seal` (RFC 9180, §4): the ciphertext, its tag at the end. With one key, a nonce is for
/// one plaintext.
#[inline(never)]
pub fn seal(
    key: &[u8; KEY_LEN],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, TooLong> {
    // Room for the tag from the start: the copy of the plaintext is encrypted where it
    // stands and never moves.
    let mut buffer = Vec::with_capacity(plaintext.len() + TAG_LEN);
    buffer.extend_from_slice(plaintext);
    let cipher = Aes256Gcm::new(key.into());
    if cipher.encrypt_in_place(nonce.into(), aad, &mut buffer).is_err() {
        buffer.zeroize();
        return Err(TooLong);
    }
    Ok(buffer)
}

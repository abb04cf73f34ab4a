//! The sender's half of Hybrid Public Key Encryption (RFC 9180), in mode_auth,
//! for one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
//!
//! It is our own because the sender's private key cannot be exported from
//! WebCrypto: there the two Diffie-Hellman results come from `deriveBits`, so here
//! they are arguments. Names and order are those of the RFC.

use hkdf::{Hkdf, HkdfExtract};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::PublicJwk;

/// Length of an encapsulated key: an uncompressed point (§7.1, `Nenc`).
pub const ENC_LEN: usize = 65;
/// Longest export (§5.3: 255 blocks of the hash).
pub const MAX_EXPORT_LEN: usize = 255 * 32;

/// §7.1, `Nsecret`; §7.2, `Nh`; §7.3, `Nk`.
const SECRET_LEN: usize = 32;
/// §7.3, `Nn`.
const NONCE_LEN: usize = ferry_aead::NONCE_LEN;
/// §5.0, table 1.
const MODE_AUTH: u8 = 0x02;
/// §4.1: "KEM", then kem_id.
const KEM_SUITE_ID: &[u8] = b"KEM\x00\x10";
/// §5.1: "HPKE", then kem_id, kdf_id, aead_id.
const HPKE_SUITE_ID: &[u8] = b"HPKE\x00\x10\x00\x01\x00\x02";

/// What a sender brings to one encapsulation.
#[derive(Clone, Copy)]
pub struct SenderInput<'a> {
    /// `pkR`: whom it is for.
    pub recipient: &'a PublicJwk,
    /// `pkS`: whom it is from.
    pub sender: &'a PublicJwk,
    /// `enc`: the public half of an ephemeral key that is used for nothing else.
    pub enc: [u8; ENC_LEN],
    /// `DH(skE, pkR)`: the x-coordinate.
    pub dh_ephemeral: &'a [u8; 32],
    /// `DH(skS, pkR)`: the x-coordinate.
    pub dh_static: &'a [u8; 32],
}

/// Why a context does not encrypt or export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HpkeError {
    /// The sequence number is used up (§5.2).
    #[error("the encryption context is used up: start a new one")]
    MessageLimit,
    /// Longer than AES-GCM takes (2³⁶ − 32 bytes).
    #[error("the plaintext is too long for one encryption")]
    TooLong,
    /// Longer than [`MAX_EXPORT_LEN`].
    #[error("an export has at most 8,160 bytes")]
    ExportTooLong,
}

/// The sender's encryption context (§5.2). Secret: no `Debug`; wiped from memory
/// when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SenderContext {
    key: [u8; SECRET_LEN],
    base_nonce: [u8; NONCE_LEN],
    sequence: u64,
    exporter_secret: [u8; SECRET_LEN],
}

impl SenderContext {
    /// `SetupAuthS` (§5.1.3).
    pub fn new(input: &SenderInput<'_>, info: &[u8]) -> Self {
        key_schedule(&auth_encap(input), info)
    }

    /// `ContextS.Seal` (§5.2): the ciphertext, its tag at the end.
    pub fn seal(&mut self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, HpkeError> {
        let next = self.sequence.checked_add(1).ok_or(HpkeError::MessageLimit)?;
        let ciphertext = ferry_aead::seal(&self.key, &self.nonce(), aad, plaintext)
            .map_err(|ferry_aead::TooLong| HpkeError::TooLong)?;
        self.sequence = next;
        Ok(ciphertext)
    }

    /// `Context.Export` (§5.3).
    pub fn export(&self, context: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
        if len > MAX_EXPORT_LEN {
            return Err(HpkeError::ExportTooLong);
        }
        let mut exported = Zeroizing::new(vec![0; len]);
        labeled_expand(
            &self.exporter_secret,
            HPKE_SUITE_ID,
            b"sec",
            &[context],
            &mut exported,
        );
        Ok(exported)
    }

    /// `Context.ComputeNonce` (§5.2): the base nonce, its end XORed with the
    /// sequence number. 64 bits of the 96 are used.
    fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = self.base_nonce;
        for (byte, seq) in nonce[NONCE_LEN - 8..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= seq;
        }
        nonce
    }
}

/// `AuthEncap` (§4.1), its Diffie-Hellman done: the shared secret.
fn auth_encap(input: &SenderInput<'_>) -> Zeroizing<[u8; SECRET_LEN]> {
    // dh = concat(DH(skE, pkR), DH(skS, pkR))
    let dh: [&[u8]; 2] = [input.dh_ephemeral, input.dh_static];
    // kem_context = concat(enc, pkRm, pkSm)
    let kem_context: [&[u8]; 3] = [&input.enc, input.recipient.sec1(), input.sender.sec1()];
    // ExtractAndExpand(dh, kem_context)
    let eae_prk = labeled_extract(&[], KEM_SUITE_ID, b"eae_prk", &dh);
    let mut shared_secret = Zeroizing::new([0; SECRET_LEN]);
    labeled_expand(
        &eae_prk,
        KEM_SUITE_ID,
        b"shared_secret",
        &kem_context,
        shared_secret.as_mut_slice(),
    );
    shared_secret
}

/// `KeySchedule` (§5.1), mode_auth: without a pre-shared key.
fn key_schedule(shared_secret: &[u8; SECRET_LEN], info: &[u8]) -> SenderContext {
    let psk_id_hash = labeled_extract(&[], HPKE_SUITE_ID, b"psk_id_hash", &[]);
    let info_hash = labeled_extract(&[], HPKE_SUITE_ID, b"info_hash", &[info]);
    let context: [&[u8]; 3] = [&[MODE_AUTH], psk_id_hash.as_slice(), info_hash.as_slice()];

    let secret = labeled_extract(shared_secret, HPKE_SUITE_ID, b"secret", &[]);
    let mut schedule = SenderContext {
        key: [0; SECRET_LEN],
        base_nonce: [0; NONCE_LEN],
        sequence: 0,
        exporter_secret: [0; SECRET_LEN],
    };
    labeled_expand(&secret, HPKE_SUITE_ID, b"key", &context, &mut schedule.key);
    labeled_expand(
        &secret,
        HPKE_SUITE_ID,
        b"base_nonce",
        &context,
        &mut schedule.base_nonce,
    );
    labeled_expand(
        &secret,
        HPKE_SUITE_ID,
        b"exp",
        &context,
        &mut schedule.exporter_secret,
    );
    schedule
}

/// `LabeledExtract` (§4); `ikm` in pieces.
fn labeled_extract(salt: &[u8], suite_id: &[u8], label: &[u8], ikm: &[&[u8]]) -> Zeroizing<[u8; SECRET_LEN]> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in [b"HPKE-v1", suite_id, label].iter().chain(ikm) {
        extract.input_ikm(part);
    }
    let (mut prk, _) = extract.finalize();
    let secret = Zeroizing::new(prk.into());
    prk.zeroize();
    secret
}

/// `LabeledExpand` (§4); `info` in pieces, the length that of `out`.
fn labeled_expand(prk: &[u8; SECRET_LEN], suite_id: &[u8], label: &[u8], info: &[&[u8]], out: &mut [u8]) {
    #[expect(
        clippy::expect_used,
        reason = "callers ask for at most MAX_EXPORT_LEN bytes, which fits"
    )]
    let len = u16::try_from(out.len()).expect("fits").to_be_bytes();
    let mut labeled_info: Vec<&[u8]> = vec![&len, b"HPKE-v1", suite_id, label];
    labeled_info.extend_from_slice(info);
    #[expect(
        clippy::expect_used,
        reason = "prk has the length of the hash, out at most 255 of it"
    )]
    Hkdf::<Sha256>::from_prk(prk)
        .expect("a key of full length")
        .expand_multi_info(&labeled_info, out)
        .expect("at most 255 blocks");
}

//! Opening: what the worker does, and nobody else. It rests on the crate `hpke`,
//! while sealing is our own code: the two implementations check each other.

use ::hpke::aead::AesGcm256;
use ::hpke::kdf::HkdfSha256;
use ::hpke::kem::DhP256HkdfSha256;
use ::hpke::{Deserializable, HpkeError, Kem, OpModeR, Serializable, setup_receiver};
use zeroize::Zeroizing;

use super::{Header, HeaderError, INFO, Payload, PayloadError, SealedSession};
use crate::signature::SignatureError;
use crate::{AccountId, PublicJwk, SealingKeyId, TransferId, WorkspaceId, device};

type PrivateKey = <DhP256HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <DhP256HkdfSha256 as Kem>::PublicKey;
type EncappedKey = <DhP256HkdfSha256 as Kem>::EncappedKey;

/// The private half of a one-time sealing key. Wiped from memory when dropped.
#[derive(Clone)]
pub struct VaultKey(PrivateKey);

/// The bytes are not a private P-256 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a private P-256 key; it must be 32 bytes, from 1 to the order of the curve")]
pub struct VaultKeyError;

impl VaultKey {
    /// A new key out of 32 random bytes (`DeriveKeyPair` of RFC 9180 §7.1.3).
    pub fn generate(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        Self(DhP256HkdfSha256::derive_keypair(random.as_slice()).0)
    }

    /// From the 32 bytes of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultKeyError> {
        PrivateKey::from_bytes(bytes).map(Self).map_err(|_| VaultKeyError)
    }

    /// The private key: a number of 32 bytes, big endian (RFC 9180 §7.1.2).
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.0.write_exact(bytes.as_mut_slice());
        bytes
    }

    /// The public half.
    pub fn public(&self) -> PublicJwk {
        let point = DhP256HkdfSha256::sk_to_pk(&self.0).to_bytes();
        #[expect(
            clippy::expect_used,
            reason = "the public half of a private key is a point of the curve"
        )]
        PublicJwk::from_sec1(&point).expect("a point of the curve")
    }
}

/// What a sealed session must be: what the worker knows of it, apart from the
/// seal itself.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The workspace that the worker serves.
    pub workspace: WorkspaceId,
    /// The account that it is to be the session of.
    pub account: AccountId,
    /// The transfer that stored it.
    pub transfer: TransferId,
    /// The key that it is sealed to.
    pub sealing_key: SealingKeyId,
    /// Device key of the device that sealed it.
    pub device_key: &'a PublicJwk,
    /// Sealing key of that device.
    pub device_sealing_key: &'a PublicJwk,
    /// The device key's signature over device id and sealing key.
    pub device_sealing_key_signature: &'a [u8],
}

/// An opened session.
pub struct Opened {
    /// What everyone may know.
    pub header: Header,
    /// The session. Secret.
    pub payload: Payload,
}

/// Why a sealed session is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The device key did not register the device's sealing key.
    #[error("the device's sealing key is not signed by its device key: set the device up anew")]
    Registration(#[source] SignatureError),
    /// The device key did not sign this seal.
    #[error("the seal is not signed by the device: transfer the session again")]
    Signature(#[source] SignatureError),
    /// The header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The header names another workspace, account, transfer, device or key.
    #[error("the seal belongs to another transfer (its {0} differs): transfer the session again")]
    Mismatch(&'static str),
    /// Not sealed to this key, by this device, with this header.
    #[error("the seal cannot be opened with this key: transfer the session again")]
    Seal,
    /// What is inside cannot be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

/// Opens a sealed session, if everything about it is as it must be.
pub fn open(sealed: &SealedSession, key: &VaultKey, expected: &Expected<'_>) -> Result<Opened, OpenError> {
    // 1. The device vouches for its sealing key.
    device::verify_sealing_key(
        expected.device_key,
        expected.device_sealing_key,
        expected.device_sealing_key_signature,
    )
    .map_err(OpenError::Registration)?;
    // 2. The device vouches for header, enc and ciphertext. Whoever has the vault's
    //    key could make the rest (RFC 9180 §9.1.1), but not this.
    sealed
        .verify_signature(expected.device_key)
        .map_err(OpenError::Signature)?;
    // 3. The header is for this transfer, and for no other.
    let header = sealed.header()?;
    check_header(&header, expected)?;
    // 4. The seal opens, and was made over this header.
    let plaintext = decrypt(sealed, key, expected.device_sealing_key).map_err(|_| OpenError::Seal)?;
    // 5. What is inside agrees with what is outside.
    let payload = Payload::decode(&plaintext)?;
    if payload.app.id != header.app {
        return Err(OpenError::Mismatch("app"));
    }
    if payload.consent.id != header.consent {
        return Err(OpenError::Mismatch("consent"));
    }
    Ok(Opened { header, payload })
}

fn check_header(header: &Header, expected: &Expected<'_>) -> Result<(), OpenError> {
    let checks = [
        ("workspace", header.workspace == expected.workspace),
        ("account", header.account == expected.account),
        ("transfer", header.transfer == expected.transfer),
        ("sealing key", header.sealing_key == expected.sealing_key),
        ("device", header.device == expected.device_key.device_id()),
    ];
    match checks.into_iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(OpenError::Mismatch(what)),
        None => Ok(()),
    }
}

/// HPKE in mode_auth (RFC 9180 §5.1.3 and §6.1), with the sender's static key.
fn decrypt(
    sealed: &SealedSession,
    key: &VaultKey,
    sender: &PublicJwk,
) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let sender = PublicKey::from_bytes(sender.sec1())?;
    let enc = EncappedKey::from_bytes(sealed.enc.as_ref())?;
    let mut context = setup_receiver::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Auth(sender),
        &key.0,
        &enc,
        INFO,
    )?;
    context
        .open(sealed.ciphertext.as_ref(), sealed.header.as_ref())
        .map(Zeroizing::new)
}

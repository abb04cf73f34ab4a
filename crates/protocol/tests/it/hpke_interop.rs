//! Our sender and the crate `hpke`, an independent implementation, agree on
//! whatever is sealed.

use ::hpke::aead::{AeadCtxR, AesGcm256};
use ::hpke::kdf::HkdfSha256;
use ::hpke::kem::DhP256HkdfSha256;
use ::hpke::rand_core::{TryCryptoRng, TryRng};
use ::hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};
use ferry_protocol::hpke::{SenderContext, SenderInput};
use ferry_protocol::session::{self, SealedSession};
use p256::SecretKey;
use proptest::prelude::*;

use crate::fixture::{Account, dh, public};

pub(crate) type Private = <DhP256HkdfSha256 as Kem>::PrivateKey;
pub(crate) type Public = <DhP256HkdfSha256 as Kem>::PublicKey;
pub(crate) type Encapped = <DhP256HkdfSha256 as Kem>::EncappedKey;
pub(crate) type ReceiverContext = AeadCtxR<AesGcm256, HkdfSha256, DhP256HkdfSha256>;

/// `SetupAuthR` of the crate `hpke`.
pub(crate) fn receiver(recipient: Private, sender: Public, enc: &Encapped, info: &[u8]) -> ReceiverContext {
    setup_receiver(&OpModeR::Auth(sender), &recipient, enc, info).unwrap()
}

/// Gives bytes that were drawn before, so that it is known which ephemeral key
/// `hpke` derives from them.
struct Drawn([u8; 32]);

impl TryRng for Drawn {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!("keys are drawn as bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!("keys are drawn as bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

fn key(seed: [u8; 32]) -> (SecretKey, Private, Public) {
    let (private, public) = DhP256HkdfSha256::derive_keypair(&seed);
    (
        SecretKey::from_slice(&private.to_bytes()).unwrap(),
        private,
        public,
    )
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_we_seal_hpke_opens(
        seeds in any::<[[u8; 32]; 3]>(),
        info in bytes(64),
        messages in prop::collection::vec((bytes(64), bytes(2048)), 1..4),
        exporter_context in bytes(64),
    ) {
        let [(ephemeral, ..), (sender, _, sender_public), (recipient, recipient_private, _)] = seeds.map(key);
        let recipient = public(&recipient);
        let input = SenderInput {
            recipient: &recipient,
            sender: &public(&sender),
            enc: *public(&ephemeral).sec1(),
            dh_ephemeral: &dh(&ephemeral, &recipient),
            dh_static: &dh(&sender, &recipient),
        };
        let mut ours = SenderContext::new(&input, &info);
        let enc = Encapped::from_bytes(&input.enc).unwrap();
        let mut theirs = receiver(recipient_private, sender_public, &enc, &info);
        for (aad, plaintext) in &messages {
            let ciphertext = ours.seal(aad, plaintext).unwrap();
            prop_assert_eq!(ciphertext.len(), plaintext.len() + 16);
            prop_assert_eq!(&theirs.open(&ciphertext, aad).unwrap(), plaintext);
        }
        let mut exported = [0; 48];
        theirs.export(&exporter_context, &mut exported).unwrap();
        let ours = ours.export(&exporter_context, 48).unwrap();
        prop_assert_eq!(ours.as_slice(), exported);
    }

    #[test]
    fn what_hpke_seals_is_what_we_seal(
        seeds in any::<[[u8; 32]; 3]>(),
        info in bytes(64),
        aad in bytes(64),
        plaintext in bytes(2048),
    ) {
        let [(ephemeral, ..), (sender, sender_private, sender_public), (recipient, _, recipient_public)] =
            seeds.map(key);
        let mode = OpModeS::Auth((sender_private, sender_public));
        let (enc, mut theirs) = setup_sender_with_rng::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &mode, &recipient_public, &info, &mut Drawn(seeds[0]),
        ).unwrap();
        let recipient = public(&recipient);
        let input = SenderInput {
            recipient: &recipient,
            sender: &public(&sender),
            enc: enc.to_bytes().into(),
            dh_ephemeral: &dh(&ephemeral, &recipient),
            dh_static: &dh(&sender, &recipient),
        };
        let mut ours = SenderContext::new(&input, &info);
        for _ in 0..3 {
            prop_assert_eq!(theirs.seal(&plaintext, &aad).unwrap(), ours.seal(&aad, &plaintext).unwrap());
        }
    }
}

/// A session sealed by the crate `hpke` instead of our sender opens as well.
#[test]
fn a_session_sealed_by_hpke_opens() {
    let account = Account::new(1);
    let sender_private = Private::from_bytes(&account.device.sealing.to_bytes()).unwrap();
    let sender_public = DhP256HkdfSha256::sk_to_pk(&sender_private);
    let recipient = Public::from_bytes(account.vault.public().sec1()).unwrap();
    let (enc, mut context) = setup_sender_with_rng::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeS::Auth((sender_private, sender_public)),
        &recipient,
        b"ferry/session/v1",
        &mut Drawn([9; 32]),
    )
    .unwrap();
    let header = account.header.to_bytes();
    let plaintext = account.payload.encode().unwrap();
    let mut sealed = SealedSession {
        ciphertext: context.seal(&plaintext, &header).unwrap().into(),
        header: header.into(),
        enc: enc.to_bytes().to_vec().into(),
        signature: Vec::new().into(),
    };
    account.device.sign_again(&mut sealed);
    let opened = session::open(&sealed, &account.vault, &account.expected()).unwrap();
    assert!(opened.payload == account.payload);
}

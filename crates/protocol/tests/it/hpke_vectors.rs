//! RFC 9180's own vectors for this suite and mode: our sender makes them, the
//! crate `hpke` opens them.

use ferry_protocol::PublicJwk;
use ferry_protocol::hpke::{HpkeError, MAX_EXPORT_LEN, SenderContext, SenderInput};
use ferry_protocol::session::VaultKey;
use p256::SecretKey;
use serde::Deserialize;

use crate::fixture::{dh, hex, public};
use crate::hpke_interop::{Encapped, Private, Public, ReceiverContext, receiver};

const VECTORS: &str = include_str!("../vectors/rfc9180-p256-sha256-aes256gcm-auth.json");

#[derive(Deserialize)]
#[expect(non_snake_case, reason = "the names of RFC 9180")]
struct Vectors {
    mode: u8,
    kem_id: u16,
    kdf_id: u16,
    aead_id: u16,
    info: String,
    ikmR: String,
    skRm: String,
    skSm: String,
    skEm: String,
    pkRm: String,
    pkSm: String,
    pkEm: String,
    enc: String,
    encryptions: Vec<Encryption>,
    exports: Vec<Export>,
}

#[derive(Deserialize)]
struct Encryption {
    aad: String,
    pt: String,
    ct: String,
}

#[derive(Deserialize)]
#[expect(non_snake_case, reason = "the names of RFC 9180")]
struct Export {
    exporter_context: String,
    L: usize,
    exported_value: String,
}

fn vectors() -> Vectors {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(
        (vectors.mode, vectors.kem_id, vectors.kdf_id, vectors.aead_id),
        (2, 16, 1, 2)
    );
    assert_eq!((vectors.encryptions.len(), vectors.exports.len()), (257, 3));
    vectors
}

fn sender(vectors: &Vectors) -> SenderContext {
    let ephemeral = SecretKey::from_slice(&hex(&vectors.skEm)).unwrap();
    let sender = SecretKey::from_slice(&hex(&vectors.skSm)).unwrap();
    let recipient = PublicJwk::from_sec1(&hex(&vectors.pkRm)).unwrap();
    assert_eq!(public(&ephemeral).sec1().as_slice(), hex(&vectors.pkEm));
    assert_eq!(public(&sender).sec1().as_slice(), hex(&vectors.pkSm));
    let input = SenderInput {
        recipient: &recipient,
        sender: &public(&sender),
        enc: hex(&vectors.enc).try_into().unwrap(),
        dh_ephemeral: &dh(&ephemeral, &recipient),
        dh_static: &dh(&sender, &recipient),
    };
    SenderContext::new(&input, &hex(&vectors.info))
}

fn hpke_receiver(vectors: &Vectors) -> ReceiverContext {
    use ::hpke::Deserializable;
    receiver(
        Private::from_bytes(&hex(&vectors.skRm)).unwrap(),
        Public::from_bytes(&hex(&vectors.pkSm)).unwrap(),
        &Encapped::from_bytes(&hex(&vectors.enc)).unwrap(),
        &hex(&vectors.info),
    )
}

#[test]
fn our_sender_makes_all_encryptions_and_exports() {
    let vectors = vectors();
    let mut context = sender(&vectors);
    let mut ran = (0, 0);
    for case in &vectors.encryptions {
        let ciphertext = context.seal(&hex(&case.aad), &hex(&case.pt)).unwrap();
        assert_eq!(ciphertext, hex(&case.ct), "encryption {}", ran.0);
        ran.0 += 1;
    }
    for case in &vectors.exports {
        let exported = context.export(&hex(&case.exporter_context), case.L).unwrap();
        assert_eq!(*exported, hex(&case.exported_value), "export {}", ran.1);
        ran.1 += 1;
    }
    assert_eq!(ran, (257, 3));
    println!("RFC 9180, our sender: {} encryptions, {} exports", ran.0, ran.1);
}

#[test]
fn hpke_opens_all_of_them() {
    let vectors = vectors();
    let mut context = hpke_receiver(&vectors);
    let mut ran = (0, 0);
    for case in &vectors.encryptions {
        let plaintext = context.open(&hex(&case.ct), &hex(&case.aad)).unwrap();
        assert_eq!(plaintext, hex(&case.pt), "encryption {}", ran.0);
        ran.0 += 1;
    }
    for case in &vectors.exports {
        let mut exported = vec![0; case.L];
        context
            .export(&hex(&case.exporter_context), &mut exported)
            .unwrap();
        assert_eq!(exported, hex(&case.exported_value), "export {}", ran.1);
        ran.1 += 1;
    }
    assert_eq!(ran, (257, 3));
    println!("RFC 9180, hpke: {} decryptions, {} exports", ran.0, ran.1);
}

/// `DeriveKeyPair` (RFC 9180 §7.1.3), with which the vault makes its keys.
#[test]
fn vault_keys_are_derived_as_the_rfc_says() {
    let vectors = vectors();
    let key = VaultKey::generate(hex(&vectors.ikmR).try_into().unwrap());
    assert_eq!(key.to_bytes().as_slice(), hex(&vectors.skRm));
    assert_eq!(key.public().sec1().as_slice(), hex(&vectors.pkRm));
    let again = VaultKey::from_bytes(key.to_bytes().as_slice()).unwrap();
    assert_eq!(again.public(), key.public());
}

#[test]
fn vault_keys_out_of_range_are_refused() {
    for bytes in [vec![0; 32], vec![0xff; 32], vec![1; 31], vec![1; 33], vec![]] {
        assert!(VaultKey::from_bytes(&bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn exports_have_an_end() {
    let context = sender(&vectors());
    // §5.3: 255 * Nh.
    assert_eq!(MAX_EXPORT_LEN, 8_160);
    assert_eq!(context.export(b"", MAX_EXPORT_LEN).unwrap().len(), MAX_EXPORT_LEN);
    assert_eq!(
        context.export(b"", MAX_EXPORT_LEN + 1).err(),
        Some(HpkeError::ExportTooLong)
    );
}

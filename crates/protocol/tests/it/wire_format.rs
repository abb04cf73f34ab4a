//! The wire formats of version 1, frozen: what `frozen.rs` holds must be made, and
//! read, by every later version.

use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::device::Fingerprint;
use ferry_protocol::dpop::{Claims, Proof, assemble, body_hash, signing_input, token_hash};
use ferry_protocol::session::{self, Header, Payload, PayloadError, SealedSession};
use ferry_protocol::vault::{SignedSealingKey, Succession};
use ferry_protocol::{Bytes, device, padded_len};
use proptest::prelude::*;

use crate::fixture::{Account, NOW, hex, jar, to_hex, workspace};
use crate::frozen;

fn sealed() -> SealedSession {
    let bytes = |text| Bytes::decode(text).unwrap();
    SealedSession {
        header: Bytes(frozen::HEADER.as_bytes().to_vec()),
        enc: bytes(frozen::ENC),
        ciphertext: bytes(frozen::CIPHERTEXT),
        signature: bytes(frozen::SIGNATURE),
    }
}

/// The plaintext of [`frozen::PAYLOAD`]: padded with one byte 80 and zeroes.
fn padded(json: &str) -> Vec<u8> {
    let mut padded = json.as_bytes().to_vec();
    padded.push(0x80);
    padded.resize(padded_len(padded.len()), 0);
    padded
}

fn claims() -> Claims {
    Claims {
        jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
        htm: "PUT".to_owned(),
        htu: "https://ferry.example/v1/device".to_owned(),
        iat: NOW.as_secs(),
        ath: Some(token_hash("token")),
        nonce: Some("nonce".to_owned()),
        bh: Some(body_hash(b"{}")),
    }
}

fn proof(account: &Account) -> String {
    let input = signing_input(&account.device_key, &claims());
    let signature = account.device.key.sign(input.as_bytes());
    assemble(input, signature.as_ref())
}

fn sealing_key_message(account: &Account) -> Vec<u8> {
    let header = &account.header;
    SignedSealingKey::message(
        &header.sealing_key,
        &header.workspace,
        NOW,
        &account.vault.public(),
    )
}

#[test]
fn the_frozen_seal_is_made_again() {
    let account = Account::new(1);
    assert_eq!(account.header.to_bytes(), frozen::HEADER.as_bytes());
    assert_eq!(
        account.payload.encode().unwrap().as_slice(),
        padded(frozen::PAYLOAD)
    );
    assert_eq!(account.sealed(), sealed());
}

#[test]
fn the_frozen_seal_opens() {
    let account = Account::new(1);
    let opened = session::open(&sealed(), &account.vault, &account.expected()).unwrap();
    assert_eq!(opened.header, account.header);
    assert!(opened.payload == account.payload);
}

#[test]
fn the_frozen_messages_are_signed() {
    let account = Account::new(1);
    let sealed = sealed();
    let message = SealedSession::message(
        sealed.header.as_ref(),
        sealed.enc.as_ref(),
        sealed.ciphertext.as_ref(),
    );
    let parts = [
        b"ferry/sealed-session/v1".to_vec(),
        hex(frozen::HEADER_LEN),
        frozen::HEADER.as_bytes().to_vec(),
        hex(frozen::ENC_LEN),
        sealed.enc.0,
        hex(frozen::CIPHERTEXT_LEN),
        sealed.ciphertext.0,
    ];
    assert_eq!(message, parts.concat());
    let device_id = account.device_key.device_id();
    let registration = device::sealing_key_message(&device_id, &account.device_sealing_key);
    assert_eq!(
        registration,
        hex(&frozen::DEVICE_SEALING_KEY_MESSAGE.replace(' ', ""))
    );
    assert_eq!(
        sealing_key_message(&account),
        hex(&frozen::VAULT_SEALING_KEY_MESSAGE.replace(' ', ""))
    );
    let succession = Succession::message(&workspace(1), &account.device_key);
    assert_eq!(
        succession,
        hex(&frozen::VAULT_SUCCESSION_MESSAGE.replace(' ', ""))
    );
    assert_eq!(
        SignedCatalogue::message(&workspace(1), NOW, "[]"),
        hex(&frozen::VAULT_CATALOGUE_MESSAGE.replace(' ', ""))
    );
}

#[test]
fn the_frozen_proof_is_made_again_and_read() {
    let account = Account::new(1);
    assert_eq!(proof(&account), frozen::PROOF);
    let read = Proof::parse(frozen::PROOF).unwrap();
    assert_eq!((read.key, read.claims), (account.device_key, claims()));
}

#[test]
fn sealed_sessions_travel_as_json() {
    let json = serde_json::to_string(&sealed()).unwrap();
    let expected = format!(
        r#"{{"header":"{}","enc":"{}","ciphertext":"{}","signature":"{}"}}"#,
        Bytes(frozen::HEADER.as_bytes().to_vec()).encode(),
        frozen::ENC,
        frozen::CIPHERTEXT,
        frozen::SIGNATURE,
    );
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<SealedSession>(&json).unwrap(), sealed());
}

#[test]
fn a_payload_of_another_form_is_refused() {
    let more = frozen::PAYLOAD.replacen('{', r#"{"more":1,"#, 1);
    let cookie_more = frozen::PAYLOAD.replacen(r#"{"name""#, r#"{"more":1,"name""#, 1);
    let no_entry = frozen::PAYLOAD.replacen('{', r#"{"storage":[{"origin":"o","name":"n"}],"#, 1);
    let less = frozen::PAYLOAD.replacen(r#""http_only":true,"#, "", 1);
    for text in [more.as_str(), &cookie_more, &no_entry, &less, "", "{}", "null"] {
        assert_eq!(
            Payload::decode(&padded(text)).err(),
            Some(PayloadError::Json),
            "{text}"
        );
    }
    assert_eq!(
        Payload::decode(frozen::PAYLOAD.as_bytes()).err(),
        Some(PayloadError::Padding)
    );
    assert!(Payload::decode(&padded(frozen::PAYLOAD)).is_ok());
}

#[test]
fn only_this_version_of_the_header_is_read() {
    for version in ["0", "2", "255", "256", "-1", "1.0", "\"1\"", "null"] {
        let other = frozen::HEADER.replacen(r#""version":1"#, &format!(r#""version":{version}"#), 1);
        assert!(Header::from_bytes(other.as_bytes()).is_err(), "{version}");
    }
    assert!(Header::from_bytes(frozen::HEADER.as_bytes()).is_ok());
}

proptest! {
    /// Whatever a browser can say of a cookie, or keep in local storage, comes out as it
    /// went in, to the bit.
    #[test]
    fn a_payload_comes_out_as_it_went_in(
        texts in any::<[String; 4]>(),
        flags in any::<[bool; 3]>(),
        expires in any::<Option<f64>>().prop_filter("finite", |at| at.is_none_or(f64::is_finite)),
        partition in any::<Option<(String, Option<bool>)>>(),
        same_site in 0..4_usize,
        identity in any::<Option<String>>(),
        entry in any::<Option<[String; 3]>>(),
        left_out in any::<u32>(),
        cut in any::<u32>(),
    ) {
        use ferry_protocol::jar::{Cookie, Partition, SameSite, StorageEntry};
        let [name, value, domain, path] = texts;
        let [host_only, secure, http_only] = flags;
        let same_site =
            [SameSite::Unspecified, SameSite::None, SameSite::Lax, SameSite::Strict][same_site];
        let partition = partition.map(|(top_level_site, has_cross_site_ancestor)| Partition {
            top_level_site,
            has_cross_site_ancestor,
        });
        let cookie =
            Cookie { name, value, domain, host_only, path, secure, http_only, same_site, expires, partition };
        let mut payload = Account::new(1).payload;
        payload.jar = jar();
        payload.jar.cookies.push(cookie);
        let entry = entry.map(|[origin, name, value]| StorageEntry { origin, name, value });
        payload.jar.storage.extend(entry);
        payload.left_out = left_out;
        payload.cut = cut;
        payload.identity = identity;
        let encoded = payload.encode().unwrap();
        prop_assert_eq!(encoded.len(), padded_len(encoded.len()));
        prop_assert!(Payload::decode(&encoded).unwrap() == payload);
    }
}

/// Prints the constants of `frozen.rs`. To be run when a new version of the format
/// is made, never to make a failing test pass:
/// `cargo test -p ferry-protocol --test it generate -- --ignored --nocapture`
#[test]
#[ignore = "prints frozen.rs"]
fn generate() {
    let account = Account::new(1);
    let sealed = account.sealed();
    let plaintext = account.payload.encode().unwrap();
    let payload_len = plaintext.iter().rposition(|byte| *byte == 0x80).unwrap();
    let payload = String::from_utf8(plaintext[..payload_len].to_vec()).unwrap();
    let len = |bytes: &Bytes| to_hex(&(bytes.0.len() as u32).to_be_bytes());
    println!("HEADER {}", String::from_utf8(sealed.header.0.clone()).unwrap());
    println!("PAYLOAD {payload}");
    println!(
        "ENC {}\nCIPHERTEXT {}",
        sealed.enc.encode(),
        sealed.ciphertext.encode()
    );
    println!("SIGNATURE {}", sealed.signature.encode());
    println!(
        "LENS {} {} {}",
        len(&sealed.header),
        len(&sealed.enc),
        len(&sealed.ciphertext)
    );
    let device_id = account.device_key.device_id();
    let registration = device::sealing_key_message(&device_id, &account.device_sealing_key);
    println!("DEVICE_SEALING_KEY_MESSAGE {}", to_hex(&registration));
    println!(
        "VAULT_SEALING_KEY_MESSAGE {}",
        to_hex(&sealing_key_message(&account))
    );
    let succession = Succession::message(&workspace(1), &account.device_key);
    println!("VAULT_SUCCESSION_MESSAGE {}", to_hex(&succession));
    let catalogue = SignedCatalogue::message(&workspace(1), NOW, "[]");
    println!("VAULT_CATALOGUE_MESSAGE {}", to_hex(&catalogue));
    println!(
        "FINGERPRINT {}",
        Fingerprint::new(&device_id, &account.device_sealing_key)
    );
    println!("PROOF {}", proof(&account));
}

//! A whole session, to and from pyhpke: a third implementation of RFC 9180, in
//! another language.
//!
//! Needs Python with `tests/interop/requirements.txt`; `FERRY_PYTHON` names it:
//! `FERRY_PYTHON=… cargo test -p ferry-protocol --test it pyhpke -- --ignored`

use std::io::Write;
use std::process::{Command, Stdio};

use base64ct::{Base64UrlUnpadded, Encoding};
use ferry_protocol::PublicJwk;
use ferry_protocol::session::{self, Payload, SealedSession};
use serde_json::{Value, json};

use crate::fixture::{Account, hex, to_hex};

const INFO: &[u8] = b"ferry/session/v1";

fn ask(question: &Value) -> Value {
    let mut peer = Command::new(std::env::var_os("FERRY_PYTHON").unwrap_or_else(|| "python3".into()))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/interop/pyhpke_peer.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropped at once, which ends the question.
    peer.stdin
        .take()
        .unwrap()
        .write_all(question.to_string().as_bytes())
        .unwrap();
    let output = peer.wait_with_output().unwrap();
    assert!(output.status.success(), "pyhpke refused");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn private_jwk(public: &PublicJwk, private: &[u8]) -> Value {
    let mut jwk = json!(public);
    jwk["d"] = json!(Base64UrlUnpadded::encode_string(private));
    jwk
}

#[test]
#[ignore = "needs pyhpke"]
fn pyhpke_opens_what_we_seal() {
    let account = Account::new(1);
    let sealed = account.sealed();
    let answer = ask(&json!({
        "do": "open",
        "recipient": private_jwk(&account.vault.public(), account.vault.to_bytes().as_slice()),
        "sender": account.device_sealing_key,
        "enc": to_hex(sealed.enc.as_ref()),
        "info": to_hex(INFO),
        "aad": to_hex(sealed.header.as_ref()),
        "text": to_hex(sealed.ciphertext.as_ref()),
    }));
    let opened = Payload::decode(&hex(answer["text"].as_str().unwrap())).unwrap();
    assert!(opened == account.payload);
}

#[test]
#[ignore = "needs pyhpke"]
fn we_open_what_pyhpke_seals() {
    let account = Account::new(1);
    let header = account.header.to_bytes();
    let answer = ask(&json!({
        "do": "seal",
        "recipient": account.vault.public(),
        "sender": private_jwk(&account.device_sealing_key, &account.device.sealing.to_bytes()),
        "info": to_hex(INFO),
        "aad": to_hex(&header),
        "text": to_hex(&account.payload.encode().unwrap()),
    }));
    let part = |name: &str| hex(answer[name].as_str().unwrap());
    let mut sealed = SealedSession {
        header: header.into(),
        enc: part("enc").into(),
        ciphertext: part("text").into(),
        signature: Vec::new().into(),
    };
    account.device.sign_again(&mut sealed);
    let opened = session::open(&sealed, &account.vault, &account.expected()).unwrap();
    assert!(opened.payload == account.payload);
}

//! The tests that run both in a page and in a service worker.

use js_sys::JSON;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Crypto, CryptoKey, EcKeyImportParams, SubtleCrypto};

use ferry_protocol::Bytes;

mod idb;
mod keys;
mod measure;
mod seal;
mod vectors;
mod wycheproof;

/// Bytes of hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn subtle() -> SubtleCrypto {
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into()).unwrap();
    crypto.unchecked_into::<Crypto>().subtle()
}

/// A private key that is known, for WebCrypto's `deriveBits`.
async fn import_private(key: &SecretKey) -> CryptoKey {
    let point = key.public_key().to_sec1_point(false);
    let member = |bytes: &[u8]| Bytes(bytes.to_vec()).encode();
    let jwk = format!(
        r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}","d":"{}"}}"#,
        member(&point.as_bytes()[1..33]),
        member(&point.as_bytes()[33..]),
        member(&key.to_bytes()),
    );
    let algorithm = EcKeyImportParams::new("ECDH");
    algorithm.set_named_curve("P-256");
    let usages = js_sys::Array::of1(&"deriveBits".into());
    let jwk = JSON::parse(&jwk).unwrap().unchecked_into();
    let imported = subtle()
        .import_key_with_object("jwk", &jwk, &algorithm, false, &usages)
        .unwrap();
    JsFuture::from(imported).await.unwrap().unchecked_into()
}

//! The device's keys: the same again when read again, and never to be had.

use ferry_client::idb::{self, Store};
use ferry_client::keys::{DeviceKeys, KeysError};
use ferry_client::webcrypto;
use ferry_protocol::signature;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{CryptoKey, DomException};

use super::subtle;

#[wasm_bindgen_test]
async fn keys_are_the_same_when_read_again() {
    DeviceKeys::forget().await.unwrap();
    assert!(DeviceKeys::load().await.unwrap().is_none());
    let made = DeviceKeys::load_or_create().await.unwrap();
    for read in [
        DeviceKeys::load().await.unwrap().unwrap(),
        DeviceKeys::load_or_create().await.unwrap(),
    ] {
        assert_eq!(read.device_id(), made.device_id());
        assert_eq!(read.device_key(), made.device_key());
        assert_eq!(read.sealing_key(), made.sealing_key());
        // The private halves are theirs still.
        let signature = read.sign(b"message").await.unwrap();
        assert_eq!(
            signature::verify(made.device_key(), b"message", &signature),
            Ok(())
        );
    }
    assert_eq!(made.device_id(), made.device_key().device_id());
    assert_ne!(made.device_key(), made.sealing_key());

    DeviceKeys::forget().await.unwrap();
    let new = DeviceKeys::load_or_create().await.unwrap();
    assert_ne!(new.device_id(), made.device_id());
    assert_ne!(new.sealing_key(), made.sealing_key());
}

#[wasm_bindgen_test]
async fn all_who_ask_at_once_get_the_same_keys() {
    DeviceKeys::forget().await.unwrap();
    let asked = (0..8).map(|_| DeviceKeys::load_or_create());
    let keys = futures_util::future::join_all(asked).await;
    let ids: Vec<_> = keys
        .iter()
        .map(|keys| keys.as_ref().unwrap().device_id())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[wasm_bindgen_test]
async fn private_keys_cannot_be_exported() {
    DeviceKeys::load_or_create().await.unwrap();
    let record = idb::get(Store::Keys, "device").await.unwrap().unwrap();
    for (name, usage) in [("deviceKey", "sign"), ("sealingKey", "deriveBits")] {
        let key: CryptoKey = Reflect::get(&record, &name.into()).unwrap().unchecked_into();
        assert_eq!(key.type_(), "private");
        assert!(!key.extractable());
        assert_eq!(key.usages().to_vec(), [JsValue::from(usage)]);
        for format in ["jwk", "pkcs8"] {
            let export = subtle().export_key(format, &key).unwrap();
            let refused: DomException = JsFuture::from(export).await.unwrap_err().unchecked_into();
            assert_eq!(refused.name(), "InvalidAccessError", "{name} as {format}");
        }
    }
}

#[wasm_bindgen_test]
async fn a_damaged_record_is_told() {
    for damaged in [JsValue::NULL, "text".into(), js_sys::Object::new().into()] {
        idb::put(Store::Keys, "device", &damaged).await.unwrap();
        assert_eq!(DeviceKeys::load().await.err(), Some(KeysError::Damaged));
        // And not overwritten: that would be another device.
        assert_eq!(DeviceKeys::load_or_create().await.err(), Some(KeysError::Damaged));
    }
    DeviceKeys::forget().await.unwrap();
    assert!(DeviceKeys::load_or_create().await.is_ok());
}

/// Two implementations of ES256 agree on what holds.
#[wasm_bindgen_test]
async fn webcrypto_and_p256_verify_alike() {
    let keys = DeviceKeys::load_or_create().await.unwrap();
    let ours = signature::SigningKey::generate([7; 32]).unwrap();
    let cases = [
        (*keys.device_key(), keys.sign(b"message").await.unwrap().to_vec()),
        (ours.public(), ours.sign(b"message").0),
    ];
    for (key, signature) in cases {
        let mut wrong = signature.clone();
        wrong[63] ^= 1;
        for (message, signature, holds) in [
            (&b"message"[..], &signature[..], true),
            (b"another", &signature, false),
            (b"message", &wrong, false),
            (b"message", &signature[..63], false),
            (b"message", &[], false),
        ] {
            assert_eq!(webcrypto::verify(&key, message, signature).await, Ok(holds));
            assert_eq!(signature::verify(&key, message, signature).is_ok(), holds);
        }
    }
}

#[wasm_bindgen_test]
fn random_bytes_differ() {
    let drawn: [[u8; 16]; 2] = [webcrypto::random().unwrap(), webcrypto::random().unwrap()];
    assert_ne!(drawn[0], drawn[1]);
    assert_ne!(drawn[0], [0; 16]);
}

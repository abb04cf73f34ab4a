//! Public keys, thumbprints and signatures: known answers, and what is no key.

use ferry_protocol::signature::{self, SignatureError, SigningKey};
use ferry_protocol::{PublicJwk, device, vault};
use serde_json::{Value, json};

use crate::fixture::Device;

/// The key of RFC 9449's examples (§4.1); its thumbprint is in §6.1.
const RFC9449_KEY: &str = r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#;
const RFC9449_THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn rfc9449_key() -> PublicJwk {
    serde_json::from_str(RFC9449_KEY).unwrap()
}

#[test]
fn thumbprint_is_that_of_rfc_7638() {
    assert_eq!(rfc9449_key().device_id().to_string(), RFC9449_THUMBPRINT);
}

#[test]
fn key_survives_json_and_sec1() {
    let key = rfc9449_key();
    let json = serde_json::to_value(key).unwrap();
    assert_eq!(json, serde_json::from_str::<Value>(RFC9449_KEY).unwrap());
    assert_eq!(PublicJwk::from_sec1(key.sec1()).unwrap(), key);
}

#[test]
fn what_is_no_public_p256_key_is_refused() {
    let key: Value = serde_json::from_str(RFC9449_KEY).unwrap();
    let x = key["x"].as_str().unwrap();
    let mut cases = vec![
        ("another curve", "crv", json!("P-384")),
        ("another type", "kty", json!("RSA")),
        ("off the curve", "y", json!(x)),
        ("zero", "x", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        (
            "a coordinate above the field's prime",
            "x",
            json!("__________________________________________8"),
        ),
        ("a coordinate too short", "x", json!(x[..42])),
        ("a coordinate too long", "x", json!(format!("{x}AA"))),
        ("padding", "x", json!(format!("{x}="))),
        ("another alphabet", "x", json!(x.replace('-', "+"))),
        ("bits beyond the last byte", "x", json!(format!("{}t", &x[..42]))),
        ("not text", "x", json!(1)),
        ("null", "y", Value::Null),
    ];
    for member in ["d", "alg", "use", "key_ops", "ext", "kid"] {
        cases.push(("a member that is not read", member, json!("x")));
    }
    for (what, member, value) in cases {
        let mut changed = key.clone();
        changed[member] = value;
        assert!(serde_json::from_value::<PublicJwk>(changed).is_err(), "{what}");
    }
    for member in ["crv", "kty", "x", "y"] {
        let mut changed = key.clone();
        changed.as_object_mut().unwrap().remove(member);
        assert!(
            serde_json::from_value::<PublicJwk>(changed).is_err(),
            "no {member}"
        );
    }
    let twice = RFC9449_KEY.replace(r#""kty""#, r#""crv":"P-256","kty""#);
    assert!(
        serde_json::from_str::<PublicJwk>(&twice).is_err(),
        "a member twice"
    );
}

#[test]
fn points_in_other_forms_are_refused() {
    let point = *rfc9449_key().sec1();
    let mut compressed = [2; 33];
    compressed[1..].copy_from_slice(&point[1..33]);
    assert!(PublicJwk::from_sec1(&compressed).is_err(), "compressed");
    assert!(PublicJwk::from_sec1(&[0]).is_err(), "the identity");
    assert!(PublicJwk::from_sec1(&[]).is_err(), "nothing");
    for first in [0, 2, 3, 5, 6, 7] {
        let mut changed = point;
        changed[0] = first;
        assert!(PublicJwk::from_sec1(&changed).is_err(), "form {first}");
    }
}

#[test]
fn a_signature_is_of_one_key_and_one_message() {
    let (key, other) = (
        SigningKey::generate([1; 32]).unwrap(),
        SigningKey::generate([2; 32]).unwrap(),
    );
    let signature = key.sign(b"message");
    let verify = |key: &SigningKey, message: &[u8], signature: &[u8]| {
        signature::verify(&key.public(), message, signature)
    };
    assert_eq!(verify(&key, b"message", signature.as_ref()), Ok(()));
    assert_eq!(
        verify(&key, b"messagf", signature.as_ref()),
        Err(SignatureError::Wrong)
    );
    assert_eq!(
        verify(&other, b"message", signature.as_ref()),
        Err(SignatureError::Wrong)
    );
    for malformed in [&signature.as_ref()[..63], &[0; 64], &[0xff; 64], &[]] {
        assert_eq!(
            verify(&key, b"message", malformed),
            Err(SignatureError::Malformed)
        );
    }
}

#[test]
fn a_signing_key_survives_its_bytes() {
    let key = SigningKey::generate([3; 32]).unwrap();
    let again = SigningKey::from_bytes(key.to_bytes().as_slice()).unwrap();
    assert_eq!(again.public(), key.public());
    for bytes in [vec![0; 32], vec![0xff; 32], vec![1; 31], vec![1; 33]] {
        assert!(SigningKey::from_bytes(&bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_sealing_key_is_registered_by_its_own_device() {
    let (device, other) = (Device::new(1), Device::new(2));
    let verify = |device: &Device, sealing: &Device, signature: &Device| {
        device::verify_sealing_key(
            &device.key.public(),
            &sealing.sealing_key(),
            signature.registration().as_ref(),
        )
    };
    assert_eq!(verify(&device, &device, &device), Ok(()));
    assert_eq!(
        verify(&other, &device, &device),
        Err(SignatureError::Wrong),
        "another device"
    );
    assert_eq!(
        verify(&device, &other, &device),
        Err(SignatureError::Wrong),
        "another sealing key"
    );
    assert_eq!(
        verify(&device, &device, &other),
        Err(SignatureError::Wrong),
        "another's signature"
    );
}

#[test]
fn fingerprints_read_in_groups_of_four() {
    let fingerprint = rfc9449_key().thumbprint();
    assert_eq!(
        vault::fingerprint_text(&fingerprint),
        "D197 0E08 E459 358C BE0D 6A6A AB7D 2367"
    );
}
